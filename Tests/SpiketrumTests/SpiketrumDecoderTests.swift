import Foundation
import TestSupport
import Testing

@testable import Spiketrum

@Suite struct SpiketrumDecoderTests {
  @Test(arguments: [nil, 400] as [Int?])
  func whatIsDecodedAndWhatIsLeftMakeTheSound(lookAhead: Int?) throws {
    let dictionary = try GammatoneDictionary(.init(sampleRate: 8000, channelCount: 24, lowestFrequency: 120))
    let samples = voice(samples: 6000, sampleRate: 8000)
    var pursuit = try MatchingPursuit(
      dictionary: dictionary,
      settings: .init(budget: .spikesPerSecond(500), positiveOnly: false, threshold: 1e-5, lookAhead: lookAhead))
    var spikes: [Spike] = []
    pursuit.push(samples.span) { spikes.append($0) }
    pursuit.finish { spikes.append($0) }
    #expect(spikes.count == 375)
    #expect(spikes.contains { $0.coefficient < 0 })
    // Decoded past the end, with the ringing of the last kernels, the difference is all that the pursuit left.
    let long = SpiketrumDecoder(dictionary).decode(spikes, sampleCount: 6000 + dictionary.longest)
    var left = 0.0
    for index in long.indices {
      let difference = Double(index < 6000 ? samples[index] : 0) - Double(long[index])
      left += difference * difference
    }
    #expect(abs(left - pursuit.residualEnergy) <= 1e-5 * pursuit.residualEnergy)
    #expect(abs(signalToNoiseDecibels(of: long, reference: samples) - pursuit.signalToNoiseDecibels) < 1e-3)
  }

  @Test func anImpulseOfTheDictionaryIsDecodedExactly() throws {
    let dictionary = try GammatoneDictionary(.init(sampleRate: 8000, channelCount: 5))
    let spikes = [Spike(kernel: 2, sample: 40, coefficient: -0.5), Spike(kernel: 4, sample: -3, coefficient: 2)]
    let sound = SpiketrumDecoder(dictionary).decode(spikes, sampleCount: 64)
    for index in sound.indices {
      var expected: Float = 0
      if index >= 40 { expected -= 0.5 * dictionary.kernel(2)[dictionary.kernel(2).startIndex + index - 40] }
      let tap = index + 3
      if tap < dictionary.kernel(4).count {
        expected += 2 * dictionary.kernel(4)[dictionary.kernel(4).startIndex + tap]
      }
      #expect(abs(sound[index] - expected) < 1e-6)
    }
  }

  @Test func whatOneOfTwoSoundsLacksIsLost() {
    let four = signalToNoiseDecibels(of: [1, 1, 1], reference: [1, 1, 1, 1])
    #expect(abs(four - 10 * log10(4)) < 1e-9)
    let two = signalToNoiseDecibels(of: [1, 1, 1], reference: [1, 1])
    #expect(abs(two - 10 * log10(2)) < 1e-9)
  }

  @Test func moreLevelsDecodeBetter() throws {
    let samples = voice(samples: 8000, sampleRate: 8000)
    var ratios: [Double] = []
    for levels in [1, 2, 4, 16] {
      var configuration = SpiketrumConfiguration(sampleRate: 8000, spikesPerSecond: 500, levelReference: .absolute)
      configuration = try configuration.withEvenLevels(levels, from: [samples])
      var encoder = try SpiketrumEncoder(configuration)
      var spikes: [Spike] = []
      encoder.push(samples.span, spikes: { spikes.append($0) }, emit: { _ in })
      encoder.finish(spikes: { spikes.append($0) }, emit: { _ in })
      let placed = PlacedRecording(spikes, configuration)
      #expect(placed.spikes.count == 500)
      let sound = SpiketrumDecoder(encoder.dictionary).decode(
        placed.spikes, amplitudes: placed.amplitudes, sampleCount: samples.count)
      ratios.append(signalToNoiseDecibels(of: sound, reference: samples))
    }
    #expect(ratios == ratios.sorted())
    #expect(ratios[3] > ratios[0] + 3)
  }
}
