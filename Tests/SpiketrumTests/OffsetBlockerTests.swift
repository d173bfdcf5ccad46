import Foundation
import Numerics
import SoundEncoders
import TestSupport
import Testing

@testable import Spiketrum

/// A constant offset is no sound.
struct OffsetBlockerTests {
  private static let rate = 8_000
  private static let speech = voice(samples: 8_000, sampleRate: rate)

  private static func configuration(_ highPass: Double? = SpiketrumConfiguration.usualHighPassFrequency)
    -> SpiketrumConfiguration
  {
    SpiketrumConfiguration(
      sampleRate: rate, highPassFrequency: highPass, lowestFrequency: 80, spikesPerSecond: 500)
  }

  private static func spikes(_ sequence: SpikeSequence) -> Int { sequence.channels.count }

  @Test(arguments: [0.1, -0.1, 0.5] as [Float])
  func anOffsetAloneIsSilence(offset: Float) throws {
    let sound = [Float](repeating: offset, count: 16_000)
    #expect(Self.spikes(try SpiketrumEncoder(Self.configuration()).encode(sound)) == 0)
    // Without the filter every window finds it.
    let unfiltered = Self.spikes(try SpiketrumEncoder(Self.configuration(nil)).encode(sound))
    #expect(unfiltered > 20, "\(unfiltered)")
  }

  @Test func speechOnAnOffsetGivesTheSpikesOfSpeech() throws {
    let encoder = try SpiketrumEncoder(Self.configuration())
    let plain = encoder.encode(Self.speech)
    let shifted = encoder.encode(Self.speech.map { $0 + 0.1 })
    #expect(Self.spikes(plain) > 200)
    // Sums of floats are rounded elsewhere: a spike may move now and then, no more.
    var same = 0
    for step in 0..<plain.steps {
      let (left, right) = (plain.range(ofStep: step), shifted.range(ofStep: step))
      if plain.channels[left].elementsEqual(shifted.channels[right]) { same += 1 }
    }
    #expect(plain.steps == shifted.steps && Double(same) > 0.97 * Double(plain.steps))
  }

  @Test(arguments: [1, 7, 80, 8_000])
  func piecesDoNotShow(piece: Int) throws {
    let sound = Self.speech.map { $0 + 0.2 }
    var blocker = OffsetBlocker(frequency: 20, sampleRate: Self.rate)
    var (output, part) = ([Float](), [Float]())
    for begin in stride(from: 0, to: sound.count, by: piece) {
      blocker.process(sound[begin..<min(sound.count, begin + piece)].span, into: &part)
      output += part
    }
    #expect(output == withoutOffset(sound, frequency: 20, sampleRate: Self.rate))
    var empty = OffsetBlocker(frequency: 20, sampleRate: Self.rate)
    empty.process([Float]().span, into: &part)
    empty.process(sound.span, into: &part)
    #expect(part == output)
  }

  @Test func whatIsHeardPassesAndWhatStandsDoesNot() {
    func level(_ frequency: Double) -> Double {
      let sound = (0..<16_000).map { Float(sin(2 * .pi * frequency * Double($0) / Double(Self.rate))) }
      let output = withoutOffset(sound, frequency: 20, sampleRate: Self.rate).dropFirst(8_000)
      return (output.reduce(0) { $0 + Double($1 * $1) } / 8_000 * 2).squareRoot()
    }
    #expect(abs(level(20) - 0.5.squareRoot()) < 0.01)
    #expect(level(100) > 0.97 && level(1_000) > 0.999 && level(2) < 0.11)
    // It begins without a step, and comes to nothing in the end.
    let constant = withoutOffset([Float](repeating: 0.5, count: 100), frequency: 20, sampleRate: Self.rate)
    #expect(constant.allSatisfy { $0 == 0 })
    let jump = withoutOffset([0, 0.5] + [Float](repeating: 0.5, count: 20_000), frequency: 20, sampleRate: Self.rate)
    #expect(jump[1] == 0.5 && jump.last == 0)
  }

  @Test func configurationsSayWhetherTheyFilter() throws {
    // Models of before do not name the filter, and hear as they were trained.
    #expect(Self.configuration(nil).highPassFrequency == nil)
    #expect(SpiketrumConfiguration(sampleRate: 8_000).highPassFrequency == 20)
    for wrong in [0, -1, 80, .nan, .infinity] {
      #expect(throws: EncoderError.self) { try SpiketrumEncoder(Self.configuration(wrong)) }
    }
  }
}
