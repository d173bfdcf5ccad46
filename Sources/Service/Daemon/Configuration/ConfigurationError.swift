import Failures

/// One thing that is wrong with a configuration.
public struct Diagnostic: Equatable, Sendable, CustomStringConvertible {
  public var path: String
  /// Counted from 1; nil where it concerns the whole.
  public var line: Int?
  public var column: Int?
  public var problem: String

  public var description: String {
    let place = [line, column].compactMap { $0.map { ":\($0)" } }.joined()
    return "\(path)\(place): \(problem)"
  }
}

/// A configuration that cannot be used: everything that is wrong with it at once, in the order of the file.
public struct ConfigurationError: ReportedError, Equatable, Sendable {
  public var diagnostics: [Diagnostic]

  public var kind: FailureKind { .configuration }
  public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
