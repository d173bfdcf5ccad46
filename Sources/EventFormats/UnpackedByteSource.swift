/// A recording that was compressed with Zstandard as a whole, as it comes out.
struct UnpackedByteSource: ByteSource {
  static let magic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
  /// What may come out for each byte that goes in, and without any: recordings shrink to a hundredth at best, and what
  /// has to wait in a temporary file must not fill the disk.
  private static let largestRatio: Int64 = 1000
  private static let alwaysAllowed: Int64 = 16 << 20

  let name: String
  var path: String? { nil }
  private var input: InputBuffer
  private let inflater = Inflater()
  private var isComplete = false
  /// The last call filled all the room it had: more may come without further input.
  private var wasFilled = false
  private var written: Int64 = 0

  init(_ input: InputBuffer) {
    self.input = input
    name = input.name
    inflater.begin(.zstd)
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
      if isComplete { inflater.begin(.zstd) }
      isComplete = false
      let progress = input.withBytes { inflater.inflate($0, into: buffer, .zstd) }
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
          remedy: "unpack it with zstd -d if you trust it")
      }
      if progress.written > 0 { return progress.written }
    }
  }
}

/// The bytes of a recording as its reader wants them: unpacked where all of it is compressed with Zstandard.
func unpacked(_ opened: InputBuffer) throws(EventFormatError) -> InputBuffer {
  var input = opened
  guard try input.require(UnpackedByteSource.magic.count),
    input.prefix(UnpackedByteSource.magic.count) == UnpackedByteSource.magic
  else { return input }
  return InputBuffer(UnpackedByteSource(input))
}
