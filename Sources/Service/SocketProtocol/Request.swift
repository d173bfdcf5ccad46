import Failures
import FoundationEssentials

/// What a client may ask for.
public enum Request: Equatable, Sendable {
  case subscribe(id: Int64?, Filter)
  /// The answer to a ping of the daemon.
  case pong(Int64)
  /// To be answered with a pong.
  case ping(Int64)
  /// Configuration and models are to be read anew.
  case reload(id: Int64?)
  /// A stream is to go over to another task.
  case context(id: Int64?, ContextRequest)
  /// Thresholds are to be written into a model.
  case thresholds(id: Int64?, ThresholdsRequest)
}

/// Which labels of which model are detected from which score on.
public struct ThresholdsRequest: Equatable, Sendable {
  /// What the model calls itself.
  public var model: String
  /// By label, 0 to 1; labels that are left out keep theirs.
  public var thresholds: [String: Double]

  public init(model: String, thresholds: [String: Double]) {
    self.model = model
    self.thresholds = thresholds
  }
}

/// Which streams go over to which task.
public struct ContextRequest: Equatable, Sendable {
  public var source: String
  /// Name of a model; nil for every model of the source that knows the task.
  public var model: String?
  /// Name of a task, or `infer`.
  public var task: String

  public init(source: String, model: String? = nil, task: String) {
    self.source = source
    self.model = model
    self.task = task
  }
}

/// What a subscriber wants. Gaps of the chosen sources and reloads always belong to it: a loss is never silent.
public struct Filter: Equatable, Sendable {
  public var topics: Set<Topic>
  /// Identifiers of sources; nil is all.
  public var sources: Set<String>?
  /// Recognitions and scores below are left out, 0 to 1.
  public var minScore: Double

  /// What a client gets that asks for nothing: detections and gaps of every source.
  public init(topics: Set<Topic> = [.detection], sources: Set<String>? = nil, minScore: Double = 0) {
    // Who wants to know that a detection has begun wants to know how it ends.
    self.topics = topics.union(topics.contains(.progress) ? [.gap, .reloaded, .detection] : [.gap, .reloaded])
    self.sources = sources
    self.minScore = minScore
  }

  public func admits(_ publication: Publication) -> Bool {
    if !topics.contains(publication.topic) { return false }
    if let sources, let source = publication.source, !sources.contains(source) { return false }
    if let score = publication.score, score < minScore { return false }
    return true
  }
}

/// Why a request is refused. The connection stays.
public struct RequestError: ReportedError, Equatable, Sendable {
  public enum Code: String, Codable, CaseIterable, Sendable {
    /// The line is longer than allowed.
    case tooLong = "too_long"
    /// No JSON object of UTF-8 text.
    case badJSON = "bad_json"
    case unknownType = "unknown_type"
    case unknownTopic = "unknown_topic"
    case unknownSource = "unknown_source"
    /// No model of the source has learnt the task, or has that name.
    case unknownTask = "unknown_task"
    /// No model that is served has that name, or its thresholds cannot be changed so.
    case badModel = "bad_model"
    /// A field is missing, or of the wrong kind or range.
    case badField = "bad_field"
    /// The peer may not ask for that.
    case forbidden
    /// The new configuration cannot be used; the old one stays.
    case reloadFailed = "reload_failed"
  }

  public var code: Code
  public var message: String
  /// That of the request, where it could be read.
  public var id: Int64?

  public init(_ code: Code, _ message: String, id: Int64? = nil) {
    self.code = code
    self.message = message
    self.id = id
  }

  public var description: String { message }
  public var kind: FailureKind { code == .reloadFailed ? .configuration : .usage }
}

