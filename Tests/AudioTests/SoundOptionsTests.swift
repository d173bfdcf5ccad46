import Foundation
import TestSupport
import Testing

@testable import Audio

/// Which channel, how loud, and what is told about levels.
struct SoundOptionsTests {
  /// Three channels: a tone, a quiet one and a third.
  private let frames = (0..<8_000).flatMap { index -> [Float] in
    let swing = Float(sin(Double(index) * 0.2))
    return [0.5 * swing, 0.01 * Float(cos(Double(index) * 0.31)), 0.25 + 0.1 * swing]
  }

  private func channel(_ number: Int) -> [Float] {
    stride(from: number, to: frames.count, by: 3).map { frames[$0] }
  }

  @Test func oneChannelIsTakenAsItIs() throws {
    let bytes = WaveBytes(channels: 3, isFloat: true).file(frames)
    for number in 0..<3 {
      let options = SoundReadingOptions(channel: number)
      #expect(try Heard.file(bytes, options: options).holds([channel(number)]))
      #expect(try Heard.pipe(bytes, options: options).holds([channel(number)]))
    }
    let missing = try Heard.file(bytes, options: SoundReadingOptions(channel: 3))
    #expect(missing.errors == [.noSuchChannel(3, channels: 3)])
    let raw = SoundReadingOptions(raw: "f32le:16000:3", channel: 1)
    #expect(try Heard.pipe(Array(bytes.dropFirst(44)), options: raw).holds([channel(1)]))
  }

  @Test(arguments: [-20.0, 6, 40])
  func gainMakesLouderByDecibels(gain: Double) throws {
    let bytes = WaveBytes(channels: 3, isFloat: true).file(frames)
    let factor = Float(pow(10, gain / 20))
    let plain = try Heard.file(bytes).parts[0].samples
    let heard = try Heard.pipe(bytes, options: SoundReadingOptions(gain: gain)).parts[0].samples
    #expect(heard == plain.map { $0 * factor })
    let one = try Heard.file(bytes, options: SoundReadingOptions(channel: 1, gain: gain)).parts[0].samples
    #expect(one == channel(1).map { $0 * factor })
  }

  @Test(arguments: [0.0, -20, 6])
  func theUnmixedPowerIsThatOfWhatIsHeard(gain: Double) throws {
    let file = try TemporaryFile(WaveBytes(channels: 3, isFloat: true).file(frames))
    let reader = try SoundFileReader(.path(file.path), options: SoundReadingOptions(gain: gain))
    #expect(try reader.read(count: 4_000).count == 4_000)
    let power = frames[..<12_000].reduce(0.0) { $0 + Double($1 * $1) } / 12_000
    // A gain of decibels is one of the power.
    #expect(abs(10 * log10(Double(try #require(reader.unmixedPower)) / power) - gain) < 0.01)
  }

  @Test func channelsThatCancelAreTold() throws {
    let swing = channel(0)
    func told(_ second: (Float) -> Float, options: SoundReadingOptions = SoundReadingOptions()) throws -> [String] {
      let bytes = WaveBytes(channels: 2, isFloat: true).file(swing.flatMap { [$0, second($0)] })
      let notices = try Heard.file(bytes, options: options).notices
      #expect(try Heard.pipe(bytes, options: options).notices == notices)
      return notices
    }
    #expect(
      try told { -$0 } == [
        "its 2 channels cancel one another where they are mixed, nothing of it is left; set channel to listen to one of them"
      ])
    #expect(try told { -0.9 * $0 }.first?.contains("26 dB of it are lost") == true)
    #expect(try told { $0 }.isEmpty)
    #expect(try told { _ in 0 }.isEmpty)
    #expect(try told { -0.2 * $0 }.isEmpty)
    #expect(try told({ -$0 }, options: SoundReadingOptions(channel: 0)).isEmpty)
  }

  @Test func levelsAreMeasuredWithoutTheirOffset() throws {
    var level = SoundLevel()
    level.add(channel(2))
    #expect(abs(level.offset - 0.25) < 1e-3)
    #expect(abs(try #require(level.decibels) - 20 * log10(0.1 / 2.0.squareRoot())) < 0.01)
    #expect(abs(try #require(level.peakDecibels) - 20 * log10(0.35)) < 0.01)
    var constant = SoundLevel()
    constant.add([Float](repeating: 0.1, count: 1_000))
    #expect(constant.decibels == nil)
    #expect(abs(constant.offset - 0.1) < 1e-6)
    #expect(SoundLevel().decibels == nil && SoundLevel().peakDecibels == nil)
  }

  @Test func quietSpeechIsAdvisedAbout() {
    #expect(
      SoundLevel.advice(decibels: -60) == "quiet: if this is speech, a gain of 34 dB makes it as loud as it should be")
    for level in [nil, -120, -95, -44, -20, 0] as [Double?] { #expect(SoundLevel.advice(decibels: level) == nil) }
  }

  @Test func aSummarySaysWhatIsInASound() throws {
    let wave = WaveBytes(channels: 3, isFloat: true).file(frames)
    let file = try TemporaryFile(wave + SoundBytes.au(values, sampleRate: 8_000, claiming: 9_000))
    let options = SoundReadingOptions(channel: 0, gain: 6)
    let (summary, failure) = SoundSummary.read(
      try SoundFileReader(.path(file.path), options: SoundReadingOptions()), options: options)
    #expect(summary.recordings.map(\.container) == ["WAV", "AU"])
    #expect(summary.recordings.map(\.encoding) == ["f32le", "s16be"])
    #expect(summary.recordings.map(\.sampleRate) == [16_000, 8_000])
    #expect(summary.recordings.map(\.frames) == [8_000, 3_000])
    #expect(summary.recordings.map(\.seconds) == [0.5, 0.375])
    let first = summary.recordings[0]
    #expect(first.channels.map { ($0.decibels ?? 0).rounded() } == [-9, -43, -23])
    #expect(abs(first.channels[2].offset - 0.25) < 1e-3)
    #expect(abs((first.heard.decibels ?? 0) - (first.channels[0].decibels ?? 0) - 6) < 0.01)
    #expect(failure?.reason == .truncated("its header promises 9000 bytes where 6000 are"))
    #expect(summary.problem == failure?.description)
  }

  @Test func aSampleThatIsNoNumberCostsNoMoreThanItsBlock() throws {
    var samples = channel(0)
    samples[313] = .nan
    let bytes = WaveBytes(isFloat: true).file(samples)
    let file = try TemporaryFile(bytes)
    let reader = try SoundFileReader(.path(file.path))
    var heard: [Float] = []
    #expect(throws: AudioError.self) { while true { heard += try reader.read(count: 160) } }
    #expect(heard == Array(samples[..<313]))
    // Reading again goes on behind the block.
    #expect(try reader.read(count: 160) == Array(samples[320..<480]))
    #expect(reader.framesRead == 480)
  }
}
