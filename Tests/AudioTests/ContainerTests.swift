import CSndFile
import Foundation
import TestSupport
import Testing

@testable import Audio

/// Every container, from file and pipe: the same samples or the same refusal.
struct ContainerTests {
  @Test(
    arguments: [
      SF_FORMAT_WAV | SF_FORMAT_PCM_U8, SF_FORMAT_WAV | SF_FORMAT_PCM_24, SF_FORMAT_WAV | SF_FORMAT_PCM_32,
      SF_FORMAT_WAV | SF_FORMAT_FLOAT, SF_FORMAT_WAV | SF_FORMAT_DOUBLE, SF_FORMAT_WAV | SF_FORMAT_ULAW,
      SF_FORMAT_WAV | SF_FORMAT_ALAW, SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
      SF_FORMAT_WAV | SF_FORMAT_GSM610, SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, SF_FORMAT_RF64 | SF_FORMAT_PCM_24,
      SF_FORMAT_WAV | SF_ENDIAN_BIG | SF_FORMAT_PCM_16, SF_FORMAT_W64 | SF_FORMAT_PCM_16,
      SF_FORMAT_W64 | SF_FORMAT_FLOAT, SF_FORMAT_AIFF | SF_FORMAT_PCM_S8, SF_FORMAT_AIFF | SF_FORMAT_PCM_24,
      SF_FORMAT_AIFF | SF_ENDIAN_LITTLE | SF_FORMAT_PCM_16, SF_FORMAT_AIFF | SF_FORMAT_FLOAT,
      SF_FORMAT_AIFF | SF_FORMAT_IMA_ADPCM, SF_FORMAT_AU | SF_FORMAT_PCM_32, SF_FORMAT_AU | SF_FORMAT_ULAW,
      SF_FORMAT_AU | SF_FORMAT_G721_32, SF_FORMAT_AU | SF_FORMAT_G723_24, SF_FORMAT_AU | SF_FORMAT_G723_40,
      SF_FORMAT_WAV | SF_FORMAT_G721_32,
      SF_FORMAT_W64 | SF_FORMAT_IMA_ADPCM, SF_FORMAT_W64 | SF_FORMAT_MS_ADPCM, SF_FORMAT_W64 | SF_FORMAT_GSM610,
      SF_FORMAT_AIFF | SF_FORMAT_GSM610,
      SF_FORMAT_AU | SF_ENDIAN_LITTLE | SF_FORMAT_PCM_16,
      SF_FORMAT_FLAC | SF_FORMAT_PCM_24, SF_FORMAT_OGG | SF_FORMAT_VORBIS, SF_FORMAT_CAF | SF_FORMAT_PCM_16,
      SF_FORMAT_CAF | SF_FORMAT_ALAC_16, SF_FORMAT_NIST | SF_FORMAT_PCM_16, SF_FORMAT_VOC | SF_FORMAT_PCM_16,
      SF_FORMAT_IRCAM | SF_FORMAT_PCM_16, SF_FORMAT_SVX | SF_FORMAT_PCM_16, SF_FORMAT_PAF | SF_FORMAT_PCM_16,
      SF_FORMAT_PVF | SF_FORMAT_PCM_16, SF_FORMAT_MAT4 | SF_FORMAT_PCM_16, SF_FORMAT_MAT5 | SF_FORMAT_PCM_16,
      SF_FORMAT_XI | SF_FORMAT_DPCM_16, SF_FORMAT_SDS | SF_FORMAT_PCM_16, SF_FORMAT_AVR | SF_FORMAT_PCM_16,
      SF_FORMAT_HTK | SF_FORMAT_PCM_16, SF_FORMAT_MPC2K | SF_FORMAT_PCM_16, SF_FORMAT_WVE | SF_FORMAT_ALAW,
    ])
  func fileAndPipeGiveTheSame(format: Int) throws {
    let rate: Int32 = format & SF_FORMAT_TYPEMASK == SF_FORMAT_WVE ? 8_000 : 16_000
    let bytes = try written(format, tone(10_000), sampleRate: rate)
    // What the library itself makes of the file.
    let file = try TemporaryFile(bytes)
    var info = SF_INFO()
    let handle = try #require(sf_open(file.path, Int32(SFM_READ), &info))
    defer { sf_close(handle) }
    var samples = [Float](repeating: 0, count: Int(info.frames))
    #expect(sf_readf_float(handle, &samples, info.frames) == info.frames)
    #expect(samples.count >= 9_900)
    for heard in [
      try Heard.file(bytes), try .pipe(bytes), try .pipe(bytes, assumesSamples: false, piece: 5, chunk: 100),
    ] {
      #expect(heard.holds([samples]))
      #expect(heard.parts.first?.sampleRate == Int(info.samplerate))
      #expect(heard.errors.isEmpty && heard.notices.isEmpty)
    }
  }

