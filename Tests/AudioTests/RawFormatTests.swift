import Testing

@testable import Audio

struct RawFormatTests {
  @Test func partsLeftOutAreMonoAtTheDefaultRate() throws {
    let format = try RawFormat(parsing: "f32le", defaultSampleRate: 8_000)
    #expect(format == (try RawFormat(encoding: .f32le, sampleRate: 8_000, channels: 1)))
    #expect(try RawFormat(parsing: "s24be:48000:2", defaultSampleRate: 8_000).channels == 2)
  }

  @Test(arguments: ["", "s16", "s16le:", "s16le:16000:1:1", "s16le:x", "s16le:16000:-", "S16LE"])
  func nonsenseIsQuotedBack(text: String) {
    #expect(throws: AudioError(source: "--raw", reason: .rawFormat(text))) {
      _ = try RawFormat(parsing: text, defaultSampleRate: 16_000)
    }
  }

  @Test func boundsHoldForRawToo() {
    #expect(throws: AudioError(source: "raw format", reason: .noChannels)) {
      _ = try RawFormat(parsing: "s16le:16000:0", defaultSampleRate: 16_000)
    }
  }
}
