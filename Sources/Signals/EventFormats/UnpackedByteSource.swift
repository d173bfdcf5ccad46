import Signatures

/// A recording that was compressed with Zstandard or gzip as a whole, as it comes out.
struct UnpackedByteSource: ByteSource {
  /// How many bytes tell whether a recording is compressed.
  static let magicLength = 4

  /// How bytes that begin so are compressed; nil where they are not.
  static func compression(of beginning: [UInt8]) -> StreamCompression? {
    if Signature.zstd.isIn(beginning) { return .zstd }
    // Deflate is the only method, and three of the flags are not used.
    let isGzip = beginning.count >= magicLength && Signature.gzip.isIn(beginning) && beginning[3] < 0x20
    return isGzip ? .gzip : nil
  }

  /// What may come out for each byte that goes in, and without any: recordings shrink to a hundredth at best, and what
  /// has to wait in a temporary file must not fill the disk.
  private static let largestRatio: Int64 = 1000
  private static let alwaysAllowed: Int64 = 16 << 20

  let name: String
  var path: String? { nil }
  private var input: InputBuffer
  private let compression: StreamCompression
  private let inflater = Inflater()
  private var isComplete = false
  /// The last call filled all the room it had: more may come without further input.
  private var wasFilled = false
  private var written: Int64 = 0

  init(_ input: InputBuffer, _ compression: StreamCompression) {
    self.input = input
    self.compression = compression
    name = input.name
    inflater.begin(compression)
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    while true {
      if input.count == 0, !wasFilled {
        try input.fill(wanted: 1)
        if input.count == 0 {
          if isComplete { return 0 }
          throw EventFormatError(
            .malformedHeader, source: name, byteOffset: input.byteOffset,
            reason: "the compressed data end before they are complete", remedy: "copy the file again")
        }
      }
      // Zeros behind the end of gzip fill a block of a tape or disk.
      if isComplete, compression == .gzip, input.prefix(1) == [0] {
        input.consume(1)
        continue
      }
      if isComplete { inflater.begin(compression) }
      isComplete = false
      let progress = input.withBytes { inflater.inflate($0, into: buffer, compression) }
      if progress.isDamaged || progress.taken == 0 && progress.written == 0 && input.count > 0 {
        throw EventFormatError(
          .malformedHeader, source: name, byteOffset: input.byteOffset, reason: "the compressed data are damaged",
          remedy: "copy the file again")
      }
      input.consume(progress.taken)
      isComplete = progress.isComplete
      wasFilled = progress.written == buffer.count && !isComplete
      written += Int64(progress.written)
      if written > Self.alwaysAllowed, written / Self.largestRatio > input.byteOffset {
        throw EventFormatError(
          .implausibleSize, source: name, byteOffset: input.byteOffset,
          reason: "\(written) bytes come out of \(input.byteOffset), no recording shrinks so far",
          remedy: "unpack it with \(compression == .gzip ? "gunzip" : "zstd -d") if you trust it")
      }
      if progress.written > 0 { return progress.written }
    }
  }
}

/// The bytes of a recording as its reader wants them: unpacked where all of it is compressed.
func unpacked(_ opened: InputBuffer) throws(EventFormatError) -> InputBuffer {
  var input = opened
  guard try input.require(UnpackedByteSource.magicLength),
    let compression = UnpackedByteSource.compression(of: input.prefix(UnpackedByteSource.magicLength))
  else { return input }
  return InputBuffer(UnpackedByteSource(input, compression))
}
