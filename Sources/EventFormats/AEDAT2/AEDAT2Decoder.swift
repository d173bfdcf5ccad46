import CKernels
import Events

/// AEDAT 2.0: big-endian 32-bit address and 32-bit microseconds, no packets.
struct AEDAT2Decoder: BlockDecoder {
  var layout: ganglion_aedat2_layout
  var state = ganglion_wrap_state()
  var wordSize: Int { 8 }

  init(layout: AEDAT2Layout) {
    self.layout = layout.bits
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_aedat2(bytes.bytePointer, Int64(bytes.count), &layout, &state, columns, &report))
  }
}

/// Lines `# key: value` or `#!…` in front of an AEDAT 1, 2 or 3 file.
struct AEDATHeader: Sendable {
  var lines: [EventMetadata] = []

  /// Takes the header from the front of a file. Data that begin with a hash sign and are printable up to a line end
  /// cannot be told from a line; `#End Of ASCII Header` (jAER) and `#!END-HEADER` (3.x) end it for certain.
  init(_ input: inout InputBuffer) throws(EventFormatError) {
    while let line = try input.headerLine(startingWith: [0x23]) {
      let text = line.utf8.dropFirst().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "!") }
      if text.starts(with: "END-HEADER".utf8) || text.starts(with: "End Of ASCII Header".utf8) { break }
      let key = text.prefix { $0 != UInt8(ascii: ":") }
      let value = text[key.endIndex...].dropFirst().drop { $0 == UInt8(ascii: " ") }
      lines.append(EventMetadata(key: String(Substring(key)), value: String(Substring(value))))
      if lines.count > 65536 {
        throw EventFormatError(
          .malformedHeader, source: input.name, byteOffset: input.byteOffset,
          reason: "the header has more than 65536 lines", remedy: "check that this is an AEDAT recording")
      }
    }
  }
}
