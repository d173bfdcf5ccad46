import Testing

@testable import EventFormats

/// Packets of AEDAT 4 are unpacked one after another, by one object.
@Suite struct DecompressorTests {
  static let compressions: [AEDAT4Compression] = [.lz4, .lz4High, .zstd, .zstdHigh]

  private func unpack(
    _ frame: [UInt8], _ compression: AEDAT4Compression, with decompressor: Decompressor
  ) -> [UInt8]? {
    var output: [UInt8] = []
    let count = frame.withUnsafeBytes { decompressor.unpack($0, compression, into: &output) }
    return count.map { Array(output.prefix($0)) }
  }

  @Test(arguments: compressions) func whatIsCutSpoilsNothingBehindIt(compression: AEDAT4Compression) throws {
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
    let frame = try #require(compress(bytes, compression))
    let decompressor = Decompressor()
    for cut in [frame.count / 2, frame.count - 1] {
      #expect(unpack(Array(frame.prefix(cut)), compression, with: decompressor) == nil)
      #expect(unpack(frame, compression, with: decompressor) == bytes)
    }
  }

  @Test(arguments: compressions) func muchInLittleIsUnpackedWhole(compression: AEDAT4Compression) throws {
    let bytes = [UInt8](repeating: 7, count: 1_000_000)
    let frame = try #require(compress(bytes, compression))
    // More room is needed than a packet usually takes.
    #expect(4 * frame.count + 65_536 < bytes.count)
    #expect(unpack(frame, compression, with: Decompressor()) == bytes)
  }
}
