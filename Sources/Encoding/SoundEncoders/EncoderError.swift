import Failures

/// Why an encoder, or a part of one, could not be built.
public enum EncoderError: ReportedError, Equatable, Sendable {
  /// A setting is outside its range; `bounds` says what is allowed.
  case setting(name: String, value: String, bounds: String)
  /// The configuration belongs to frames made by other rules than this program's.
  case version(encoder: String, found: Int, known: Int)

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .setting(let name, let value, let bounds): "\(name) is \(value); it must be \(bounds)"
    case .version(let encoder, let found, let known):
      "\(encoder) encoder version \(found); this program has version \(known)"
    }
  }

  /// Throws unless the condition holds.
  package static func require(
    _ condition: Bool, _ name: String, _ value: some CustomStringConvertible, _ bounds: String
  ) throws(EncoderError) {
    if !condition { throw .setting(name: name, value: value.description, bounds: bounds) }
  }
}
