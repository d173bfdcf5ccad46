import TestSupport
import Testing

@testable import Spiketrum

/// All spikes of a recording, pushed in chunks of a given size.
func spikes(_ pursuit: MatchingPursuit, _ samples: [Float], chunk: Int) -> [Spike] {
  var pursuit = pursuit
  var spikes: [Spike] = []
  var at = 0
  while at < samples.count {
    let end = min(at + chunk, samples.count)
    pursuit.push(samples[at..<end].span) { spikes.append($0) }
    at = end
  }
  pursuit.finish { spikes.append($0) }
  return spikes
}

@Suite struct MatchingPursuitTests {
  let dictionary: GammatoneDictionary

  init() throws {
    dictionary = try GammatoneDictionary(.init(sampleRate: 8000, channelCount: 12, lowestFrequency: 200))
  }

  @Test(arguments: [true, false])
  func agreesWithAFullRescanInDoublePrecisionPickByPick(positiveOnly: Bool) throws {
    let samples = voice(samples: 900, sampleRate: 8000)
    let count = 60
    var oracle = OraclePursuit(dictionary, samples)
    let expected = (0..<count).map { _ in oracle.pick(positiveOnly: positiveOnly) }
    // Each prefix of the budget must hold exactly the oracle's first picks.
    for budget in [1, 2, 3, 10, 30, count] {
      let pursuit = try MatchingPursuit(
        dictionary: dictionary,
        settings: .init(budget: .count(budget), positiveOnly: positiveOnly, threshold: 1e-6, lookAhead: nil))
      let found = spikes(pursuit, samples, chunk: 900)
      let wanted = expected.prefix(budget).map {
        Spike(kernel: $0.kernel, sample: Int64($0.sample), coefficient: Float($0.coefficient))
      }.sorted(by: Spike.precedes)
      #expect(found.map(\.kernel) == wanted.map(\.kernel))
      #expect(found.map(\.sample) == wanted.map(\.sample))
      for (a, b) in zip(found, wanted) {
        #expect(abs(a.coefficient - b.coefficient) <= 1e-5 * abs(b.coefficient) + 1e-6)
      }
    }
  }

  @Test(arguments: [1, 7, 160, 4096])
  func isTheSameForEveryChunkSize(chunk: Int) throws {
    let samples = voice(samples: 14_321, sampleRate: 8000)
    let pursuit = try MatchingPursuit(
      dictionary: dictionary,
      settings: .init(budget: .spikesPerSecond(400), threshold: 1e-4, lookAhead: dictionary.longest))
    let whole = spikes(pursuit, samples, chunk: samples.count)
    #expect(whole.count == 716)
    #expect(spikes(pursuit, samples, chunk: chunk) == whole)
  }
}
