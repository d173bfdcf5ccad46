/// Lines `# key: value` or `#!…` in front of an AEDAT 1, 2 or 3 file.
struct AEDATHeader: Sendable {
  var lines: [EventMetadata] = []

  /// Takes the header from the front of a file. Data that begin with a hash sign and are printable up to a line end
  /// cannot be told from a line; `#End Of ASCII Header` (jAER, in whatever letters by others) and `#!END-HEADER` (3.1) end
  /// it for certain.
  init(_ input: inout InputBuffer) throws(EventFormatError) {
    while let line = try input.headerLine(startingWith: [0x23]) {
      let text = line.utf8.dropFirst().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "!") }
      let lowercased = text.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 }
      if ["end-header", "end of ascii header", "end of header"].contains(where: { lowercased.starts(with: $0.utf8) }) {
        break
      }
      let key = text.prefix { $0 != UInt8(ascii: ":") }
      let value = text[key.endIndex...].dropFirst().drop { $0 == UInt8(ascii: " ") }
      lines.append(EventMetadata(key: String(Substring(key)), value: String(Substring(value))))
      if lines.count > 65536 {
        throw EventFormatError(
          .malformedHeader, source: input.name, byteOffset: input.byteOffset,
          reason: "the header has more than 65536 lines", remedy: "check that this is an AEDAT recording")
      }
    }
    try input.refuseCutHeader()
  }
}
