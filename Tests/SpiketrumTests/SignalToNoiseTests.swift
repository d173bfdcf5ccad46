import Foundation
import SoundEncoders
import TestSupport
import Testing

@testable import Spiketrum

/// Pursuits that stop when the residual is small enough.
@Suite struct SignalToNoiseTests {
  let dictionary: GammatoneDictionary

  init() throws {
    dictionary = try GammatoneDictionary(.init(sampleRate: 8000, channelCount: 24, lowestFrequency: 120))
  }

  private func pursuit(
    _ budget: MatchingPursuit.Budget, lookAhead: Int?, threshold: Float = 1e-5
  ) throws -> MatchingPursuit {
    try MatchingPursuit(
      dictionary: dictionary, settings: .init(budget: budget, threshold: threshold, lookAhead: lookAhead))
  }

  @Test(arguments: [6.0, 12, 20])
  func aWholeRecordingGetsTheFewestBestSpikesThatReachIt(decibels: Double) throws {
    let samples = voice(samples: 6000, sampleRate: 8000)
    func reached(_ budget: MatchingPursuit.Budget) throws -> (spikes: Int, decibels: Double) {
      var pursuit = try pursuit(budget, lookAhead: nil)
      var spikes = 0
      pursuit.push(samples.span) { _ in spikes += 1 }
      pursuit.finish { _ in spikes += 1 }
      return (spikes, pursuit.signalToNoiseDecibels)
    }
    let stopped = try reached(.signalToNoise(decibels: decibels))
    #expect(stopped.decibels >= decibels - 1e-3)
    let before = try reached(.count(stopped.spikes - 1))
    #expect(before.decibels < decibels)
    #expect(try reached(.count(stopped.spikes)).decibels == stopped.decibels)
  }

  @Test func aStreamKeepsItLocallyWhateverTheLoudness() throws {
    let loud = voice(samples: 8000, sampleRate: 8000)
    let pause = [Float](repeating: 0, count: 1600)
    // A power of two, so that the quiet half differs in nothing else.
    let samples = loud + pause + loud.map { $0 / 64 }
    let wanted = 12.0
    let stream = try pursuit(.signalToNoise(decibels: wanted), lookAhead: dictionary.longest, threshold: 1e-6)
    let found = spikes(stream, samples, chunk: 777)
    let decoded = SpiketrumDecoder(dictionary).decode(found, sampleCount: samples.count)
    for part in [0..<8000, 9600..<17_600] {
      let decibels = signalToNoiseDecibels(of: Array(decoded[part]), reference: Array(samples[part]))
      #expect(abs(decibels - wanted) < 1.5)
    }
    let early = found.count { $0.sample < 8800 }
    #expect(early > 50)
    #expect(abs(found.count - 2 * early) <= early / 4)
  }

  @Test(arguments: [1, 160, 4096])
  func isTheSameForEveryChunkSize(chunk: Int) throws {
    let samples = voice(samples: 9_777, sampleRate: 8000)
    let stream = try pursuit(.signalToNoise(decibels: 10), lookAhead: dictionary.longest)
    let whole = spikes(stream, samples, chunk: samples.count)
    #expect(whole.count > 100)
    #expect(spikes(stream, samples, chunk: chunk) == whole)
  }

  @Test func silenceHasNothingToReach() throws {
    let stream = try pursuit(.signalToNoise(decibels: 40), lookAhead: 100)
    #expect(spikes(stream, [Float](repeating: 0, count: 9000), chunk: 512).isEmpty)
    #expect(throws: EncoderError.self) { try pursuit(.signalToNoise(decibels: 0), lookAhead: 100) }
    #expect(throws: EncoderError.self) { try pursuit(.signalToNoise(decibels: .infinity), lookAhead: 100) }
  }
}
