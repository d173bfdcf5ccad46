/// What a reader of event recordings has to know, and may have to guess.
public enum ReadingSubject: String, Sendable, Codable, CaseIterable {
  /// The file format.
  case format
  /// Which columns of a text or array hold time, x, y and polarity.
  case columns
  /// The unit of times.
  case timeUnit
  /// How an address is cut into column, row and polarity.
  case layout
  /// The size of the pixel array.
  case sensor
  /// Which corner of the sensor is row 0 and column 0.
  case origin
  /// Which group of an HDF5 file holds the events.
  case group
  /// Which camera, source or topic of a recording of several.
  case stream
  /// Which values stand for brighter and darker.
  case polarity
  /// Which recording of a file of many.
  case sample

  /// Name in tables and messages.
  public var name: String {
    switch self {
    case .timeUnit: "time unit"
    default: rawValue
    }
  }
}

/// Something that a reader took for granted because the recording does not say it.
public struct ReadingGuess: Sendable, Equatable, Hashable, Codable {
  /// What it is about.
  public var subject: ReadingSubject
  /// What was taken.
  public var value: String
  /// Why.
  public var reason: String

  /// What was taken, and why.
  public init(_ subject: ReadingSubject, _ value: String, because reason: String) {
    self.subject = subject
    self.value = value
    self.reason = reason
  }
}

extension ReadingGuess: CustomStringConvertible {
  public var description: String { "\(subject.name) taken as \(value): \(reason)" }
}
