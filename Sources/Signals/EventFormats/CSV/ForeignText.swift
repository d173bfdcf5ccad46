/// Text that holds events, perhaps, but not as columns of numbers: what it is, so that a refusal can say it.
enum ForeignText: Sendable, Equatable {
  /// UTF-16.
  case wide
  case json
  /// `0,000123;5;6;1`, and with commas between the fields, too.
  case decimalCommas(betweenCommas: Bool)

  /// Rows that are looked at, and how many of them suffice where commas stand between the fields.
  private static let mostRows = 64
  private static let enoughRows = 3

  /// Nil for all other text, and for what is none.
  ///
  /// - Parameter columns: those that are read, where they are known: commas in others do no harm.
  init?(_ bytes: [UInt8], _ options: EventReadingOptions, columns: EventColumns? = nil) {
    if Self.isWide(bytes) {
      self = .wide
      return
    }
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    guard !text.isEmpty, text.allSatisfy({ $0 >= 32 && $0 != 127 || (9...13).contains($0) }) else { return nil }
    if Self.isJSON(text) {
      self = .json
      return
    }
    let lines = text.split { $0 == 10 || $0 == 13 }.map { Substring(String(decoding: $0, as: UTF8.self)) }
      .filter { !"#%".contains($0.drop { $0 == " " }.first ?? "#") }
    let isCut = lines.count > 2 && text.last != 10 && text.last != 13
    let rows = lines.dropLast(isCut ? 1 : 0).prefix(Self.mostRows)
    let read = columns.map { [$0.time, $0.x, $0.y, $0.polarity] }
    let marked = rows.filter { row in
      Self.fields(row).enumerated().contains { (read?.contains($0) ?? true) && Self.hasDecimalComma($1) }
    }
    // A line of names may stand in front.
    if !marked.isEmpty, 2 * marked.count >= rows.count {
      self = .decimalCommas(betweenCommas: marked.contains { $0.contains(Self.quotedSeparator) })
      return
    }
    guard options.csv.columns == nil, Self.haveFractionsBetweenCommas(Array(rows), time: columns?.time) else {
      return nil
    }
    self = .decimalCommas(betweenCommas: true)
  }

  func refusal(of source: String) -> EventFormatError {
    switch self {
    case .wide:
      EventFormatError(
        .unsupported, source: source, byteOffset: 0, reason: "seems to be text of two bytes a character",
        remedy: "save it as UTF-8")
    case .json:
      EventFormatError(
        .unsupported, source: source, byteOffset: 0, reason: "is JSON, which is not read",
        remedy:
          "write time, x, y and polarity as columns, as jq -r '[.t, .x, .y, .p] | @csv' does with lines that have "
          + "these names")
    case .decimalCommas(let betweenCommas):
      EventFormatError(
        .unsupported, source: source, byteOffset: 0,
        reason: "its numbers have decimal commas" + (betweenCommas ? ", and commas stand between its fields, too" : ""),
        remedy: betweenCommas
          ? "save it with decimal points" : "save it with decimal points, or write them as tr , . < FILE does",
        subject: betweenCommas ? .columns : nil)
    }
  }

  /// Bytes that tell text of two bytes a character where it has no mark.
  private static let enoughWide = 16

  private static func isWide(_ bytes: [UInt8]) -> Bool {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
    guard bytes.count >= enoughWide else { return false }
    return [0, 1].contains { zero in
      bytes.indices.allSatisfy { index in
        index % 2 == zero ? bytes[index] == 0 : (32..<127).contains(bytes[index]) || (9...13).contains(bytes[index])
      }
    }
  }

  /// An object, or an array of objects, arrays, numbers or texts.
  private static func isJSON(_ text: ArraySlice<UInt8>) -> Bool {
    let marks = text.lazy.filter { !(9...13).contains($0) && $0 != 32 }.prefix(2)
    guard let first = marks.first, marks.count == 2, let second = marks.dropFirst().first else { return false }
    switch first {
    case UInt8(ascii: "{"): return second == UInt8(ascii: "\"")
    case UInt8(ascii: "["): return "{[\"-0123456789".utf8.contains(second)
    default: return false
    }
  }

  private static let quotedSeparator = "\",\""

  /// The fields of a row between anything but commas; those between commas only where all are in quotes.
  private static func fields(_ line: Substring) -> [Substring] {
    if line.hasPrefix("\""), line.contains(quotedSeparator) {
      return line.replacing(quotedSeparator, with: "\n").split(separator: "\n").map { $0.filter { $0 != "\"" } }.map {
        $0[...]
      }
    }
    let separator = ";\t|".first { line.contains($0) } ?? " "
    let fields = TextTable.fields(line, separator.asciiValue ?? TextTable.blank)
    return fields.count >= 4 ? fields : []
  }

  private static func hasDecimalComma(_ field: Substring) -> Bool {
    let halves = field.split(separator: ",", omittingEmptySubsequences: false)
    guard halves.count == 2, let last = halves[1].first, last.isNumber else { return false }
    return TextTable.number(halves[0]) != nil && TextTable.number("0." + halves[1]) != nil
  }

  /// Whether behind a column that never falls, and is no number of the row, stands one of as many digits in every row, zeros
  /// in front of them: a time cut in two.
  private static func haveFractionsBetweenCommas(_ lines: [Substring], time: Int?) -> Bool {
    let rows = lines.map { TextTable.fields($0, UInt8(ascii: ",")) }.filter { row in
      row.allSatisfy { TextTable.number($0) != nil }
    }
    guard rows.count >= enoughRows, let width = rows.first?.count, width == 5,
      rows.allSatisfy({ $0.count == width })
    else { return false }
    return (1..<width).contains { column in
      if let time, time != column, time != column - 1 { return false }
      let (before, fraction) = (rows.compactMap { Int($0[column - 1]) }, rows.map { $0[column] })
      let length = fraction[0].count
      return length >= 3 && fraction.allSatisfy { $0.count == length && $0.allSatisfy(\.isNumber) }
        && fraction.contains { $0.hasPrefix("0") } && before.count == rows.count
        && zip(before, before.dropFirst()).allSatisfy { $0 <= $1 } && Set(before).count < before.count
    }
  }
}