extension Request {
  /// Reads one line, without its end.
  ///
  /// - Parameter sources: identifiers of the sources there are; nil leaves them unchecked.
  public init(line: [UInt8], sources: Set<String>? = nil) throws(RequestError) {
    // The decoder passes over what it does not need, so text is checked first.
    guard String(validating: line, as: UTF8.self) != nil,
      let fields = try? JSONDecoder().decode(Fields.self, from: Data(line))
    else {
      throw RequestError(.badJSON, "a request is one JSON object on a line", id: nil)
    }
    if let problem = fields.problem { throw RequestError(.badField, problem, id: fields.id) }
    switch fields.type {
    case "subscribe": self = .subscribe(id: fields.id, try fields.filter(sources: sources))
    case "pong": self = .pong(try fields.number())
    case "ping": self = .ping(try fields.number())
    case "reload": self = .reload(id: fields.id)
    case "context": self = .context(id: fields.id, try fields.context(sources: sources))
    case "thresholds": self = .thresholds(id: fields.id, try fields.newThresholds())
    case let type?:
      throw RequestError(
        .unknownType, "'\(type.prefix(64))' is not one of subscribe, ping, pong, reload, context, thresholds",
        id: fields.id)
    case nil: throw RequestError(.badField, "type is missing", id: fields.id)
    }
  }
}

/// The fields of any request; a field of the wrong kind is noted and does not hide the others.
private struct Fields: Decodable {
  var type: String?
  var id: Int64?
  var n: Int64?
  var topics: [String]?
  var sources: [String]?
  var minScore: Double?
  var source: String?
  var model: String?
  var task: String?
  var thresholds: [String: Double]?
  var problem: String?

  enum CodingKeys: String, CodingKey {
    case type, id, n, topics, sources, source, model, task, thresholds
    case minScore = "min_score"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    var problems: [String] = []
    func read<Value: Decodable>(_ key: CodingKeys, _ kind: String) -> Value? {
      do {
        return try values.decodeIfPresent(Value.self, forKey: key)
      } catch {
        problems.append("\(key.rawValue) is no \(kind)")
        return nil
      }
    }
    type = read(.type, "text")
    id = read(.id, "integer")
    n = read(.n, "integer")
    topics = read(.topics, "list of texts")
    sources = read(.sources, "list of texts")
    minScore = read(.minScore, "number")
    source = read(.source, "text")
    model = read(.model, "text")
    task = read(.task, "text")
    thresholds = read(.thresholds, "object of numbers")
    problem = problems.isEmpty ? nil : problems.joined(separator: ", ")
  }

  func number() throws(RequestError) -> Int64 {
    guard let n else { throw RequestError(.badField, "n is missing", id: id) }
    return n
  }

  func context(sources known: Set<String>?) throws(RequestError) -> ContextRequest {
    guard let source else { throw RequestError(.badField, "source is missing", id: id) }
    guard let task, !task.isEmpty else { throw RequestError(.badField, "task is missing", id: id) }
    if let known, !known.contains(source) {
      throw RequestError(.unknownSource, "there is no source '\(source.prefix(64))'", id: id)
    }
    return ContextRequest(source: source, model: model, task: task)
  }

  func newThresholds() throws(RequestError) -> ThresholdsRequest {
    guard let model else { throw RequestError(.badField, "model is missing", id: id) }
    guard let thresholds, !thresholds.isEmpty else { throw RequestError(.badField, "thresholds are missing", id: id) }
    for (label, threshold) in thresholds.sorted(by: { $0.key < $1.key }) where !(0...1).contains(threshold) {
      throw RequestError(
        .badField, "the threshold of '\(label.prefix(64))' is \(threshold), allowed is 0 to 1", id: id)
    }
    return ThresholdsRequest(model: model, thresholds: thresholds)
  }

  func filter(sources known: Set<String>?) throws(RequestError) -> Filter {
    var chosen: Set<Topic> = []
    for name in topics ?? [Topic.detection.rawValue] {
      guard let topic = Topic(rawValue: name) else {
        let names = Topic.allCases.map(\.rawValue).joined(separator: ", ")
        throw RequestError(.unknownTopic, "'\(name.prefix(64))' is not one of \(names)", id: id)
      }
      chosen.insert(topic)
    }
    if let known, let stranger = sources?.first(where: { !known.contains($0) }) {
      throw RequestError(.unknownSource, "there is no source '\(stranger.prefix(64))'", id: id)
    }
    guard (0...1).contains(minScore ?? 0) else {
      throw RequestError(.badField, "min_score is \(minScore ?? 0), allowed is 0 to 1", id: id)
    }
    return Filter(topics: chosen, sources: sources.map { Set($0) }, minScore: minScore ?? 0)
  }
}
