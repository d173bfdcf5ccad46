/// A list that names the recordings of a part: groups, names or paths, one a line.
struct RecordingList {
  /// As the recipe names it.
  let path: String
  private let entries: [String]
  private let known: Set<String>
  private var found: Set<String> = []

  init(path: String, text: String) {
    self.path = path
    entries = textLines(text).map { $0.trimmingSpaces }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    known = Set(entries)
  }

  /// Whether one of a recording's names stands in the list.
  mutating func contains(_ names: [String]) -> Bool {
    let own = names.filter(known.contains)
    found.formUnion(own)
    return !own.isEmpty
  }

  /// What is wrong with the list once every recording has been looked up.
  ///
  /// - Parameter others: names of recordings that belong to classes nobody asked for.
  /// - Throws: `DataError` where no line names a recording.
  func note(knowing others: () throws -> Set<String>) throws -> DataNote? {
    var missing = entries.filter { !found.contains($0) }
    guard !missing.isEmpty else { return nil }
    let others = try others()
    missing.removeAll(where: others.contains)
    if missing.count == entries.count, let first = missing.first {
      throw DataError.foreignList(path: path, lines: entries.count, first: first)
    }
    return DataNote("lines of \(path) that match no recording", missing)
  }
}

/// The lines of a text with any line ends, a byte order mark left out.
func textLines(_ text: String) -> [Substring] {
  (text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...])
    .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
}

extension Substring {
  /// Without white space at both ends.
  var trimmingSpaces: String {
    var rest = self
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
