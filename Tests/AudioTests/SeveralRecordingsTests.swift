import CSndFile
import TestSupport
import Testing

@testable import Audio

/// Several recordings one after another in the same bytes.
struct SeveralRecordingsTests {
  private static func wave(
    _ values: [Int16], sampleRate: UInt32 = 16_000, channels: UInt16 = 1, claiming size: UInt32? = nil
  ) -> [UInt8] {
    SoundBytes.riff(
      SoundBytes.format(sampleRate: sampleRate, channels: channels)
        + SoundBytes.chunk("data", SoundBytes.samples(values), claiming: size),
      claiming: size.map { $0 &+ 36 })
  }

  @Test(arguments: [1, 7, 50, 4_096], [nil, 0, 0x8000_0000, UInt32.max])
  func aHeaderBeginsAnother(piece: Int, size: UInt32?) throws {
    let second = Array(values[..<2_000].reversed())
    let bytes =
      Self.wave(values, claiming: size) + Self.wave(second, sampleRate: 8_000, channels: 2, claiming: size)
      + Self.wave(values, claiming: size)
    let pairs = stride(from: 0, to: second.count, by: 2).map { (Float(second[$0]) + Float(second[$0 + 1])) / 65_536 }
    for heard in [try Heard.file(bytes), try Heard.pipe(bytes, piece: piece)] {
      #expect(heard.holds([read(values), pairs, read(values)]))
      #expect(heard.parts.map(\.sampleRate) == [16_000, 8_000, 16_000])
      #expect(heard.parts.map(\.channels) == [1, 2, 1])
      #expect(heard.errors.isEmpty && heard.notices.isEmpty)
    }
  }

  @Test func aHeaderIsFoundWhereverItIsCutByARead() throws {
    let samples = SoundBytes.samples(Array(values[..<50]))
    for mark in [Self.wave(values), SoundBytes.au(values, claiming: nil), SoundBytes.aiff(values)] {
      let bytes = samples + mark
      for cut in 96...116 {
        var pieces = [bytes[..<cut], bytes[cut...]]
        let stream = ByteStream(name: "-") { room throws(AudioError) in
          guard let piece = pieces.first else { return 0 }
          pieces.removeFirst()
          room.copyBytes(from: piece)
          return piece.count
        }
        var extent = OpenExtent(behind: 0)
        var count = 0
        while case let more = try extent.belonging(stream), more > 0 {
          try stream.skip(Int64(more))
          extent.took(more)
          count += more
        }
        #expect(count == samples.count, "cut at \(cut)")
      }
    }
  }

  @Test func allKindsFollowOneAnother() throws {
    let sound = tone(9_000)
    let flac = try written(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, sound)
    let ogg = try written(SF_FORMAT_OGG | SF_FORMAT_VORBIS, sound)
    let wave = Self.wave(values)
    let parts = [wave, flac, ogg, wave, SoundBytes.au(values, claiming: nil), flac, SoundBytes.aiff(values), ogg, ogg]
    let alone = try parts.map { try Heard.file($0).parts[0] }
    let whole = parts.flatMap { $0 }
    for heard in [try Heard.file(whole), try Heard.pipe(whole, piece: 333)] {
      #expect(heard.parts.elementsEqual(alone))
      #expect(heard.errors.isEmpty)
    }
  }

  @Test func oneThatIsCutOffIsToldAndTheNextIsRead() throws {
    let cut = Array(Self.wave(values).dropLast(1_000))
    let heard = try Heard.pipe(cut + Self.wave(values))
    #expect(heard.holds([read(Array(values[..<2_500])), read(values)]))
    #expect(heard.errors == [.truncated("its header promises 6000 bytes where 5000 are")])
  }

  @Test func samplesThatLookLikeTheBeginningOfAHeaderAreSamples() throws {
    var bytes = SoundBytes.samples(values)
    for (place, text) in [(100, "RIFF"), (600, "RIFFabcdWAVE"), (1_200, "fLaC"), (2_000, "OggS"), (3_000, ".snd")] {
      bytes.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
    }
    bytes.replaceSubrange(bytes.count - 3..<bytes.count, with: "RIF".utf8)
    let wanted = stride(from: 0, to: bytes.count, by: 2).map {
      Float(Int16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8)) / 32_768
    }
    let wave = SoundBytes.riff(SoundBytes.format() + SoundBytes.chunk("data", bytes, claiming: .max))
    for piece in [1, 3, 4_096] { #expect(try Heard.pipe(wave, piece: piece).holds([wanted])) }
    #expect(try Heard.pipe(bytes, piece: 11).holds([wanted]))
    // Described as samples by the user they are nothing else, even with a whole header among them.
    let described = try Heard.pipe(wave, options: SoundReadingOptions(raw: "s16le:16000:1"))
    #expect(described.parts.map(\.samples).first?.count == wave.count / 2)
  }

  @Test func linksOfAChainAreRecordingsOfTheirOwn() throws {
    let links = [
      try written(SF_FORMAT_OGG | SF_FORMAT_VORBIS, tone(12_000)),
      try written(SF_FORMAT_OGG | SF_FORMAT_VORBIS, tone(9_000, frequency: 700), sampleRate: 8_000),
      try written(SF_FORMAT_OGG | SF_FORMAT_OPUS, tone(4_800), sampleRate: 48_000),
    ]
    for heard in [try Heard.file(links.flatMap { $0 }), try Heard.pipe(links.flatMap { $0 }, piece: 100)] {
      #expect(heard.parts.map(\.samples.count) == [12_000, 9_000, 4_800])
      #expect(heard.parts.map(\.sampleRate) == [16_000, 8_000, 48_000])
      #expect(heard.errors.isEmpty)
    }
  }
}
