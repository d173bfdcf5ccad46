/// Bytes of which the first have been looked at: they come again.
public struct PeekedBytes: ByteSource {
  private var source: any ByteSource
  private var left: ArraySlice<UInt8>
  /// The first bytes, as many as were asked for or all there are.
  public let head: [UInt8]
  /// Whether nothing follows them.
  public let isWhole: Bool

  /// Waits for the first bytes.
  public init(_ source: some ByteSource, count: Int) throws(EventFormatError) {
    var source = source
    var head: [UInt8] = []
    while head.count < count {
      var piece = [UInt8](repeating: 0, count: count - head.count)
      let got = try piece.withUnsafeMutableBufferPointer { bytes throws(EventFormatError) in
        try source.read(into: UnsafeMutableRawBufferPointer(bytes))
      }
      if got == 0 { break }
      head += piece[..<got]
    }
    self.source = source
    self.head = head
    left = head[...]
    isWhole = head.count < count
  }

  public var name: String { source.name }
  // The first bytes are taken already: a format that has to seek opens the path anew.
  public var path: String? { source.path }

  public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    if left.isEmpty { return try source.read(into: buffer) }
    let count = min(left.count, buffer.count)
    buffer.copyBytes(from: left.prefix(count))
    left = left.dropFirst(count)
    return count
  }
}
