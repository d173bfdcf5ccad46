/// An error that can be told to a person: it knows its kind, and says in one line what is wrong and what to do.
///
/// Every error type of the program conforms. What follows from a failure, as the exit code does, follows from its kind.
public protocol ReportedError: Error, CustomStringConvertible {
  /// What kind of failure it is.
  var kind: FailureKind { get }
}

/// What kind of failure an error is, whoever it is told to.
public enum FailureKind: String, CaseIterable, Sendable {
  /// It was asked for in the wrong way: an option that is unknown, outside its range, or does not go with another.
  case usage
  /// An input is damaged, cut off or of the wrong kind.
  case badInput
  /// An input cannot be opened: it is not there, or may not be read.
  case missing
  /// Who should answer does not, or something is in use already.
  case unavailable
  /// Who answered has told us to leave; trying again later may work.
  case sentAway
  /// Results cannot be written: a full disk, a folder without permission.
  case output
  /// Nobody reads the results any more, as after `| head`.
  case readerGone
  /// A model, recipe, checkpoint or configuration is damaged, of a newer version, or does not fit.
  case configuration
  /// Somebody pressed Ctrl-C.
  case interrupted
  /// The program was told to end.
  case terminated
  /// Everything else.
  case other
}