  private static let readsMP3: Bool = {
    var info = SF_INFO()
    (info.samplerate, info.channels, info.format) = (44_100, 1, 0x23_0082)
    return sf_format_check(&info) == 1
  }()

  /// MPEG-1, MPEG-2 and MPEG-2.5 have other first bytes.
  @Test(.enabled(if: readsMP3), arguments: [48_000, 44_100, 24_000, 16_000, 8_000] as [Int32], [1, 2] as [Int32])
  func mp3IsTheSameFromFileAndPipe(rate: Int32, channels: Int32) throws {
    let plain = try written(0x23_0082, tone(20_000), sampleRate: rate, channels: channels)
    let begin = try #require(plain.indices.first { MPEGFrame.begins(plain[$0...], isWhole: true) })
    let bare = Array(plain[begin...])
    let file = try TemporaryFile(bare)
    var info = SF_INFO()
    let handle = try #require(sf_open(file.path, Int32(SFM_READ), &info))
    defer { sf_close(handle) }
    var samples = [Float](repeating: 0, count: 60_000)
    let frames = Int(sf_readf_float(handle, &samples, sf_count_t(60_000 / Int(channels))))
    samples.removeLast(samples.count - frames * Int(channels))
    var wanted: [Float] = []
    for first in stride(from: 0, to: samples.count, by: Int(channels)) {
      wanted.append(channels == 1 ? samples[first] : (samples[first] + samples[first + 1]) * 0.5)
    }
    #expect(wanted.count >= 20_000 / Int(channels))
    // A tag in front, longer than anything that is looked at, and one behind.
    let size = 70_000
    let length: [UInt8] = [0, UInt8(size >> 14), UInt8(size >> 7 & 0x7F), UInt8(size & 0x7F)]
    let tag: [UInt8] = Array("ID3".utf8) + [3, 0, 0] + length + [UInt8](repeating: 0x55, count: size)
    let trailer: [UInt8] = Array("TAG".utf8) + [UInt8](repeating: 0, count: 125)
    let tagged = tag + bare + trailer
    for bytes in [bare, tagged] {
      for heard in [try Heard.file(bytes), try .pipe(bytes, piece: 500)] {
        #expect(heard.holds([wanted]))
        #expect(heard.errors.isEmpty)
      }
    }
    // One after another, of the same kind and of another.
    let other = try written(0x23_0082, tone(9_000), sampleRate: 32_000)
    let counts = [wanted.count, wanted.count, try Heard.file(other).parts[0].samples.count]
    for heard in [try Heard.file(bare + tagged + other), try .pipe(bare + tagged + other, piece: 700)] {
      #expect(heard.parts.map(\.samples.count) == counts)
    }
  }

