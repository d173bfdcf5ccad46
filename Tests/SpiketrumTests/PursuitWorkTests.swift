import TestSupport
import Testing

@testable import Spiketrum

/// What the matching pursuit is said to multiply is held against its definition, counted tap by tap.
@Suite("Multiplications of the matching pursuit")
struct PursuitWorkTests {
  /// Greedy picks over a whole recording: every kernel is correlated with the sound at every start, in blocks of 32, and
  /// each pick is subtracted from the sound and from every correlation it overlaps.
  private func counted(_ dictionary: GammatoneDictionary, samples: Int, hop: Int, spikes: [Spike]) -> Int {
    let lengths = dictionary.lengths.map { Int($0) }
    var known = lengths.map { _ in 0 }
    var count = 0
    func correlate(held: Int, limit: Int) {
      let heldBlocks = (held + 31) / 32
      // The energy of what has come since the oldest correlation tells which blocks are too quiet to matter.
      count += max(0, heldBlocks - (known.min() ?? 0) / 32) * 32
      for first in stride(from: 0, to: lengths.count, by: 2) {
        let pair = first..<min(first + 2, lengths.count)
        let end = min(max(0, held - lengths[first] + 1) / 32, (limit + 31) / 32)
        let begin = (known[first] + 31) / 32
        guard end > begin else { continue }
        for kernel in pair {
          for _ in begin..<end { count += lengths[kernel] * 32 }
          known[kernel] = min(end * 32, limit)
        }
      }
    }
    for held in stride(from: hop, through: samples, by: hop) { correlate(held: held, limit: held) }
    correlate(held: roundedUp(samples) + roundedUp(dictionary.longest), limit: samples)
    for spike in spikes {
      let (start, end) = (Int(spike.sample), Int(spike.sample) + lengths[spike.kernel])
      count += end - start
      for kernel in lengths.indices {
        count += (0..<known[kernel]).count { $0 < end && $0 + lengths[kernel] > start }
      }
    }
    return count
  }

  @Test(arguments: [5, 12])
  func isThatOfCorrelationsAndCorrections(kernels: Int) throws {
    let dictionary = try GammatoneDictionary(.init(sampleRate: 8000, channelCount: kernels, lowestFrequency: 300))
    let samples = voice(samples: 2000, sampleRate: 8000)
    for budget in [0, 1, 40] {
      var pursuit = try MatchingPursuit(
        dictionary: dictionary, settings: .init(budget: .count(budget), threshold: 1e-9, lookAhead: nil))
      var found: [Spike] = []
      pursuit.push(samples.span) { found.append($0) }
      pursuit.finish { found.append($0) }
      #expect(found.count == budget)
      #expect(Int(pursuit.multiplications) == counted(dictionary, samples: 2000, hop: pursuit.hop, spikes: found))
    }
  }

  @Test("an encoder says what each recording took, whatever came before, and silence takes next to nothing")
  func encoder() throws {
    let encoder = try SpiketrumEncoder(SpiketrumConfiguration(sampleRate: 8000, channelCount: 12))
    let sound = voice(samples: 8000, sampleRate: 8000)
    let loud = encoder.encodeCounting(sound)
    #expect(loud.sequence == encoder.encode(sound))
    // Twelve kernels of a hundred taps and more at 8000 starts, and the corrections.
    let loudWork = try #require(loud.work).multiplications
    #expect(loudWork > 12 * 100 * 8000)
    #expect(encoder.encodeCounting(sound).work == loud.work)
    #expect(encoder.multiplications == 0)
    let silence = encoder.encodeCounting([Float](repeating: 0, count: 8000))
    #expect(try #require(silence.work).multiplications * 20 < loudWork)
    // In pieces it is the same work.
    var pieces = encoder
    for start in stride(from: 0, to: 8000, by: 100) { pieces.push(sound[start..<start + 100].span) { _ in } }
    pieces.finish { _ in }
    #expect(pieces.work == loud.work)
  }
}
