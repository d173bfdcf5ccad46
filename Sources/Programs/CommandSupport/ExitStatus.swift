import ArgumentParser
import Failures
import Glibc

/// The program's exit codes: what kind of failure gives which, and what the help says of it. Nowhere else.
package enum ExitStatus {
  /// The kind of the failure that ends the program; nil for what the argument parser throws to end it in its own way.
  package static func kind(of error: any Error) -> FailureKind? {
    if error is ValidationError || error is ExitCode || error is CleanExit { return nil }
    return (error as? any ReportedError)?.kind ?? .other
  }

  /// For help texts: one line a code.
  package static let help =
    "EXIT CODES:\n  0    all went well\n"
    + FailureKind.allCases.sorted { $0.exitStatus < $1.exitStatus }.map { kind in
      let code = String(kind.exitStatus)
      return "  \(code)\(String(repeating: " ", count: 5 - code.count))\(kind.meaning)"
    }.joined(separator: "\n")
}

extension FailureKind {
  /// The program's exit code, after sysexits where that has one.
  package var exitStatus: Int32 {
    switch self {
    case .other: 1
    case .usage: 64
    case .badInput: 65
    case .missing: 66
    case .unavailable: 69
    case .output: 74
    case .sentAway: 75
    case .readerGone: 128 + SIGPIPE
    case .configuration: 78
    case .interrupted: 130
    case .terminated: 143
    }
  }

  /// What the exit code says, for the help.
  package var meaning: String {
    switch self {
    case .other: "another failure, named on standard error"
    case .usage: "wrong usage"
    case .badInput: "an input is damaged or of the wrong kind (what came before was classified)"
    case .missing: "a recording, model, recipe or folder of data is not there or cannot be opened"
    case .unavailable: "no daemon answers, or another one is running already"
    case .output: "results cannot be written: disk full, no permission, or standard output closed"
    case .sentAway: "the daemon has sent this subscriber away, because it did not read or there are too many; try again"
    case .readerGone: "nobody reads the results any more, as after | head (SIGPIPE); nothing is said"
    case .configuration: "the model, recipe or configuration is damaged, of a newer version or does not fit"
    case .interrupted: "interrupted (SIGINT)"
    case .terminated: "told to stop (SIGTERM)"
    }
  }
}

extension ExitCode {
  /// The exit code that a kind of failure gives.
  package init(_ kind: FailureKind) { self.init(kind.exitStatus) }
}
