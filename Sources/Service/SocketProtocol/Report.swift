/// Something the daemon tells everybody who wants to know; it gets a number when it is published.
public enum Report: Equatable, Sendable {
  case detection(Recognition)
  /// The best label is background or stayed below its threshold.
  case rejection(Recognition, threshold: Double)
  case scores(Scores)
  case gap(Gap)
  case health(Health)
  /// A model was replaced by a newer file.
  case reloaded(model: String, sha256: String)

  /// What was recognised, where, and when. Times are stream time, microseconds.
  public struct Recognition: Equatable, Sendable {
    /// Where in the life of a detection a message stands; `point` is told once and complete.
    public enum Phase: String, Codable, Equatable, Sendable {
      case start, update, end, point
    }

    public var source: String
    public var model: String
    public var label: String
    /// 0 to 1.
    public var score: Double
    public var startMicroseconds: Int64
    public var endMicroseconds: Int64
    /// The end on the wall clock, RFC 3339; nil where the stream is no live one.
    public var wall: String?
    /// The same for the beginning. The socket does not tell it.
    public var startWall: String?
    /// The same for all messages about one detection, and for no other detection of a daemon's life.
    public var id: String
    public var phase: Phase

    public init(
      source: String, model: String, label: String, score: Double, startMicroseconds: Int64, endMicroseconds: Int64,
      wall: String? = nil, startWall: String? = nil, id: String, phase: Phase = .point
    ) {
      self.startWall = startWall
      self.source = source
      self.model = model
      self.label = label
      self.score = score
      self.startMicroseconds = startMicroseconds
      self.endMicroseconds = endMicroseconds
      self.wall = wall
      self.id = id
      self.phase = phase
    }
  }

  /// Scores of all labels after one active step.
  public struct Scores: Equatable, Sendable {
    public var source: String
    public var model: String
    public var endMicroseconds: Int64
    /// In the model's order, the same number of each.
    public var labels: [String]
    public var values: [Double]

    public init(source: String, model: String, endMicroseconds: Int64, labels: [String], values: [Double]) {
      self.source = source
      self.model = model
      self.endMicroseconds = endMicroseconds
      self.labels = labels
      self.values = values
    }
  }

  /// A stretch of a stream that was lost.
  public struct Gap: Equatable, Sendable {
    public enum Reason: String, Codable, Equatable, Sendable {
      /// The device overran.
      case xrun
      /// The daemon could not keep up.
      case overload
      /// The stream broke its own rules.
      case violation
      /// The device was away.
      case deviceLost = "device-lost"
      /// Somebody has muted the source.
      case muted
    }

    public var source: String
    public var reason: Reason
    public var lostMicroseconds: Int64
    /// Stream time at which the stream goes on.
    public var endMicroseconds: Int64
    /// The model that missed it; nil where all did.
    public var model: String?

    public init(
      source: String, reason: Reason, lostMicroseconds: Int64, endMicroseconds: Int64, model: String? = nil
    ) {
      self.source = source
      self.reason = reason
      self.lostMicroseconds = lostMicroseconds
      self.endMicroseconds = endMicroseconds
      self.model = model
    }
  }

  /// How a source is.
  public struct Health: Equatable, Sendable {
    public enum State: String, Codable, Equatable, Sendable {
      /// Being opened for the first time.
      case starting
      case running
      /// It runs, and there has been nothing to hear in it for some seconds: muted, unplugged, or its channels cancel each
      /// other.
      case silent
      /// What comes from it is dropped because somebody wants it so.
      case muted
      /// Nobody sends anything: no fault. Or there is nothing yet under its name, as the detail says.
      case waiting
      /// The device is away or stuck and is tried again.
      case lost
      /// It has come to its end.
      case ended
      /// It is given up.
      case failed
    }

    public var source: String
    public var state: State
    public var detail: String?

    public init(source: String, state: State, detail: String? = nil) {
      self.source = source
      self.state = state
      self.detail = detail
    }
  }
}

/// What a subscriber chooses between.
public enum Topic: String, Codable, CaseIterable, Sendable {
  case detection
  /// Detections that are not complete yet: their `start` and every `update`. Their messages are of type `detection`.
  case progress
  case rejection, score, gap, health, reloaded
}
