import CSndFile
import Foundation
import TestSupport
import Testing

@testable import Audio

struct SoundFileReaderTests {
  static func drain(_ reader: SoundFileReader, chunk: Int = 100) -> (samples: [Float], error: AudioError?) {
    var samples: [Float] = []
    do throws(AudioError) {
      while true {
        let next = try reader.read(count: chunk)
        if next.isEmpty { return (samples, nil) }
        samples += next
      }
    } catch {
      return (samples, error)
    }
  }

  static let ramp = (0..<1_000).map { Float($0) / 1_024 }

  @Test func floatSamplesComeBackExactly() throws {
    let file = try TemporaryFile(WaveBytes(isFloat: true).file(Self.ramp))
    let reader = try SoundFileReader(.path(file.path))
    #expect(reader.sampleRate == 16_000)
    #expect(Self.drain(reader, chunk: 7).samples == Self.ramp)
  }

  @Test func channelsAreAveraged() throws {
    let interleaved: [Float] = [1, 0, 0, 1, 0.5, 0.25]
    let file = try TemporaryFile(WaveBytes(channels: 2, isFloat: true).file(interleaved))
    #expect(Self.drain(try SoundFileReader(.path(file.path))).samples == [0.5, 0.5, 0.375])
  }

  @Test(arguments: [1, 5, 4_000])
  func pipeGivesTheSamplesOfTheFile(piece: Int) throws {
    let pipe = try FilledPipe(WaveBytes(isFloat: true).file(Self.ramp), piece: piece)
    defer { close(pipe.readEnd) }
    let reader = try SoundFileReader(.descriptor(pipe.readEnd, name: "standard input"))
    let (samples, error) = Self.drain(reader)
    #expect(samples == Self.ramp)
    #expect(error == nil)
  }

  @Test(arguments: [
    ("flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16), ("ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS),
    ("au", SF_FORMAT_AU | SF_FORMAT_PCM_16),
  ])
  func compressedFormatsAreTheSameFromFileAndPipe(format: (String, Int)) throws {
    let file = try TemporaryFile([], extension: format.0)
    var info = SF_INFO()
    (info.samplerate, info.channels, info.format) = (16_000, 1, Int32(format.1))
    let handle = try #require(sf_open(file.path, Int32(SFM_WRITE), &info))
    let tone = (0..<30_000).map { Float(sin(Double($0) * 0.1)) * 0.5 }
    #expect(sf_writef_float(handle, tone, 30_000) == 30_000)
    sf_close(handle)

    let fromFile = Self.drain(try SoundFileReader(.path(file.path)))
    #expect(fromFile.samples.count == 30_000 && fromFile.error == nil)
    let pipe = try FilledPipe(Array(Data(contentsOf: URL(fileURLWithPath: file.path))), piece: 777)
    defer { close(pipe.readEnd) }
    let fromPipe = Self.drain(try SoundFileReader(.descriptor(pipe.readEnd, name: "-")))
    #expect(fromPipe.samples == fromFile.samples)
    #expect(fromPipe.error == nil)
  }

  /// Whether this machine's libsndfile reads MP3 (1.1.0 or newer).
  private static let readsMP3: Bool = {
    var info = SF_INFO()
    (info.samplerate, info.channels, info.format) = (44_100, 1, 0x23_0082)
    return sf_format_check(&info) == 1
  }()

  @Test(.enabled(if: readsMP3)) func mp3LengthIsAnEstimateAndNoFault() throws {
    // 0.15 s of a tone as SoX writes it; without a header the library guesses a length beyond the last frame.
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/tone.mp3")
    let (samples, error) = Self.drain(try SoundFileReader(.path(path.path)))
    #expect(samples.count == 8_064)
    #expect(error == nil)
  }

  @Test func headerlessPipeIsReadAsTheAssumedPCM() throws {
    let bytes = [Int16(0), 16_384, -32_768, 8_192].flatMap { WaveBytes.little(UInt16(bitPattern: $0)) }
    let pipe = try FilledPipe(bytes, piece: 3)
    defer { close(pipe.readEnd) }
    let reader = try SoundFileReader(.descriptor(pipe.readEnd, name: "-"), assumesSamples: true)
    #expect(Self.drain(reader).samples == [0, 0.5, -1, 0.25])
  }

  @Test func forcedRawReadsEvenAHeaderAsSamples() throws {
    let file = try TemporaryFile(WaveBytes().file([0, 0]))
    let reader = try SoundFileReader(.path(file.path), options: SoundReadingOptions(raw: "s16le:8000:2"))
    #expect(reader.sampleRate == 8_000)
    #expect(Self.drain(reader).samples.count == 12)
  }

