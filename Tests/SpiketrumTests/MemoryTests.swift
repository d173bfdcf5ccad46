import CAllocationCounter
import TestSupport
import Testing

@testable import Spiketrum

/// What a stream of 16 kHz with 64 kernels and 1000 spikes a second asks the allocator for.
@Suite(.enabled(if: allocation_counter_works() != 0)) struct MemoryTests {
  private static func dictionary() throws -> GammatoneDictionary {
    try GammatoneDictionary(
      .init(sampleRate: 16_000, channelCount: 64, lowestFrequency: 50, highestFrequency: 7900))
  }

  private static func pursuit(_ dictionary: GammatoneDictionary) throws -> MatchingPursuit {
    try MatchingPursuit(
      dictionary: dictionary,
      settings: .init(
        budget: .spikesPerSecond(1000), threshold: 1e-4, lookAhead: dictionary.longest,
        startingPrice: 0.05))
  }

  @Test func steadyStateAllocatesNothing() throws {
    var pursuit = try Self.pursuit(Self.dictionary())
    // The same second over and over: what it takes has been seen after three.
    let second = voice(samples: 16_000, sampleRate: 16_000)
    var spikes = 0
    for _ in 0..<3 { pursuit.push(second.span) { _ in spikes += 1 } }
    let early = spikes
    var allocations: Int64 = 0
    for _ in 0..<3 {
      for start in stride(from: 0, to: second.count, by: 160) {
        let before = allocation_count()
        pursuit.push(second.span.extracting(start..<start + 160)) { _ in spikes += 1 }
        allocations += allocation_count() - before
      }
    }
    #expect(spikes - early > 2500)
    #expect(allocations == 0)
  }

  @Test func aStreamHoldsLessThanSixteenMegabytes() throws {
    let dictionary = try Self.dictionary()
    let tables =
      4 * (dictionary.gram.count + dictionary.taps.count + dictionary.gramBounds.rows.count)
      + 4 * dictionary.gramBounds.peaks.count + 8 * (dictionary.gramOffsets.count + dictionary.gramBounds.offsets.count)
    let second = voice(samples: 16_000, sampleRate: 16_000)
    let pursuit = try Self.pursuit(dictionary)
    // A copy for another microphone shares the dictionary and takes a window of its own when it first hears something:
    // all it ever asks for bounds what it holds.
    var copy = pursuit
    let before = allocated_bytes()
    for _ in 0..<3 { copy.push(second.span) { _ in } }
    let stream = allocated_bytes() - before
    #expect(stream > 1_000_000 && stream < 3_000_000)
    #expect(Int64(tables) + stream < 16_000_000, "\(tables) bytes of tables, \(stream) of the stream")
    #expect(pursuit.received == 0)
  }
}
