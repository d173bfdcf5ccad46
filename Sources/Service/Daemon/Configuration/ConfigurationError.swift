import Failures

/// One thing that is wrong with a configuration.
package struct Diagnostic: Equatable, Sendable, CustomStringConvertible {
  package var path: String
  /// Counted from 1; nil where it concerns the whole.
  package var line: Int?
  package var column: Int?
  package var problem: String

  package var description: String {
    let place = [line, column].compactMap { $0.map { ":\($0)" } }.joined()
    return "\(path)\(place): \(problem)"
  }
}

/// A configuration that cannot be used: everything that is wrong with it at once, in the order of the file.
package struct ConfigurationError: ReportedError, Equatable, Sendable {
  package var diagnostics: [Diagnostic]

  package var kind: FailureKind { .configuration }
  package var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}
