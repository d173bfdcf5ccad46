/// A numbered message, written once and shared by all who get it.
public struct Publication: Equatable, Sendable {
  public let sequence: Int64
  public let topic: Topic
  /// The source it is about; nil for what concerns all.
  public let source: String?
  /// What `min_score` is held against; nil for what has no score.
  public let score: Double?
  /// The state a health message tells.
  public let healthState: Report.Health.State?
  /// Source and model together: what the last detection is remembered by.
  public let stream: String
  /// The whole line.
  public let bytes: [UInt8]

  /// Writes a report. A line that would be longer than allowed (a model with thousands of labels) keeps its best scores.
  public init(_ report: Report, sequence: Int64, longest: Int = ProtocolLimits().messageBytes) {
    self.sequence = sequence
    topic = report.topic
    if case .health(let health) = report { healthState = health.state } else { healthState = nil }
    if topic == .detection, case .detection(let found) = report {
      stream = "\(found.source)/\(found.model)"
    } else {
      stream = ""
    }
    var line = JSONLine(type: topic == .progress ? Topic.detection.rawValue : topic.rawValue)
    line.add("seq", sequence)
    switch report {
    case .detection(let recognition):
      (source, score) = (recognition.source, recognition.score)
      line.add(recognition, threshold: nil)
    case .rejection(let recognition, let threshold):
      (source, score) = (recognition.source, recognition.score)
      line.add(recognition, threshold: threshold)
    case .scores(let scores):
      (source, score) = (scores.source, scores.values.max())
      line.add("source", scores.source)
      line.add("model", scores.model)
      line.add("t_us", scores.endMicroseconds)
      let pairs = zip(scores.labels, scores.values).map { (label: $0, score: $1) }
      var whole = line
      whole.add("scores", scores: pairs)
      if whole.bytes.count + 2 > longest {
        line.add("scores", scores: Self.best(pairs, within: longest - line.bytes.count - 32))
      } else {
        line = whole
      }
    case .gap(let gap):
      (source, score) = (gap.source, nil)
      line.add("source", gap.source)
      line.add("model", ifPresent: gap.model)
      line.add("reason", gap.reason.rawValue)
      line.add("lost_us", gap.lostMicroseconds)
      line.add("t_us", gap.endMicroseconds)
    case .health(let health):
      (source, score) = (health.source, nil)
      line.add("source", health.source)
      line.add("state", health.state.rawValue)
      line.add("detail", ifPresent: health.detail.map { String($0.prefix(1_024)) })
    case .reloaded(let model, let sha256):
      (source, score) = (nil, nil)
      line.add("model", model)
      line.add("sha256", sha256)
    }
    bytes = line.line
  }

  /// The highest scores whose text fits, in falling order.
  private static func best(
    _ pairs: [(label: String, score: Double)], within room: Int
  ) -> [(label: String, score: Double)] {
    var taken = 0
    return Array(
      pairs.sorted { $0.score > $1.score }.prefix {
        // Escaping makes a byte six at most; quotes, colon, comma and number take twelve.
        taken += 6 * $0.label.utf8.count + 12
        return taken <= room
      })
  }
}

extension Report {
  public var topic: Topic {
    switch self {
    case .detection(let found): found.phase == .start || found.phase == .update ? .progress : .detection
    case .rejection: .rejection
    case .scores: .score
    case .gap: .gap
    case .health: .health
    case .reloaded: .reloaded
    }
  }
}

extension JSONLine {
  fileprivate mutating func add(_ recognition: Report.Recognition, threshold: Double?) {
    add("source", recognition.source)
    add("model", recognition.model)
    add("label", recognition.label)
    add("score", score: recognition.score)
    if let threshold { add("threshold", score: threshold) }
    add("t_us", recognition.endMicroseconds)
    add("t_start_us", recognition.startMicroseconds)
    add("wall", ifPresent: recognition.wall)
    add("id", recognition.id)
    add("phase", recognition.phase.rawValue)
  }
}
