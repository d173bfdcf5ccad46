import Signatures

/// How a recording is packed, where that is none of the ways that are read: so that a refusal can say it.
struct ForeignPacking {
  private let name: String
  private let remedy: String

  private static let known: [(name: String, signature: Signature, remedy: String)] = [
    ("is packed with xz", .xz, "unpack it with xz -d"),
    ("is packed with bzip2", .bzip2Block, "unpack it with bzip2 -d"),
    ("is packed with LZ4", .lz4, "unpack it with lz4 -d"),
    ("is packed with 7-Zip", .sevenZip, "unpack it with 7z x"),
    ("is a tar archive", .tar, "take the recordings out with tar -x"),
  ]

  /// Nil where it is not packed.
  init?(_ beginning: [UInt8]) {
    guard let found = Self.known.first(where: { $0.signature.isIn(beginning) }) else { return nil }
    (name, remedy) = (found.name, found.remedy)
  }

  func refusal(of source: String) -> EventFormatError {
    EventFormatError(.unsupported, source: source, byteOffset: 0, reason: name, remedy: remedy)
  }
}
