import Foundation
import SocketProtocol

/// What a daemon says, as values. Fields this version does not know are ignored, as the protocol asks.
public enum Message: Equatable, Sendable {
  case hello(Hello)
  case subscribed(Subscribed)
  case detection(Detection)
  /// The best label is background or stayed below its threshold.
  case rejection(Detection)
  case score(Score)
  case gap(Gap)
  case health(Health)
  case reloaded(Reloaded)
  case dropped(Dropped)
  case ping(Int64)
  case pong(Int64)
  case done(id: Int64?)
  case error(Refusal)
  case bye(reason: String)
  /// A type of a later minor version.
  case unknown(type: String)

  public struct Source: Codable, Equatable, Sendable {
    public var id: String
    public var kind: String?
    public var state: String?
  }

  public struct Model: Codable, Equatable, Sendable {
    public var name: String
    public var labels: [String]?
    /// Where it has learnt more than one.
    public var tasks: [String]?
    public var sha256: String
  }

  public struct Hello: Codable, Equatable, Sendable {
    public var `protocol`: [Int]
    public var server: String
    public var sources: [Source]
    public var models: [Model]
  }

  public struct Snapshot: Codable, Equatable, Sendable {
    public var sources: [Source]
    public var detections: [Detection]
  }

  public struct Subscribed: Codable, Equatable, Sendable {
    public var id: Int64?
    /// Number of the last message before the subscription.
    public var seq: Int64
    public var snapshot: Snapshot
  }

  public struct Detection: Codable, Equatable, Sendable {
    public var seq: Int64
    public var source: String
    public var model: String
    public var label: String
    public var score: Double
    /// Of a rejection: what it missed.
    public var threshold: Double?
    /// Stream time of the end and the start, microseconds.
    public var endMicroseconds: Int64
    public var startMicroseconds: Int64
    public var wall: String?
    public var id: String
    public var phase: Report.Recognition.Phase

    enum CodingKeys: String, CodingKey {
      case seq, source, model, label, score, threshold, wall, id, phase
      case endMicroseconds = "t_us"
      case startMicroseconds = "t_start_us"
    }
  }

  public struct Score: Codable, Equatable, Sendable {
    public var seq: Int64
    public var source: String
    public var model: String
    public var endMicroseconds: Int64
    public var scores: [String: Double]

    enum CodingKeys: String, CodingKey {
      case seq, source, model, scores
      case endMicroseconds = "t_us"
    }
  }

  public struct Gap: Codable, Equatable, Sendable {
    public var seq: Int64
    public var source: String
    public var model: String?
    public var reason: String
    public var lostMicroseconds: Int64
    public var endMicroseconds: Int64

    enum CodingKeys: String, CodingKey {
      case seq, source, model, reason
      case lostMicroseconds = "lost_us"
      case endMicroseconds = "t_us"
    }
  }

  public struct Health: Codable, Equatable, Sendable {
    public var seq: Int64
    public var source: String
    public var state: String
    public var detail: String?
  }

  public struct Reloaded: Codable, Equatable, Sendable {
    public var seq: Int64
    public var model: String
    public var sha256: String
  }

  public struct Dropped: Codable, Equatable, Sendable {
    /// Number of the last message that is missing.
    public var seq: Int64
    public var count: Int
    public var reason: String
  }

  public struct Refusal: Codable, Equatable, Sendable {
    public var id: Int64?
    public var code: String
    public var message: String

    public init(id: Int64? = nil, code: String, message: String) {
      self.id = id
      self.code = code
      self.message = message
    }
  }

  /// The number of a message that has one.
  public var sequence: Int64? {
    switch self {
    case .detection(let message), .rejection(let message): message.seq
    case .score(let message): message.seq
    case .gap(let message): message.seq
    case .health(let message): message.seq
    case .reloaded(let message): message.seq
    case .dropped(let message): message.seq
    default: nil
    }
  }
}

extension Message {
  private struct Head: Decodable {
    var type: String
    var id: Int64?
    var n: Int64?
    var reason: String?

    enum CodingKeys: String, CodingKey { case type, id, n, reason }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      type = try values.decode(String.self, forKey: .type)
      // In other messages than those that need them these may be of another kind.
      id = try? values.decodeIfPresent(Int64.self, forKey: .id)
      n = try? values.decodeIfPresent(Int64.self, forKey: .n)
      reason = try? values.decodeIfPresent(String.self, forKey: .reason)
    }
  }

  /// Reads one line, with or without its end.
  public init(line: [UInt8]) throws {
    let decoder = JSONDecoder()
    let data = Data(line)
    func read<Value: Decodable>() throws -> Value { try decoder.decode(Value.self, from: data) }
    let head: Head = try read()
    switch head.type {
    case "hello": self = .hello(try read())
    case "subscribed": self = .subscribed(try read())
    case "detection": self = .detection(try read())
    case "rejection": self = .rejection(try read())
    case "score": self = .score(try read())
    case "gap": self = .gap(try read())
    case "health": self = .health(try read())
    case "reloaded": self = .reloaded(try read())
    case "dropped": self = .dropped(try read())
    case "ping": self = .ping(head.n ?? 0)
    case "pong": self = .pong(head.n ?? 0)
    case "done": self = .done(id: head.id)
    case "error": self = .error(try read())
    case "bye": self = .bye(reason: head.reason ?? "")
    default: self = .unknown(type: head.type)
    }
  }
}
