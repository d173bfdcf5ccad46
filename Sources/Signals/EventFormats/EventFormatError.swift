import Failures

/// Why a recording cannot be read or written: always with the file, the place and what to do about it.
public struct EventFormatError: ReportedError, Sendable, Equatable {
  /// What kind of failure it is.
  public enum Code: String, Sendable, Codable {
    /// The file cannot be opened or read.
    case inputOutput
    /// The file cannot be written.
    case cannotWrite
    /// Nobody reads what is written any more.
    case readerGone
    /// No reader recognises the first bytes.
    case unrecognised
    /// The format is known, this variant of it is not read.
    case unsupported
    /// The header contradicts itself or the format.
    case malformedHeader
    /// The stream breaks the rules of its format and strictness is `stop`.
    case violation
    /// A size in the file is larger than any honest writer makes.
    case implausibleSize
    /// The target format cannot hold what it should.
    case cannotRepresent
    /// The recording can be read in several ways, and a guess would not be safe.
    case ambiguous
  }

  /// What kind of failure it is.
  public var code: Code
  /// Name of the file, or `standard input`.
  public var source: String
  /// Position in the file, bytes from its start, where there is one.
  public var byteOffset: Int64?
  /// The row of a database, which has no place of its own in the file.
  public private(set) var row: Int64?
  /// What is wrong, with the value and its bound.
  public var reason: String
  /// What the user can do.
  public var remedy: String
  /// What the caller can name to settle it, where that helps.
  public var subject: ReadingSubject?

  /// - Parameter byteOffset: below 0 the row of a database, as `BagPlace` has it.
  public init(
    _ code: Code, source: String, byteOffset: Int64? = nil, reason: String, remedy: String,
    subject: ReadingSubject? = nil
  ) {
    self.code = code
    self.source = source
    self.byteOffset = byteOffset.flatMap { $0 < 0 ? nil : $0 }
    row = byteOffset.flatMap { $0 < 0 ? -$0 : nil }
    self.reason = reason
    self.remedy = remedy
    self.subject = subject
  }

  public var kind: FailureKind {
    switch code {
    case .inputOutput: .missing
    case .cannotWrite: .output
    case .readerGone: .readerGone
    default: .badInput
    }
  }

  public var description: String {
    let place = byteOffset.map { " at byte \($0)" } ?? row.map { " in row \($0)" } ?? ""
    return "\(source)\(place): \(reason); \(remedy)"
  }
}
