import SocketProtocol

/// Something that happened, as it is told at a broker.
package struct EventMessage: Equatable, Sendable {
  /// What is dropped first where there is no room, from the least valuable on.
  package enum Rank: Int, Equatable, Sendable, CaseIterable {
    case progress, circumstance, detection
  }

  package var topic: String
  package var payload: [UInt8]
  /// The number of the report.
  package var sequence: Int64
  package var rank: Rank
  /// When it happened, milliseconds of a monotonic clock.
  package var born: Int64

  package init(topic: String, payload: [UInt8], sequence: Int64, rank: Rank, born: Int64) {
    self.topic = topic
    self.payload = payload
    self.sequence = sequence
    self.rank = rank
    self.born = born
  }

  /// Tells a report with the fields of the socket protocol; a detection with those, too, that Home Assistant looks for.
  /// Nil for what is not told at a broker.
  package init?(_ report: Report, sequence: Int64, topics: HomeTopics, tellsProgress: Bool, now: Int64) {
    switch (report, report.topic) {
    case (.detection(let found), .detection):
      self.init(
        topic: topics.listener(found.source, found.model, "detection"),
        payload: Self.detection(found, sequence).closed, sequence: sequence, rank: .detection, born: now)
    case (.detection(let found), .progress) where tellsProgress:
      self.init(
        topic: topics.listener(found.source, found.model, "progress"),
        payload: Self.detection(found, sequence).closed, sequence: sequence, rank: .progress, born: now)
    case (.gap(let gap), _):
      self.init(Publication(report, sequence: sequence), topics.source(gap.source, "gap"), now)
    case (.health(let health), _):
      self.init(Publication(report, sequence: sequence), topics.source(health.source, "health"), now)
    case (.reloaded, _): self.init(Publication(report, sequence: sequence), topics.reloaded, now)
    default: return nil
    }
  }

  private init(_ publication: Publication, _ topic: String, _ now: Int64) {
    self.init(
      topic: topic, payload: publication.bytes.dropLast(), sequence: publication.sequence, rank: .circumstance,
      born: now)
  }

  /// So many messages up to a number are missing here.
  static func dropped(_ last: Int64, count: Int, topics: HomeTopics) -> EventMessage {
    var line = JSONLine(type: "dropped")
    line.add("seq", last)
    line.add("count", Int64(count))
    line.add("reason", "broker-away")
    return EventMessage(topic: topics.dropped, payload: line.closed, sequence: last, rank: .circumstance, born: 0)
  }

  private static func detection(_ found: Report.Recognition, _ sequence: Int64) -> JSONLine {
    var line = JSONLine(type: Topic.detection.rawValue)
    line.add("event_type", found.label)
    line.add("seq", sequence)
    line.add("source", found.source)
    line.add("model", found.model)
    line.add("label", found.label)
    line.add("score", score: found.score)
    line.add("t_us", found.endMicroseconds)
    line.add("t_start_us", found.startMicroseconds)
    line.add("duration", decimal: Double(found.endMicroseconds - found.startMicroseconds) / 1e6, places: 3)
    line.add("start", ifPresent: found.startWall)
    line.add("wall", ifPresent: found.wall)
    line.add("id", found.id)
    line.add("phase", found.phase.rawValue)
    return line
  }
}
