import StreamSources
import Testing

@testable import SoundCapture

struct EncodingTests {
  /// A sample of three quarters of full scale, and of a half below zero, as bytes.
  @Test(
    arguments: [
      ("S16_LE", [0x00, 0x60], [0x00, 0xC0]), ("S16_BE", [0x60, 0x00], [0xC0, 0x00]),
      ("S32_LE", [0, 0, 0, 0x60], [0, 0, 0, 0xC0]), ("S32_BE", [0x60, 0, 0, 0], [0xC0, 0, 0, 0]),
      ("S24_3LE", [0, 0, 0x60], [0, 0, 0xC0]), ("S24_3BE", [0x60, 0, 0], [0xC0, 0, 0]),
      // The fourth byte is anything: nothing, the sign, or rubbish.
      ("S24_LE", [0, 0, 0x60, 0], [0, 0, 0xC0, 0]), ("S24_LE", [0, 0, 0x60, 0xFF], [0, 0, 0xC0, 0xFF]),
      ("S24_BE", [0x5A, 0x60, 0, 0], [0, 0xC0, 0, 0]), ("S20_3LE", [0, 0, 0x06], [0, 0, 0x0C]),
      ("S18_3BE", [0x01, 0x80, 0], [0x03, 0, 0]), ("U16_LE", [0, 0xE0], [0, 0x40]),
      ("U32_BE", [0xE0, 0, 0, 0], [0x40, 0, 0, 0]),
      ("U24_LE", [0, 0, 0xE0, 9], [0, 0, 0x40, 9]), ("U20_3LE", [0, 0, 0x0E], [0, 0, 0x04]), ("S8", [0x60], [0xC0]),
      ("U8", [0xE0], [0x40]),
      ("FLOAT_LE", [0, 0, 0x40, 0x3F], [0, 0, 0, 0xBF]), ("FLOAT_BE", [0x3F, 0x40, 0, 0], [0xBF, 0, 0, 0]),
      ("FLOAT64_LE", [0, 0, 0, 0, 0, 0, 0xE8, 0x3F], [0, 0, 0, 0, 0, 0, 0xE0, 0xBF]),
    ] as [(String, [UInt8], [UInt8])])
  func everyEncodingMeansTheSameSound(name: String, high: [UInt8], low: [UInt8]) throws {
    let encoding = try #require(PCMEncoding.named(name))
    #expect(encoding.bytes == high.count)
    (high + low).withUnsafeBytes { bytes in
      #expect(encoding.sample(bytes, at: 0) == 0.75)
      #expect(encoding.sample(bytes, at: high.count) == -0.5)
    }
  }

  @Test func theSmallestStepIsKept() throws {
    for (name, bytes, value) in [
      ("S16_LE", [1, 0], 1 / 32_768), ("S24_LE", [1, 0, 0, 0], 1 / 8_388_608), ("S24_3BE", [0, 0, 1], 1 / 8_388_608),
      ("U8", [129], 1 / 128), ("S32_LE", [0, 1, 0, 0], 1 / 8_388_608),
    ] as [(String, [UInt8], Float)] {
      let encoding = try #require(PCMEncoding.named(name))
      #expect(bytes.withUnsafeBytes { encoding.sample($0, at: 0) } == value, "\(name)")
    }
  }

  @Test func namesAreThoseOfTheLibraryAndThePreferredComesFirst() {
    #expect(PCMEncoding.all.first?.name == "S16_LE")
    #expect(Set(PCMEncoding.all.map(\.name)).count == PCMEncoding.all.count)
    #expect(PCMEncoding.named("MU_LAW") == nil)
  }
}
