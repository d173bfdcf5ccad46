import CSndFile
import TestSupport
import Testing

@testable import Audio

/// Codecs that work in blocks: sound is made of the bytes that are there, and of no others.
struct CodecBlockTests {
  private static let nms = [0x22, 0x23, 0x24].map { SF_FORMAT_WAV | $0 }.filter { format in
    var info = SF_INFO()
    (info.samplerate, info.channels, info.format) = (8_000, 1, Int32(format))
    return sf_format_check(&info) == 1
  }

  private static let unknown: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]

  @Test(
    arguments: [
      SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, SF_FORMAT_WAV | SF_FORMAT_GSM610,
      SF_FORMAT_WAV | SF_FORMAT_G721_32, SF_FORMAT_AU | SF_FORMAT_G721_32, SF_FORMAT_AU | SF_FORMAT_G723_24,
      SF_FORMAT_AU | SF_FORMAT_G723_40,
    ] + nms)
  func blocksOfUnknownNumberEndWithTheirBytes(format: Int) throws {
    let bytes = try written(format, tone(10_000))
    let whole = try Heard.file(bytes)
    #expect(whole.parts.first?.samples.count ?? 0 >= 10_000)
    #expect(whole.errors.isEmpty)
    var open = bytes
    if format & SF_FORMAT_TYPEMASK == SF_FORMAT_AU {
      open.replaceSubrange(8..<12, with: Self.unknown)
    } else {
      let place = try #require(bytes.indices.first { bytes[$0...].starts(with: "data".utf8) })
      open.replaceSubrange(place + 4..<place + 8, with: Self.unknown)
      open.replaceSubrange(4..<8, with: Self.unknown)
    }
    // A reader that asks for much at once, and one that asks for little.
    for bytes in [bytes, open] {
      for heard in [
        try Heard.file(bytes), try .file(bytes, chunk: 4_096), try .file(bytes, isGrowing: true),
        try .pipe(bytes, piece: 100), try .pipe(bytes, piece: 5, chunk: 30_000),
      ] {
        #expect(heard.parts.elementsEqual(whole.parts))
        #expect(heard.errors.isEmpty)
      }
    }
  }

  /// A recording whose last block is cut: how many frames are lost with so many bytes. Counted by hand: a block of IMA
  /// begins with four bytes for a channel and goes on in fours of eight frames, one of MS with seven, and so on.
  @Test(
    arguments: [
      (SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 1, [1: 8, 33: 72]),
      (SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, 2, [1: 8, 33: 40]),
      (SF_FORMAT_W64 | SF_FORMAT_IMA_ADPCM, 1, [1: 8, 33: 72]),
      (SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, 1, [1: 2, 33: 66]),
      (SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, 2, [1: 2, 33: 34]),
      (SF_FORMAT_WAV | SF_FORMAT_GSM610, 1, [1: 320, 33: 320]),
      (SF_FORMAT_AIFF | SF_FORMAT_IMA_ADPCM, 1, [1: 2, 33: 64]),
      (SF_FORMAT_AIFF | SF_FORMAT_IMA_ADPCM, 2, [1: 64, 33: 64]),
      (SF_FORMAT_AU | SF_FORMAT_G721_32, 1, [1: 2, 33: 66]), (SF_FORMAT_AU | SF_FORMAT_G723_24, 1, [1: 8, 33: 88]),
      (SF_FORMAT_AU | SF_FORMAT_G723_40, 1, [1: 8, 33: 56]),
    ] as [(Int, Int32, [Int: Int])])
  func aPartOfABlockGivesWhatIsInIt(format: Int, channels: Int32, lost: [Int: Int]) throws {
    let bytes = try written(format, tone(10_000 * Int(channels)), channels: channels)
    let whole = try #require(try Heard.file(bytes).parts.first).samples
    for (cut, frames) in lost {
      let rest = Array(bytes.dropLast(cut))
      for heard in [try Heard.file(rest), try .file(rest, chunk: 4_096), try .pipe(rest, piece: 77)] {
        #expect(heard.parts.first?.samples.elementsEqual(whole.dropLast(frames)) == true)
        #expect(heard.errors.count == 1)
        guard case .truncated? = heard.errors.first else {
          Issue.record("\(heard.errors)")
          continue
        }
      }
    }
  }
}
