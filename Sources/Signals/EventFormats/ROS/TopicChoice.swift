/// Which topic of a bag is read: the one that was asked for, or the only one with events.
struct TopicChoice: Sendable {
  /// Name of the topic that was asked for.
  let wanted: String?
  /// Whether the first topic with events is taken where there are several, for a command that lists them all.
  let surveys: Bool
  /// Position among the topics of the bag, once a message of it was met.
  private(set) var topic: Int?

  init(wanted: String?, surveys: Bool) {
    self.wanted = wanted
    self.surveys = surveys
  }

  /// Looks at what the index says before anything is read.
  func check(_ topics: [BagTopic], name: String) throws(EventFormatError) {
    if wanted != nil {
      if !topics.contains(where: isWanted) { throw missing(topics, name: name, cutAt: nil) }
      return
    }
    let holding = topics.filter { $0.holdsEvents && $0.messages > 0 }
    if holding.count > 1, !surveys { throw Self.ambiguous(holding, name: name) }
  }

  /// That the first topic was taken, where there are several.
  func guesses(taking topic: BagTopic, among surveyed: [BagTopic], met: [BagTopic]) -> [ReadingGuess] {
    func holding(_ topics: [BagTopic]) -> Int { topics.count { $0.holdsEvents && $0.messages > 0 } }
    let holding = max(holding(surveyed), holding(met))
    guard wanted == nil, holding > 1 else { return [] }
    return [
      ReadingGuess(
        .stream, topic.name, because: "the first of \(holding); whoever uses the events has to name one")
    ]
  }

  /// The layout of a message that is to be decoded; nil for one of another topic.
  mutating func accept(
    _ message: BagMessage, of container: any BagContainer
  ) throws(EventFormatError) -> MessageLayout? {
    if let topic, topic != message.topic {
      // A second topic with events, where none was asked for.
      guard wanted == nil, !surveys, container.topics[message.topic].holdsEvents else { return nil }
      throw Self.ambiguous(
        [container.topics[topic], container.topics[message.topic]], name: container.name,
        byteOffset: message.place.byteOffset)
    }
    let found = container.topics[message.topic]
    if topic == nil {
      guard wanted == nil ? found.holdsEvents : isWanted(found) else { return nil }
      topic = message.topic
    }
    switch found.content {
    case .events(let layout, _): return layout
    case .unreadable(let reason):
      throw EventFormatError(
        .unsupported, source: container.name, byteOffset: message.place.byteOffset,
        reason: "topic \(found.name) has messages of type \(found.type), but \(reason)",
        remedy: "convert them to dvs_msgs/EventArray or event_camera_msgs/EventPacket as published")
    case .other:
      throw EventFormatError(
        .unsupported, source: container.name, byteOffset: message.place.byteOffset,
        reason: "topic \(found.name) has messages of type \(found.type), which hold no events",
        remedy: "name a topic that does", subject: .stream)
    }
  }

  /// The bag is through, and no message was met.
  func checkEnd(_ container: any BagContainer, cutAt: Int64?) throws(EventFormatError) {
    let topics = container.topics
    guard topic == nil else { return }
    let isThere = wanted == nil ? topics.contains(where: \.holdsEvents) : topics.contains(where: isWanted)
    // A topic without messages is an empty recording.
    if !isThere || cutAt != nil { throw missing(topics, name: container.name, cutAt: cutAt) }
  }

  private func isWanted(_ topic: BagTopic) -> Bool {
    topic.name == wanted || topic.name == "/" + (wanted ?? "")
  }

  private func missing(_ topics: [BagTopic], name: String, cutAt: Int64?) -> EventFormatError {
    let list = topics.isEmpty ? "it has none" : "there are \(Self.list(topics))"
    if let cutAt {
      let what = wanted.map { "a message of \($0)" } ?? "the first message with events"
      return EventFormatError(
        .malformedHeader, source: name, byteOffset: cutAt, reason: "the file is cut before \(what); \(list)",
        remedy: "copy it again, or try what was made to repair it")
    }
    if let wanted {
      return EventFormatError(
        .unsupported, source: name, reason: "no topic \(wanted); \(list)",
        remedy: "name one of these", subject: .stream)
    }
    return EventFormatError(
      .unsupported, source: name, reason: "no topic holds events; \(list)",
      remedy: "record the topic of the camera's events")
  }

  private static func ambiguous(_ topics: [BagTopic], name: String, byteOffset: Int64? = nil) -> EventFormatError {
    EventFormatError(
      .ambiguous, source: name, byteOffset: byteOffset, reason: "\(topics.count) topics hold events: \(list(topics))",
      remedy: "name the one that is meant", subject: .stream)
  }

  /// Names and types, of as many as one can take in.
  private static func list(_ topics: [BagTopic]) -> String {
    let names = topics.prefix(12).map { $0.type.isEmpty ? $0.name : "\($0.name) (\($0.type))" }
    return names.joined(separator: ", ") + (topics.count > 12 ? " and \(topics.count - 12) more" : "")
  }
}
