import Failures

/// A file given on the command line that is not what it should be.
package struct InputFileError: ReportedError {
  package let path: String
  package let reason: String

  package var kind: FailureKind { .badInput }
  package var description: String { "\(path): \(reason)" }

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}
