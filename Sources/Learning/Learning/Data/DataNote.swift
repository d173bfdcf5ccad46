/// Something about recordings that whoever trains with them should know, though it makes no result wrong.
public struct DataNote: Sendable, Equatable, CustomStringConvertible {
  /// What they have in common.
  public let subject: String
  /// How many there are.
  public let count: Int
  /// The first of them.
  public let names: [String]

  static let shown = 3

  /// Nil where there is nothing to tell.
  init?(_ subject: String, _ names: [String]) {
    guard !names.isEmpty else { return nil }
    self.subject = subject
    count = names.count
    self.names = Array(names.prefix(Self.shown))
  }

  public var description: String { "\(subject) (\(count)): \(firstOf(names, all: count))" }
}

/// The first names, and a sign that there are more.
func firstOf(_ names: [String], all count: Int? = nil) -> String {
  names.prefix(DataNote.shown).joined(separator: ", ") + ((count ?? names.count) > DataNote.shown ? ", …" : "")
}