  @Test func cutFileGivesWhatIsThereAndThenSaysSo() throws {
    let whole = WaveBytes().file(Self.ramp)
    let file = try TemporaryFile(Array(whole.dropLast(1_000)))
    let (samples, error) = Self.drain(try SoundFileReader(.path(file.path)))
    #expect(samples.count == 500)
    #expect(
      error
        == AudioError(
          source: file.path, reason: .truncated("its header promises 2000 bytes where 1000 are"), frame: 500))
  }

  @Test func cutPipeGivesWhatIsThereAndThenSaysSo() throws {
    let pipe = try FilledPipe(Array(WaveBytes().file(Self.ramp).dropLast(1_000)), piece: 50)
    defer { close(pipe.readEnd) }
    let (samples, error) = Self.drain(try SoundFileReader(.descriptor(pipe.readEnd, name: "-")))
    #expect(samples.count == 500)
    #expect(
      error == AudioError(source: "-", reason: .truncated("its header promises 2000 bytes where 1000 are"), frame: 500))
  }

  @Test(arguments: [UInt32.max, 0x7FFF_FFFE])
  func lengthUnknownToTheWriterIsNoFault(claim: UInt32) throws {
    let pipe = try FilledPipe(WaveBytes(claimedBytes: claim).file(Self.ramp), piece: 50)
    defer { close(pipe.readEnd) }
    let (samples, error) = Self.drain(try SoundFileReader(.descriptor(pipe.readEnd, name: "-")))
    #expect(samples.count == 1_000)
    #expect(error == nil)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, 2e6], [1, 7, 4_096])
  func badSampleIsNamedAfterTheGoodOnes(value: Float, chunk: Int) throws {
    var samples = Self.ramp
    samples[313] = value
    let file = try TemporaryFile(WaveBytes(isFloat: true).file(samples))
    let (good, error) = Self.drain(try SoundFileReader(.path(file.path)), chunk: chunk)
    #expect(good == Array(samples[..<313]))
    #expect(error?.frame == 313)
    guard case .badSample(let found, AudioLimits.amplitude)? = error?.reason else {
      Issue.record("reason is \(String(describing: error?.reason))")
      return
    }
    #expect(found.bitPattern == value.bitPattern || (found.isNaN && value.isNaN))
  }

  @Test func oneHundredChannelsAreTooMany() throws {
    let file = try TemporaryFile(WaveBytes(channels: 100).file([Float](repeating: 0, count: 1_000)))
    #expect(throws: AudioError(source: file.path, reason: .tooManyChannels(100, limit: 64))) {
      _ = try SoundFileReader(.path(file.path))
    }
  }

  @Test(arguments: [UInt32(1), 999, 10_000_000])
  func absurdRateIsRefused(rate: UInt32) throws {
    let file = try TemporaryFile(WaveBytes(sampleRate: rate).file(Self.ramp))
    #expect(throws: AudioError(source: file.path, reason: .sampleRate(Int(rate), allowed: 1_000...768_000))) {
      _ = try SoundFileReader(.path(file.path))
    }
  }

  @Test func missingEmptyFolderAndForeignFilesAreToldApart() throws {
    func reason(_ path: String) -> AudioError.Reason? {
      do throws(AudioError) {
        _ = try SoundFileReader(.path(path))
        return nil
      } catch {
        return error.reason
      }
    }
    #expect(reason("/nonexistent/x.wav") == .cannotOpen("No such file or directory"))
    #expect(reason(NSTemporaryDirectory()) == .cannotOpen("it is a folder"))
    #expect(reason(try TemporaryFile([]).path) == .cannotOpen("No such file or directory"))
    let empty = try TemporaryFile([])
    #expect(reason(empty.path) == .empty)
    let text = try TemporaryFile(Array("not a sound at all, by no means".utf8))
    #expect(reason(text.path) == .unrecognised("it looks like text"))
    let noise = try TemporaryFile((0..<2_000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7 &+ 200) })
    #expect(reason(noise.path) == .unrecognised("Format not recognised"))
    let header = try TemporaryFile(WaveBytes().file([]))
    #expect(Self.drain(try SoundFileReader(.path(header.path))).error?.reason == .noSamples)
  }

  @Test func zeroChannelsAreRefused() throws {
    let file = try TemporaryFile(WaveBytes(channels: 0).file(Self.ramp))
    #expect(throws: AudioError.self) { _ = try SoundFileReader(.path(file.path)) }
  }
}
