import CKernels

/// Ways in which a stream breaks the rules of its format.
public enum EventViolation: Int, Sendable, Codable, CaseIterable {
  /// An event is earlier than the one before it.
  case nonMonotonicTime
  /// A word with the high bits of time is less than the one before, by too little to be the counter running over.
  case nonMonotonicTimeHigh
  /// The low bits of time fell by more than half their range without a new word for the high bits. Cameras let them
  /// fall by a few microseconds now and then, which is none.
  case missingTimeHigh
  /// An event stands before the first word of time: its time is unknown, it is dropped.
  case eventBeforeTime
  /// An event stands before the first row address: it is dropped.
  case missingRow
  /// A vector of events stands before the first base address: it is dropped.
  case missingVectorBase
  /// A vector of 12, 12 and 8 events lacks a part.
  case partialVector
  /// A continued value lacks a part.
  case partialContinued
  /// An event lies outside the sensor: it is dropped.
  case addressOutOfRange
  /// A word of no known type: it is skipped.
  case unknownWord
  /// A packet cannot be decoded: it is skipped.
  case corruptPacket
  /// A line of text is no event: it is skipped.
  case malformedLine
  /// A polarity is none of the two that the recording has: above 0 it counts as brighter.
  case unknownPolarity
  /// The file ends within a word or packet: what is left over is dropped.
  case truncatedTail
  /// The time of a single event or word fits neither what came before nor what follows, so it is no overflow of the
  /// counter: it is taken as the time before it.
  case timeGlitch

  /// Name in tables and JSON.
  public var name: String {
    switch self {
    case .nonMonotonicTime: "non-monotonic time"
    case .nonMonotonicTimeHigh: "non-monotonic time high"
    case .missingTimeHigh: "missing time high"
    case .eventBeforeTime: "event before time"
    case .missingRow: "missing row address"
    case .missingVectorBase: "missing vector base"
    case .partialVector: "partial vector"
    case .partialContinued: "partial continued value"
    case .addressOutOfRange: "address out of range"
    case .unknownWord: "unknown word"
    case .corruptPacket: "corrupt packet"
    case .malformedLine: "malformed line"
    case .unknownPolarity: "unknown polarity"
    case .truncatedTail: "truncated tail"
    case .timeGlitch: "time glitch"
    }
  }
}

/// What a stream carries beside polarity events.
public enum SkippedContent: Int, Sendable, Codable, CaseIterable {
  /// Words that carry only time.
  case time
  /// Words of the camera about itself.
  case other
  /// Words that continue another.
  case continued
  /// Measurements of the inertial unit.
  case inertial
  /// Frames of a conventional sensor.
  case frame
  /// Special events.
  case special
  /// Events marked as not valid.
  case invalid
  /// Filling without meaning.
  case padding
  /// Events of cameras or sources that were not asked for.
  case otherStreams
  /// Single events long before or after the recording that they stand in front of.
  case strays
  /// Messages that hold no events, or are of another topic than is read.
  case message

  /// Name in tables and JSON.
  public var name: String {
    switch self {
    case .time: "time words"
    case .other: "other words"
    case .continued: "continued words"
    case .inertial: "inertial samples"
    case .frame: "frames"
    case .special: "special events"
    case .invalid: "invalid events"
    case .padding: "padding"
    case .otherStreams: "other streams"
    case .strays: "stray events"
    case .message: "other messages"
    }
  }
}

/// What to do when a stream breaks the rules of its format.
public enum EventStrictness: String, Sendable, Codable, CaseIterable {
  /// Count it, remember where it was first seen, and go on.
  case report
  /// Throw at the first.
  case stop
  /// Go on without counting. What is delivered is the same as with `report`.
  case ignore
}

/// The books of one reader: what every byte became.
public struct EventAccounting: Sendable, Equatable {
  /// How often a rule was broken, and where first.
  public struct Violations: Sendable, Equatable {
    /// How many there were.
    public var count: Int64
    /// Bytes from the start of the file; nil in a database, whose rows have no place of their own.
    public var firstByteOffset: Int64?
    /// The row of a database.
    public var firstRow: Int64?

    /// Violations in a file.
    public init(count: Int64, firstByteOffset: Int64) {
      self.count = count
      self.firstByteOffset = firstByteOffset
    }

    /// Violations in a database.
    public init(count: Int64, firstRow: Int64) {
      self.count = count
      self.firstRow = firstRow
    }

    /// Where it was first, for people: `byte 17`, or `row 3`.
    public var place: String {
      firstRow.map { "row \($0)" } ?? "byte \(firstByteOffset ?? 0)"
    }
  }

  /// Bytes taken from the source so far.
  public internal(set) var bytesRead: Int64 = 0
  /// Bytes of the header.
  public internal(set) var headerBytes: Int64 = 0
  /// Bytes left over at the end of a truncated file.
  public internal(set) var tailBytes: Int64 = 0
  /// Events delivered.
  public internal(set) var events: Int64 = 0
  /// External triggers delivered.
  public internal(set) var triggers: Int64 = 0
  /// What else was there, by kind.
  public internal(set) var skipped: [SkippedContent: Int64] = [:]
  /// Broken rules by kind.
  public internal(set) var violations: [EventViolation: Violations] = [:]

  /// Books without an entry.
  public init() {}

  /// Number of broken rules of all kinds.
  public var violationCount: Int64 { violations.values.reduce(0) { $0 + $1.count } }

  /// What is broken, one line a kind; where the recording is cut off is told as an error.
  public var findings: [(kind: EventViolation, text: String)] {
    EventViolation.allCases.compactMap { kind in
      guard kind != .truncatedTail, let found = violations[kind] else { return nil }
      return (kind, "\(found.count) x \(kind.name), first at \(found.place)")
    }
  }

  mutating func skip(_ kind: SkippedContent, count: Int64 = 1) {
    if count > 0 { skipped[kind, default: 0] += count }
  }

  /// - Parameter byteOffset: below 0 the row of a database, as `BagPlace` has it.
  mutating func record(_ kind: EventViolation, count: Int64 = 1, byteOffset: Int64) {
    guard count > 0 else { return }
    if var known = violations[kind] {
      known.count += count
      violations[kind] = known
    } else {
      violations[kind] =
        byteOffset < 0
        ? Violations(count: count, firstRow: -byteOffset) : Violations(count: count, firstByteOffset: byteOffset)
    }
  }
}
