import Events

/// The beginning of a text with one event a line: comments, a line with the sensor's size, a line of names, and rows.
struct TextTable: Sendable {
  /// Rows that are looked at.
  private static let mostRows = 4096

  /// Byte between fields; a blank stands for any run of white space.
  private(set) var separator = TextTable.blank
  /// Bytes in front of the first row.
  private(set) var headerBytes = 0
  /// The line of names, or a comment that stands for one; nil without either.
  private(set) var names: [ColumnName]?
  /// The rows, all of one width.
  private(set) var rows: [[Substring]] = []
  /// What a line of two numbers or a comment says.
  private(set) var geometry: SensorGeometry?
  /// Whether there is nothing but comments so far.
  private(set) var hasOnlyComments = true

  static let blank = UInt8(ascii: " ")

  /// Rows in front of the first zero byte that tell a text with a hole from the text in front of binary data.
  private static let enoughRows = 16

  /// Takes the beginning of a text apart; nil where it is none. Without `isWhole`, the last line may be cut.
  ///
  /// A crash leaves zeros at the end of a text, or in the middle: lines that hold some are passed over, if many rows stand
  /// in front of them or the recording is text by name.
  init?(_ bytes: [UInt8], separator asked: UInt8?, isWhole: Bool, isTextByName: Bool = false) {
    guard !bytes.isEmpty, bytes.allSatisfy({ $0 >= 32 && $0 != 127 || (9...13).contains($0) || $0 == 0 }) else {
      return nil
    }
    var firstHole: Int?
    var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var comments: [Substring] = []
    var first: (fields: [Substring], start: Int, end: Int)?
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 10) ?? bytes.count
      // A cut line is taken only where there is no other.
      if end == bytes.count, !isWhole, first != nil { break }
      if bytes[position..<end].contains(0) {
        guard isTextByName || rows.count + 1 >= Self.enoughRows else { return nil }
        hasOnlyComments = false
        if first == nil, firstHole == nil { firstHole = position }
        position = end + 1
        continue
      }
      let line = Substring(String(decoding: bytes[position..<end], as: UTF8.self))
      defer { position = end + 1 }
      guard let mark = line.utf8.first(where: { !Self.isBlank($0) }) else { continue }
      if mark == UInt8(ascii: "#") || mark == UInt8(ascii: "%") {
        if first == nil { comments.append(line) }
        continue
      }
      hasOnlyComments = false
      guard first != nil else {
        if geometry == nil, let size = Self.size(line) {
          geometry = size
          continue
        }
        separator = asked ?? Self.separator(of: line)
        first = (Self.fields(line, separator), position, min(end + 1, bytes.count))
        continue
      }
      rows.append(Self.fields(line, separator))
      if rows.count >= Self.mostRows { break }
    }
    geometry = geometry ?? Self.geometry(in: comments)
    guard let first else {
      headerBytes = bytes.count
      return
    }
    // What is passed over there is not part of the header: it is counted.
    defer { headerBytes = min(headerBytes, firstHole ?? headerBytes) }
    headerBytes = first.start
    if first.fields.contains(where: { Self.number($0) == nil && Self.word($0) == nil }) {
      names = Self.withUnits(first.fields).map { ColumnName($0) }
      headerBytes = first.end
    } else {
      rows.insert(first.fields, at: 0)
    }
    keepRowsOfOneWidth()
    for comment in comments.reversed() where names == nil { names = names(inComment: comment) }
  }

  /// Number of fields in a row, 0 without rows.
  var width: Int { rows.first?.count ?? 0 }

  /// The columns of the rows, for those that look at values. Single rows with something else in them are left out.
  func columns() -> [SampleColumn] {
    let values = rows.map { row in row.map { Self.number($0) ?? Self.word($0) ?? .nan } }
    let whole = values.filter { $0.allSatisfy(\.isFinite) }
    let kept = 10 * (values.count - whole.count) <= values.count ? whole : values
    return (0..<width).map { column in
      SampleColumn(
        kept.map { $0[column] }, hasWords: rows.contains { Self.word($0[column]) != nil },
        isFloatingPoint: rows.contains { $0[column].utf8.contains { byte in ".eE".utf8.contains(byte) } })
    }
  }

  /// Drops rows that have another number of fields than most, and what stands behind a last separator.
  private mutating func keepRowsOfOneWidth() {
    if separator != Self.blank, rows.allSatisfy({ $0.count > 1 && $0.last?.isEmpty == true }), !rows.isEmpty {
      for index in rows.indices { rows[index].removeLast() }
      if let names, names.last?.base.isEmpty == true { self.names = names.dropLast() }
    }
    var counts: [Int: Int] = [:]
    for row in rows { counts[row.count, default: 0] += 1 }
    guard let usual = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key else { return }
    rows.removeAll { $0.count != usual }
  }

  /// The names in a comment that has as many fields as a row, all four columns among them.
  private func names(inComment line: Substring) -> [ColumnName]? {
    let text = line.drop { "#% \t!".contains($0) }
    let behindColon = text.lastIndex(of: ":").map { text[text.index(after: $0)...] }
    for candidate in [text, behindColon].compactMap({ $0 }) {
      for separator in [separator] + Array(",;\t ".utf8) {
        // `Format is time (float s)`: the last word is the name.
        let names = Self.withUnits(Self.fields(candidate, separator, keepsBrackets: true)).map { field in
          let name = ColumnName(field)
          guard separator != Self.blank, let word = name.base.split(separator: " ").last else { return name }
          var last = name
          last.base = String(word)
          return last
        }
        guard names.count == width, EventColumn.allCases.allSatisfy({ !$0.indices(among: names).isEmpty })
        else { continue }
        return names
      }
    }
    return nil
  }

  /// Names between blanks with the units that stand apart from them: `timestamp [ns]`.
  private static func withUnits(_ fields: [Substring]) -> [String] {
    fields.reduce(into: []) { names, field in
      if let last = names.last, field.first == "[" || field.first == "(" {
        names[names.count - 1] = last + " " + field
      } else {
        names.append(String(field))
      }
    }
  }

  /// A line of nothing but a sensor's width and height.
  private static func size(_ line: Substring) -> SensorGeometry? {
    let parts = line.split { " \t\r,;x".contains($0) }
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]) else { return nil }
    let size = SensorGeometry(width: width, height: height)
    return size.isValid ? size : nil
  }

  /// What comments say about the sensor: `%geometry:1280,720`, `# Width 640`.
  private static func geometry(in comments: [Substring]) -> SensorGeometry? {
    var width: Int?
    var height: Int?
    for comment in comments {
      let words = comment.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_") }
      for (index, word) in words.enumerated() {
        let next = words[(index + 1)...]
        switch word {
        case "geometry", "sensor", "sensor_size", "resolution", "dimensions", "size":
          if let size = next.first.flatMap({ SensorGeometry($0) }) { return size }
          guard next.count >= 2, let size = size(next.prefix(2).joined(separator: " ")[...]) else { continue }
          return size
        case "width": width = width ?? next.first.flatMap { Int($0) }
        case "height": height = height ?? next.first.flatMap { Int($0) }
        default: continue
        }
      }
    }
    guard let width, let height else { return nil }
    let size = SensorGeometry(width: width, height: height)
    return size.isValid ? size : nil
  }

  private static func separator(of line: Substring) -> UInt8 {
    ";\t,|".utf8.first { separator in line.utf8.count { $0 == separator } >= 3 } ?? blank
  }

  /// A number as text holds it, nil for anything else.
  static func number(_ text: Substring) -> Double? {
    guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return nil }
    return Double(text)
  }

  /// The value of a word for a polarity.
  static func word(_ text: Substring) -> Double? {
    switch text.lowercased() {
    case "true", "on": 1
    case "false", "off": 0
    default: nil
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  /// The fields of a line, without blanks and quotes around them. In brackets no separator counts where they are kept.
  static func fields(_ line: Substring, _ separator: UInt8, keepsBrackets: Bool = false) -> [Substring] {
    var depth = 0
    let parts = line.utf8.split(omittingEmptySubsequences: separator == blank) { byte in
      if keepsBrackets {
        if "([".utf8.contains(byte) { depth += 1 }
        if ")]".utf8.contains(byte) { depth -= 1 }
        if depth > 0 { return false }
      }
      return separator == blank ? isBlank(byte) : byte == separator
    }
    return parts.map { part in
      var field = Substring(part).utf8.drop(while: isBlank)
      while let last = field.last, isBlank(last) { field.removeLast() }
      if field.count > 1, field.first == UInt8(ascii: "\""), field.last == UInt8(ascii: "\"") {
        field = field.dropFirst().dropLast()
      }
      return Substring(field)
    }
  }
}
