import Experiments
import Foundation
import Numerics
import TestSupport
import Testing

@testable import BandEncoders
@testable import Spiketrum

@Suite struct BaselineEncoderTests {
  static let parameters = GammatoneDictionary.Parameters(sampleRate: 8000, channelCount: 16, highestFrequency: 3500)
  static let all: [BaselineEncoder] = [
    .sendOnDelta(decibels: 3, floor: 0.001), .integrateAndFire(timeConstantMicroseconds: 5000, gain: 60),
    .latency(floorDecibels: -60, windowSteps: 5), .logMel(windowMicroseconds: 25_000, floorDecibels: -60),
    .poisson(floorDecibels: -60, spikesPerSecond: 100, seed: 5), .directCurrent(floorDecibels: -60),
  ]

  private func tone(_ frequency: Double, amplitude: Double = 0.5, samples: Int = 8000) -> [Float] {
    (0..<samples).map { Float(amplitude * sin(2 * Double.pi * frequency * Double($0) / 8000)) }
  }

  /// Sum of each input over a recording.
  private func totals(_ encoder: BaselineEncoder, _ samples: [Float]) throws -> [Float] {
    let sequence = try encoder.make(Self.parameters, stepMicroseconds: 10_000).encode(samples)
    var totals = [Float](repeating: 0, count: sequence.width)
    for (channel, value) in zip(sequence.channels, sequence.values) { totals[Int(channel)] += value }
    return totals
  }

  @Test(arguments: all)
  func isTheSameForEveryChunkSize(encoder: BaselineEncoder) throws {
    let samples = voice(samples: 5050, sampleRate: 8000)
    let made = try encoder.make(Self.parameters, stepMicroseconds: 10_000)
    let whole = made.encode(samples)
    #expect(whole.steps == 64)
    #expect(whole.channels.count > 100)
    for chunk in [1, 7, 160, 4096] {
      var stream = made
      var sequence = SpikeSequence(shape: made.shape)
      for start in stride(from: 0, to: samples.count, by: chunk) {
        stream.push(samples[start..<min(start + chunk, samples.count)].span) { sequence.append($0) }
      }
      stream.finish { sequence.append($0) }
      #expect(sequence == whole)
    }
  }

  @Test(arguments: all)
  func silenceIsSilent(encoder: BaselineEncoder) throws {
    #expect(try totals(encoder, [Float](repeating: 0, count: 8000)).allSatisfy { $0 == 0 })
  }

  @Test(arguments: all)
  func aToneExcitesItsOwnChannelMost(encoder: BaselineEncoder) throws {
    let centres = GammatoneDictionary.centreFrequencies(Self.parameters)
    let wanted = 8
    var frequency = centres[wanted]
    if case .logMel = encoder {
      // The ninth of sixteen mel bands between 100 and 3500 Hz.
      func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
      frequency = 700 * (pow(10, (mel(100) + (mel(3500) - mel(100)) * 9 / 17) / 2595) - 1)
    }
    var totals = try totals(encoder, tone(frequency))
    if case .sendOnDelta = encoder {
      // It reports changes: rises less falls are the level that is reached.
      totals = (0..<16).map { totals[2 * $0] - totals[2 * $0 + 1] }
    }
    if case .latency = encoder {
      // Every channel above the floor fires once a window; what tells is when.
      let sequence = try encoder.make(Self.parameters, stepMicroseconds: 10_000).encode(tone(frequency))
      var earliest = [Int](repeating: .max, count: 16)
      for step in 50..<55 {
        for index in sequence.range(ofStep: step) { earliest[Int(sequence.channels[index])] = step }
      }
      #expect(earliest[wanted] == earliest.min())
      #expect(earliest[wanted] < earliest[0])
      return
    }
    #expect(totals[wanted] == totals.max())
    #expect(totals[wanted] > totals[0])
    #expect(totals[wanted] > totals[15])
  }

  @Test func integrateAndFireHasTheRateOfItsEquation() throws {
    // Far above threshold a neuron fires once for each 1 / (1 - decay) of drive: mean rectified input * gain / tau.
    let totals = try totals(
      .integrateAndFire(timeConstantMicroseconds: 20_000, gain: 200),
      tone(GammatoneDictionary.centreFrequencies(Self.parameters)[8]))
    // The mean of a rectified sine of amplitude 0.5 is 0.5 / pi; the potential leaks half a spike on average.
    let expected = (200 * 0.5 / Double.pi - 0.5) / 0.02
    #expect(abs(Double(totals[8]) - expected) < 0.02 * expected)
  }

  @Test func sendOnDeltaCountsTheDecibelsOfAnOnset() throws {
    // From the floor, 0.001, to 0.5 are 54 dB: 17 reports of 3 dB, once up and, after the tone, once down.
    let sound = tone(GammatoneDictionary.centreFrequencies(Self.parameters)[8]) + [Float](repeating: 0, count: 4000)
    let totals = try totals(.sendOnDelta(decibels: 3, floor: 0.001), sound)
    #expect(abs(totals[16] - 17) <= 1)
    #expect(totals[17] == totals[16])
  }

  @Test func poissonHasTheMeanRateAndItsSeed() throws {
    let sound = tone(GammatoneDictionary.centreFrequencies(Self.parameters)[8], amplitude: 1, samples: 80_000)
    let one = try totals(.poisson(floorDecibels: -60, spikesPerSecond: 100, seed: 1), sound)
    #expect(abs(one[8] - 1000) < 4 * 32)
    #expect(try totals(.poisson(floorDecibels: -60, spikesPerSecond: 100, seed: 1), sound) == one)
    #expect(try totals(.poisson(floorDecibels: -60, spikesPerSecond: 100, seed: 2), sound) != one)
  }

  @Test func theTransformAgreesWithItsDefinition() {
    var random = SplitMix(state: 1)
    let samples = (0..<64).map { _ in Float.random(in: -1...1, using: &random) }
    var transform = RealTransform(atLeast: 64)
    transform.power(of: samples)
    for bin in 0...32 {
      var re = 0.0
      var im = 0.0
      for (index, sample) in samples.enumerated() {
        let angle = 2 * Double.pi * Double(bin * index) / 64
        re += Double(sample) * cos(angle)
        im += Double(sample) * sin(angle)
      }
      #expect(abs(Double(transform.power[bin]) - (re * re + im * im)) < 1e-3)
    }
  }
}
