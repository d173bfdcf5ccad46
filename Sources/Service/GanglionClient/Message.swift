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

  /// A source that the daemon listens to or watches.
  public struct Source: Codable, Equatable, Sendable {
    /// Its name in the configuration.
    public var id: String
    /// `audio` or `events`; only in the greeting.
    public var kind: String?
    /// As in `Health`; only in a snapshot.
    public var state: String?
  }

  /// A model that the daemon runs.
  public struct Model: Codable, Equatable, Sendable {
    /// What the model calls itself.
    public var name: String
    /// What it tells apart; nil where the line would have been too long.
    public var labels: [String]?
    /// Where it has learnt more than one.
    public var tasks: [String]?
    /// Of its weights, as 64 hexadecimal digits.
    public var sha256: String
  }

  /// What a daemon says first.
  public struct Hello: Codable, Equatable, Sendable {
    /// Major and minor version.
    public var `protocol`: [Int]
    /// Name and version of the program.
    public var server: String
    /// Those of the configuration.
    public var sources: [Source]
    /// Those of the configuration.
    public var models: [Model]
  }

  /// What somebody who comes late has missed.
  public struct Snapshot: Codable, Equatable, Sendable {
    /// Each with its state.
    public var sources: [Source]
    /// The last of each source and model, as they were published.
    public var detections: [Detection]
  }

  /// The answer to a subscription.
  public struct Subscribed: Codable, Equatable, Sendable {
    /// That of the request.
    public var id: Int64?
    /// Number of the last message before the subscription.
    public var seq: Int64
    /// What was published before.
    public var snapshot: Snapshot
  }

  /// A label that reached its threshold, or did not.
  public struct Detection: Codable, Equatable, Sendable {
    /// Number of the message; numbers rise.
    public var seq: Int64
    /// Where it was.
    public var source: String
    /// Who says so.
    public var model: String
    /// What it is.
    public var label: String
    /// How sure the model is, 0 to 1.
    public var score: Double
    /// Of a rejection: what it missed.
    public var threshold: Double?
    /// Stream time of the end and the start, microseconds.
    public var endMicroseconds: Int64
    /// Stream time of its start, microseconds.
    public var startMicroseconds: Int64
    /// Time of day of the end, RFC 3339; recordings have none.
    public var wall: String?
    /// The same for all messages about one detection.
    public var id: String
    /// Whether it has begun, goes on or is complete.
    public var phase: Report.Recognition.Phase

    enum CodingKeys: String, CodingKey {
      case seq, source, model, label, score, threshold, wall, id, phase
      case endMicroseconds = "t_us"
      case startMicroseconds = "t_start_us"
    }
  }

  /// The scores after one active step.
  public struct Score: Codable, Equatable, Sendable {
    /// Number of the message; numbers rise.
    public var seq: Int64
    /// Where it was.
    public var source: String
    /// Who says so.
    public var model: String
    /// Stream time of the step's end, microseconds.
    public var endMicroseconds: Int64
    /// Of each label, 0 to 1; the best alone where all would be too long.
    public var scores: [String: Double]

    enum CodingKeys: String, CodingKey {
      case seq, source, model, scores
      case endMicroseconds = "t_us"
    }
  }

  /// A stretch that is missing.
  public struct Gap: Codable, Equatable, Sendable {
    /// Number of the message; numbers rise.
    public var seq: Int64
    /// Where it is missing.
    public var source: String
    /// The model that was too slow; nil where all lack it.
    public var model: String?
    /// `xrun`, `overload`, `violation`, `device-lost`, or one of a later version.
    public var reason: String
    /// Its length.
    public var lostMicroseconds: Int64
    /// Stream time at which the stream goes on, microseconds.
    public var endMicroseconds: Int64

    enum CodingKeys: String, CodingKey {
      case seq, source, model, reason
      case lostMicroseconds = "lost_us"
      case endMicroseconds = "t_us"
    }
  }

  /// A source has changed its state.
  public struct Health: Codable, Equatable, Sendable {
    /// Number of the message; numbers rise.
    public var seq: Int64
    /// Whose state it is.
    public var source: String
    /// `starting`, `running`, `silent`, `waiting`, `lost`, `ended`, `failed`, or one of a later version.
    public var state: String
    /// Why, for people.
    public var detail: String?
  }

  /// A model was replaced on all its sources.
  public struct Reloaded: Codable, Equatable, Sendable {
    /// Number of the message; numbers rise.
    public var seq: Int64
    /// What the model calls itself.
    public var model: String
    /// Of the new weights, as 64 hexadecimal digits.
    public var sha256: String
  }

  /// Messages this subscriber asked for that are missing here.
  public struct Dropped: Codable, Equatable, Sendable {
    /// Number of the last message that is missing.
    public var seq: Int64
    /// How many are missing.
    public var count: Int
    /// `slow-subscriber`, or one of a later version.
    public var reason: String
  }

  /// A request that the daemon does not grant.
  public struct Refusal: Codable, Equatable, Sendable {
    /// That of the request.
    public var id: Int64?
    /// What is wrong, for programs.
    public var code: String
    /// What is wrong, for people.
    public var message: String

    /// What is wrong with a request.
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
