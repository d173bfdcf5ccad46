/// A way in which whole files are packed, and what unpacks them: sound and events refuse them in the same words.
package struct Packing: Sendable, Equatable {
  /// What is to be said of the file, as "is packed with gzip".
  package let finding: String
  /// What to do about it.
  package let remedy: String
  private let signature: Signature

  private init(_ finding: String, _ remedy: String, _ signature: Signature) {
    (self.finding, self.remedy, self.signature) = (finding, remedy, signature)
  }

  /// All that are known.
  package static let all = [
    Packing("is packed with gzip", "unpack it with gunzip", .gzip),
    Packing("is packed with Zstandard", "unpack it with zstd -d", .zstd),
    Packing("is packed with xz", "unpack it with xz -d", .xz),
    Packing("is packed with bzip2", "unpack it with bzip2 -d", .bzip2),
    Packing("is packed with LZ4", "unpack it with lz4 -d", .lz4),
    Packing("is packed with LZ4", "unpack it with lz4 -d", .lz4Legacy),
    Packing("is packed with compress", "unpack it with gunzip", .compress),
    Packing("is packed with lzip", "unpack it with lzip -d", .lzip),
    Packing("is packed with lzop", "unpack it with lzop -d", .lzop),
    Packing("is packed with Snappy", "unpack it with snzip -d", .snappy),
    Packing("is packed with 7-Zip", "unpack it with 7z x", .sevenZip),
    Packing("is packed with RAR", "unpack it with unrar x", .rar),
    Packing("is a ZIP archive", "take the recordings out with unzip", .zip),
    Packing("is a tar archive", "take the recordings out with tar -x", .tar),
  ]

  /// How bytes that begin so are packed; nil where they are not.
  package static func find(_ head: some Collection<UInt8>) -> Packing? { all.first { $0.signature.isIn(head) } }
}
