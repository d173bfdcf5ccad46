import Testing

@testable import Audio

struct WaveFileTests {
  @Test func aHeaderStandsBeforeTheSamples() {
    let bytes = WaveFile(samples: [1, -2], sampleRate: 16_000).bytes
    #expect(bytes.count == 48)
    #expect(bytes.prefix(4) == Array("RIFF".utf8)[...] && bytes[4] == 40)
    #expect(Array(bytes[24..<28]) == [0x80, 0x3E, 0, 0] && bytes[22] == 1 && bytes[34] == 16)
    #expect(Array(bytes[40...]) == [4, 0, 0, 0, 1, 0, 254, 255])
  }

  @Test func channelsTakeTurnsAndWhatLiesBeyondFullScaleIsClipped() {
    let file = WaveFile(channels: [[0, 1, 2], [-1, -2, 0.5]], sampleRate: 8_000)
    #expect(file.samples == [0, -32_767, 32_767, -32_767, 32_767, 16_384] && file.channelCount == 2)
    // Two channels of two bytes: four bytes a frame, 32,000 a second.
    #expect(Array(file.bytes[28..<34]) == [0, 0x7D, 0, 0, 4, 0])
  }
}
