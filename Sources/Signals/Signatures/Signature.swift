/// Bytes at a place of their own that tell what a file is.
package struct Signature: Sendable, Equatable {
  package let bytes: [UInt8]
  /// Where they stand.
  package let offset: Int

  package init(_ bytes: [UInt8], at offset: Int = 0) { (self.bytes, self.offset) = (bytes, offset) }

  package init(_ text: String, at offset: Int = 0) { self.init(Array(text.utf8), at: offset) }

  /// The same bytes at another place.
  package func at(_ offset: Int) -> Signature { Signature(bytes, at: offset) }

  /// With what follows it in one version of a format.
  package func version(_ text: String) -> Signature { Signature(bytes + Array(text.utf8), at: offset) }

  /// Whether a file that begins with these bytes has it.
  package func isIn(_ head: some Collection<UInt8>) -> Bool { head.dropFirst(offset).starts(with: bytes) }
}
