/// What a source does about a recording that is damaged or not what it should be.
public enum DefectHandling: Sendable {
  /// The stream ends with an error, once everything that can be read has been given: for recordings that somebody waits
  /// for.
  case refuse
  /// It is told, and the stream goes on where it can: for what happens now.
  case tell
}
