import Events

/// The text in front of a Prophesee RAW or DAT file: lines `% key value`, closed by `% end` in newer ones.
struct PropheseeHeader: Sendable, Equatable {
  var lines: [EventMetadata] = []
  var hasEnd = false

  /// Takes the header from the front of a file; no line at all gives an empty header.
  ///
  /// - Parameter isWhole: whether the source is the recording, not only its beginning.
  /// - Throws: `malformedHeader` where the recording ends within a line.
  init(_ input: inout InputBuffer, isWhole: Bool = true) throws(EventFormatError) {
    while let line = try input.headerLine(startingWith: [0x25]) {
      var text = line.utf8.dropFirst().drop { $0 == 0x20 }
      // Some writers leave blanks at the end.
      while text.last == 0x20 { text.removeLast() }
      if text.elementsEqual("end".utf8) {
        hasEnd = true
        break
      }
      let key = text.prefix { $0 != 0x20 }
      let value = text[key.endIndex...].drop { $0 == 0x20 }
      lines.append(EventMetadata(key: String(Substring(key)), value: String(Substring(value))))
      if lines.count > 4096 {
        throw EventFormatError(
          .malformedHeader, source: input.name, byteOffset: input.byteOffset,
          reason: "the header has more than 4096 lines", remedy: "check that this is a Prophesee recording")
      }
    }
    if isWhole { try input.refuseCutHeader() }
  }

  /// The header that the first bytes of a recording are, as far as they go; nil where they are none.
  init?(beginning bytes: [UInt8]) {
    guard bytes.first == UInt8(ascii: "%") else { return nil }
    var input = InputBuffer(MemoryByteSource(bytes))
    guard let header = try? PropheseeHeader(&input, isWhole: false) else { return nil }
    self = header
  }

  /// Whether bytes end within a header, so that nothing that is no line of it follows.
  static func isCut(_ bytes: [UInt8]) -> Bool {
    guard bytes.first == UInt8(ascii: "%") else { return false }
    var input = InputBuffer(MemoryByteSource(bytes))
    guard let header = try? PropheseeHeader(&input, isWhole: false) else { return true }
    return !header.hasEnd && (input.endsWithinLine || input.count == 0)
  }

  /// The value of the first line with a key, given in lower case.
  func value(_ key: String) -> String? {
    lines.first { line in
      line.key.utf8.elementsEqual(key.utf8) { $0 == $1 || $0 &+ 0x20 == $1 && (0x41...0x5a).contains($0) }
    }?.value
  }

  /// The `EVT3` of `% format EVT3;height=720;width=1280`, or of the older `% evt 3.0`.
  var encoding: String? {
    if let format = value("format") { return format.split(separator: ";").first.map { $0.uppercased() } }
    switch value("evt") {
    case "2.0": return "EVT2"
    case "2.1": return "EVT21"
    case "3.0": return "EVT3"
    case "4.0": return "EVT4"
    default: return nil
    }
  }

  /// A `name=value` of the format line.
  func formatOption(_ name: String) -> String? {
    guard let format = value("format") else { return nil }
    for part in format.split(separator: ";").dropFirst() where part.hasPrefix(name + "=") {
      return String(part.dropFirst(name.count + 1))
    }
    return nil
  }

  /// Pixel array by whichever line tells: format, geometry, or the width and height of DAT.
  var geometry: SensorGeometry? {
    if let width = formatOption("width").flatMap({ Int($0) }),
      let height = formatOption("height").flatMap({ Int($0) })
    {
      let geometry = SensorGeometry(width: width, height: height)
      if geometry.isValid { return geometry }
    }
    if let text = value("geometry"), let geometry = SensorGeometry(text) { return geometry }
    if let width = value("width").flatMap({ Int($0) }), let height = value("height").flatMap({ Int($0) }) {
      let geometry = SensorGeometry(width: width, height: height)
      if geometry.isValid { return geometry }
    }
    return nil
  }
}
