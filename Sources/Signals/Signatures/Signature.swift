/// Bytes at a place of their own that tell what a file is.
public struct Signature: Sendable, Equatable {
  public let bytes: [UInt8]
  /// Where they stand.
  public let offset: Int

  public init(_ bytes: [UInt8], at offset: Int = 0) { (self.bytes, self.offset) = (bytes, offset) }

  public init(_ text: String, at offset: Int = 0) { self.init(Array(text.utf8), at: offset) }

  /// The same bytes at another place.
  public func at(_ offset: Int) -> Signature { Signature(bytes, at: offset) }

  /// With what follows it in one version of a format.
  public func version(_ text: String) -> Signature { Signature(bytes + Array(text.utf8), at: offset) }

  /// Whether a file that begins with these bytes has it.
  public func isIn(_ head: some Collection<UInt8>) -> Bool { head.dropFirst(offset).starts(with: bytes) }
}
