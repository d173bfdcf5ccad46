import Failures

/// Why a dictionary, a pursuit or an encoder could not be built.
public enum SpiketrumError: ReportedError, Equatable, Sendable {
  /// A setting is outside its range; `bounds` says what is allowed.
  case setting(name: String, value: String, bounds: String)
  /// The configuration belongs to spikes made by other rules than this program's.
  case version(found: Int, known: Int)

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .setting(let name, let value, let bounds): "\(name) is \(value); it must be \(bounds)"
    case .version(let found, let known): "spiketrum encoder version \(found); this program has version \(known)"
    }
  }

  /// Throws unless the condition holds.
  package static func require(
    _ condition: Bool, _ name: String, _ value: some CustomStringConvertible, _ bounds: String
  ) throws(SpiketrumError) {
    if !condition { throw .setting(name: name, value: value.description, bounds: bounds) }
  }
}