  /// As whoever records a station or cuts a file leaves it: the first frame is broken, or stands behind something else.
  @Test(.enabled(if: readsMP3), arguments: [44_100, 16_000] as [Int32])
  func mp3IsFoundBehindTheRestOfAFrameAndBehindFilling(rate: Int32) throws {
    let plain = try written(0x23_0082, tone(30_000), sampleRate: rate)
    let begin = try #require(plain.indices.first { MPEGFrame.begins(plain[$0...], isWhole: true) })
    let bare = Array(plain[begin...])
    let frame = try #require(MPEGFrame(bare)).length
    let wanted = try Heard.file(Array(bare[frame...])).parts[0].samples
    #expect(wanted.count > 20_000)
    for (bytes, left) in [
      (Array(bare[40...]), frame - 40),
      ([UInt8](repeating: 0, count: 417) + bare[frame...], 417),
    ] {
      for heard in [try Heard.file(bytes), try .pipe(bytes, piece: 300)] {
        #expect(heard.holds([wanted]))
        #expect(heard.parts.map(\.container) == ["MP3"] && heard.errors.isEmpty)
        #expect(
          heard.notices == ["it begins within MP3; \(left) bytes in front of the first whole frame are left out"])
      }
      #expect(SoundSignature.isSound(bytes.prefix(SoundSignature.certainLength), isWhole: false))
    }
    let item = SoundBytes.little(UInt32(4)) + [0, 0, 0, 0] + Array("Year".utf8) + [0] + Array("1999".utf8)
    let numbers = SoundBytes.little(UInt32(2_000)) + SoundBytes.little(UInt32(item.count + 32)) + [1, 0, 0, 0]
    let ends = [0xA0, 0x80].map { Array("APETAGEX".utf8) + numbers + [0, 0, 0, $0] + [UInt8](repeating: 0, count: 8) }
    let tagged = ends[0] + item + ends[1] + bare[frame...]
    for heard in [try Heard.file(tagged), try .pipe(tagged)] {
      #expect(heard.holds([wanted]) && heard.notices.isEmpty && heard.errors.isEmpty)
    }
    #expect(SoundSignature.isSound(tagged, isWhole: true))
  }

  @Test func aFrameOfMPEGSaysHowLongItIs() throws {
    // MPEG-1 layer III, 64 kbit/s, 44.1 kHz, mono, with a checksum; the same of MPEG-2 at 24 kbit/s and 16 kHz.
    let checked = try #require(MPEGFrame([0xFF, 0xFA, 0x50, 0xC4] as [UInt8]))
    #expect((checked.version, checked.layer, checked.sampleRate, checked.length) == (1, 3, 44_100, 208))
    #expect(checked.isMono)
    let second = try #require(MPEGFrame([0xFF, 0xF3, 0x38, 0xC4] as [UInt8]))
    #expect((second.version, second.layer, second.sampleRate, second.length) == (2, 3, 16_000, 108))
    // Layer II at 192 kbit/s and layer I at 384, both at 48 kHz.
    #expect(MPEGFrame([0xFF, 0xFD, 0xA4, 0] as [UInt8])?.length == 576)
    #expect(MPEGFrame([0xFF, 0xFF, 0xC4, 0] as [UInt8])?.length == 384)
    // A layer, rates or a version that there are not.
    for bytes in [[0xFF, 0xF1, 0x50, 0], [0xFF, 0xFB, 0xF0, 0], [0xFF, 0xFB, 0x5C, 0], [0xFF, 0xEB, 0x50, 0]]
      as [[UInt8]]
    {
      #expect(MPEGFrame(bytes) == nil)
    }
    // A sample of -1025 and others are no MPEG audio.
    let samples = SoundBytes.samples([-1_025, -16_304, 3, -1_025, 5, 6] + values)
    #expect(SoundSignature(samples) == nil)
    #expect(try Heard.pipe(samples).holds([read([-1_025, -16_304, 3, -1_025, 5, 6] + values)]))
  }

  @Test(
    arguments: [
      ("Matroska or WebM", [0x1A, 0x45, 0xDF, 0xA3, 0x9F, 0x42, 0x86]),
      ("MP4 or QuickTime", Array("\0\0\0\u{20}ftypM4A ".utf8)),
      ("QuickTime", Array("\0\0\u{8}\0wide\0\0".utf8)),
      ("ASF or WMA", [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]),
      ("AVI", Array("RIFF\u{8}\0\0\0AVI LIST".utf8)), ("AMR", Array("#!AMR\n".utf8)), ("WavPack", Array("wvpk".utf8)),
      (
        "MPEG transport stream",
        [0x47] + [UInt8](repeating: 0, count: 187) + [0x47] + [UInt8](repeating: 1, count: 187) + [0x47]
      ),
      (
        "AAC (ADTS)",
        (0..<3).flatMap { _ in [0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC] + [UInt8](repeating: 9, count: 9) }
      ),
      ("DSF", Array("DSD ".utf8)), ("Monkey's Audio", Array("MAC ".utf8)), ("Flash video", [0x46, 0x4C, 0x56, 0x01]),
    ] as [(String, [UInt8])])
  func containersThatNobodyReadsAreNamedAndRefused(name: String, head: [UInt8]) throws {
    let bytes = head + [UInt8](repeating: 0x11, count: 4_000)
    for heard in [try Heard.file(bytes), try .pipe(bytes, piece: 3)] {
      #expect(heard.parts.isEmpty)
      #expect(heard.errors == [.foreign(name)])
    }
    // The same behind a tag, as radio stations send it.
    let tagged = Array("ID3".utf8) + [4, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4] + bytes
    #expect(try Heard.pipe(tagged).errors == [.foreign(name)])
    let error = AudioError(source: "x", reason: .foreign(name))
    #expect(error.description.contains("ffmpeg"))
    #expect(SoundSignature.isSound(bytes, isWhole: true))
  }

  /// From a pipe they would otherwise be samples: noise, in which a model hears words.
  @Test(
    arguments: [
      ("gzip", "gunzip", [0x1F, 0x8B, 0x08, 0]), ("Zstandard", "zstd -d", [0x28, 0xB5, 0x2F, 0xFD]),
      ("xz", "xz -d", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]),
      ("bzip2", "bzip2 -d", Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]),
      ("LZ4", "lz4 -d", [0x04, 0x22, 0x4D, 0x18]), ("LZ4", "lz4 -d", [0x02, 0x21, 0x4C, 0x18]),
      ("compress", "gunzip", [0x1F, 0x9D, 0x90]), ("lzip", "lzip -d", Array("LZIP".utf8) + [1]),
      ("lzop", "lzop -d", [0x89, 0x4C, 0x5A, 0x4F, 0, 0x0D]), ("7-Zip", "7z x", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
      ("Snappy", "snzip -d", [0xFF, 6, 0, 0] + Array("sNaPpY".utf8)),
      ("RAR", "unrar x", Array("Rar!".utf8) + [0x1A, 7]),
      ("ZIP", "unzip", [0x50, 0x4B, 3, 4]),
      ("tar", "tar -x", [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8)),
    ] as [(String, String, [UInt8])])
  func whatIsPackedIsToldWhatUnpacksIt(name: String, remedy: String, head: [UInt8]) throws {
    let bytes = head + [UInt8](repeating: 0x97, count: 4_000)
    for heard in [try Heard.file(bytes), try .pipe(bytes, piece: 3)] {
      #expect(heard.parts.isEmpty)
      guard case .packed(let finding, let told)? = heard.errors.first else {
        Issue.record("\(name) was read as \(heard)")
        return
      }
      #expect(finding.contains(name) && told.contains(remedy))
      let error = AudioError(source: "x", reason: .packed(finding: finding, remedy: told))
      #expect(error.description == "x: \(finding); \(told)" && error.kind == .badInput)
    }
    // Events may be packed too.
    #expect(!SoundSignature.isSound(bytes, isWhole: true))
  }

  @Test func aHeaderWithoutARateIsToldInWordsOfSound() throws {
    var bytes = WaveBytes(sampleRate: 16_000).file([Float](repeating: 0.1, count: 100))
    bytes.replaceSubrange(24..<28, with: [0, 0, 0, 0])
    for heard in [try Heard.file(bytes), try .pipe(bytes)] {
      #expect(heard.errors == [.unrecognised("its header names no rate of samples")])
    }
  }

  @Test(arguments: [
    "<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>Not found</body></html>",
    "{\"error\": \"the file that you have asked for is not here; ask for another one\", \"code\": 404}",
    "% evt 3.0\n% format EVT3;height=720;width=1280\n% generation 4.2\n% end\n and so on and on",
    "#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n",
  ])
  func whatIsNoSoundIsRefusedAndNotTakenForSamples(text: String) throws {
    for heard in [try Heard.file(Array(text.utf8)), try .pipe(Array(text.utf8))] {
      guard case .unrecognised(let why)? = heard.errors.first else {
        Issue.record("read as \(heard)")
        return
      }
      #expect(why.contains(text.hasPrefix("%") || text.hasPrefix("#") ? "event recording" : "text"))
    }
    #expect(!SoundSignature.isSound(Array(text.utf8), isWhole: true))
  }

  @Test func whatIsTakenForGrantedIsTold() throws {
    let heard = try Heard.pipe(SoundBytes.samples(values))
    #expect(heard.holds([read(values)]))
    #expect(heard.notices == ["it has no header and is taken as s16le:16000:1; set raw if it is something else"])
    #expect(try Heard.pipe(SoundBytes.samples(values), options: SoundReadingOptions(raw: "s16le")).notices.isEmpty)
    #expect(try Heard.pipe(SoundBytes.samples(values), assumesSamples: false).errors.count == 1)
  }
}
