/// How a recording is packed, where that is none of the ways that are read: so that a refusal can say it.
struct ForeignPacking {
  private let name: String
  private let remedy: String

  private static let known: [(name: String, bytes: [UInt8], offset: Int, remedy: String)] = [
    ("is packed with xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], 0, "unpack it with xz -d"),
    // The first block, or the end of an empty file, begins with a number of its own.
    ("is packed with bzip2", [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 4, "unpack it with bzip2 -d"),
    ("is packed with LZ4", [0x04, 0x22, 0x4D, 0x18], 0, "unpack it with lz4 -d"),
    ("is packed with 7-Zip", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], 0, "unpack it with 7z x"),
    ("is a tar archive", Array("ustar".utf8), 257, "take the recordings out with tar -x"),
  ]

  /// Nil where it is not packed.
  init?(_ beginning: [UInt8]) {
    guard let found = Self.known.first(where: { beginning.dropFirst($0.offset).starts(with: $0.bytes) }) else {
      return nil
    }
    (name, remedy) = (found.name, found.remedy)
  }

  func refusal(of source: String) -> EventFormatError {
    EventFormatError(.unsupported, source: source, byteOffset: 0, reason: name, remedy: remedy)
  }
}
