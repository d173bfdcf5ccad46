import TestSupport
import Testing

@testable import Spiketrum

/// What must hold whatever the sound.
@Suite struct PursuitLawTests {
  let dictionary: GammatoneDictionary

  init() throws {
    dictionary = try GammatoneDictionary(.init(sampleRate: 8000, channelCount: 24, lowestFrequency: 120))
  }

  private func pursuit(
    _ budget: MatchingPursuit.Budget, positiveOnly: Bool = true, threshold: Float = 1e-5, lookAhead: Int?
  ) throws -> MatchingPursuit {
    try MatchingPursuit(
      dictionary: dictionary,
      settings: .init(budget: budget, positiveOnly: positiveOnly, threshold: threshold, lookAhead: lookAhead))
  }

  @Test(arguments: [true, false])
  func eachPickTakesItsSquareFromTheEnergy(positiveOnly: Bool) throws {
    let samples = voice(samples: 2400, sampleRate: 8000)
    var before = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
    var taken = 0.0
    for count in 1...80 {
      var pursuit = try pursuit(.count(count), positiveOnly: positiveOnly, lookAhead: nil)
      var squares = 0.0
      pursuit.push(samples.span) { squares += Double($0.coefficient) * Double($0.coefficient) }
      pursuit.finish { squares += Double($0.coefficient) * Double($0.coefficient) }
      let after = pursuit.residualEnergy
      #expect(abs(before - after - (squares - taken)) <= 1e-5 * before)
      #expect(after < before)
      before = after
      taken = squares
    }
    #expect(taken > 0)
  }

  @Test func shiftedSoundGivesShiftedSpikes() throws {
    // Silence goes first, so that atoms may begin before the sound in every position.
    let samples = [Float](repeating: 0, count: 640) + voice(samples: 3000, sampleRate: 8000)
    let whole = try pursuit(.count(150), lookAhead: nil)
    let reference = spikes(whole, samples, chunk: 3640)
    #expect(reference.count == 150)
    for shift in [1, 31, 32, 100, 777] {
      let shifted = spikes(whole, [Float](repeating: 0, count: shift) + samples, chunk: 512)
      #expect(shifted.map(\.kernel) == reference.map(\.kernel))
      #expect(shifted.map(\.sample) == reference.map { $0.sample + Int64(shift) })
      for (a, b) in zip(shifted, reference) { #expect(abs(a.coefficient - b.coefficient) <= 1e-5 * b.coefficient) }
    }
    // A stream decides once a hop, so that it is the same under shifts by whole hops.
    let stream = try pursuit(.threshold, threshold: 0.05, lookAhead: dictionary.longest)
    let streamed = spikes(stream, samples, chunk: 160)
    #expect(streamed.count > 50)
    let shift = 7 * stream.hop
    let shifted = spikes(stream, [Float](repeating: 0, count: shift) + samples, chunk: 160)
    #expect(shifted.map(\.kernel) == streamed.map(\.kernel))
    #expect(shifted.map(\.sample) == streamed.map { $0.sample + Int64(shift) })
  }

  @Test func silenceHasNoSpikes() throws {
    var random = SplitMix(state: 3)
    let quiet = (0..<16_000).map { _ in Float.random(in: -1e-5...1e-5, using: &random) }
    for samples in [[Float](repeating: 0, count: 16_000), quiet] {
      let pursuit = try pursuit(.spikesPerSecond(1000), threshold: 0.001, lookAhead: dictionary.longest)
      #expect(spikes(pursuit, samples, chunk: 160).isEmpty)
    }
  }

  @Test func aDynamicRangeLeavesOutWhatIsQuietAfterALoudSound() throws {
    let loud = voice(samples: 8_000, sampleRate: 8000)
    let quiet = loud.map { 0.003 * $0 }
    let budget = MatchingPursuit.Budget.belowPeak(decibels: 30, decayDecibelsPerSecond: 6, spikesPerSecond: 1000)
    let pursuit = try pursuit(budget, lookAhead: dictionary.longest)
    // 50 dB under the first second: the peak gives way by 6 dB a second, so 20 dB are missing for 3.3 s and more.
    let found = spikes(pursuit, loud + quiet + quiet + quiet + quiet + quiet + quiet, chunk: 160)
    func count(_ seconds: Range<Int64>) -> Int {
      found.count { ($0.sample / 8000) >= seconds.lowerBound && ($0.sample / 8000) < seconds.upperBound }
    }
    #expect(count(0..<1) > 300)
    #expect(count(1..<4) == 0)
    #expect(count(6..<7) > 150)
    let peak = found.map(\.coefficient).max() ?? 0
    #expect(found.allSatisfy { $0.sample > 32_000 || $0.coefficient > 0.01 * peak })
    // Alone, the quiet sound has the same spikes as the loud one.
    let scaled = spikes(pursuit, loud.map { $0 / 256 }, chunk: 160)
    #expect(scaled.map(\.kernel) == spikes(pursuit, loud, chunk: 160).map(\.kernel))
  }

  @Test func aDynamicRangeIsBoundedByItsRate() throws {
    let samples = voice(samples: 32_000, sampleRate: 8000)
    let pursuit = try pursuit(
      .belowPeak(decibels: 60, decayDecibelsPerSecond: 6, spikesPerSecond: 200), lookAhead: dictionary.longest)
    let found = spikes(pursuit, samples, chunk: 160)
    let second = Int64((8000 / Double(pursuit.hop)).rounded()) * Int64(pursuit.hop)
    let counts = Dictionary(grouping: found) { $0.sample / second }.mapValues(\.count)
    #expect(counts.values.allSatisfy { $0 <= 201 })
    #expect(counts.values.contains { $0 >= 199 })
  }

  @Test func soundAfterSilenceIsCodedAsIfTheSilenceHadBeenCorrelated() throws {
    // Far under the threshold next to sound: blocks left uncorrelated must be right once an atom reaches into them.
    let samples = voice(samples: 2000, sampleRate: 8000)
    let padded = [Float](repeating: 0, count: 2048) + samples + [Float](repeating: 1e-6, count: 2000)
    let low = spikes(try pursuit(.count(120), threshold: 1e-9, lookAhead: nil), padded, chunk: 4096)
    let high = spikes(try pursuit(.count(120), threshold: 0.004, lookAhead: nil), padded, chunk: 4096)
    #expect(low.count == 120)
    #expect(high.map(\.kernel) == low.map(\.kernel))
    #expect(high.map(\.sample) == low.map(\.sample))
  }

  @Test func everySecondHoldsExactlyItsSpikes() throws {
    let samples = voice(samples: 8000 * 4 + 1000, sampleRate: 8000)
    for lookAhead in [dictionary.longest, nil] {
      let pursuit = try pursuit(.spikesPerSecond(333), lookAhead: lookAhead)
      let found = spikes(pursuit, samples, chunk: 160)
      let perSecond = Dictionary(grouping: found) { $0.sample / 8000 }.mapValues(\.count)
      #expect(perSecond == [0: 333, 1: 333, 2: 333, 3: 333, 4: 41])
      #expect(found.map(\.sample) == found.map(\.sample).sorted())
    }
  }

  @Test func aStreamLosesLittleAgainstTheWholeRecording() throws {
    var samples = voice(samples: 12_000, sampleRate: 8000)
    samples += voice(samples: 12_000, sampleRate: 8000, seed: 9)
    var stream = try pursuit(.threshold, threshold: 0.12, lookAhead: dictionary.longest)
    var count = 0
    stream.push(samples.span) { _ in count += 1 }
    stream.finish { _ in count += 1 }
    var whole = try pursuit(.count(count), lookAhead: nil)
    whole.push(samples.span) { _ in }
    whole.finish { _ in }
    #expect(count > 150)
    #expect(stream.signalToNoiseDecibels > whole.signalToNoiseDecibels - 0.7)
  }

  @Test func samplesThatAreNotFiniteCountAsSilence() throws {
    var samples = voice(samples: 2000, sampleRate: 8000)
    for index in 900..<950 { samples[index] = 0 }
    let pursuit = try pursuit(.count(60), lookAhead: nil)
    let clean = spikes(pursuit, samples, chunk: 2000)
    for index in 900..<950 { samples[index] = index % 2 == 0 ? .nan : .infinity }
    #expect(spikes(pursuit, samples, chunk: 2000) == clean)
    #expect(clean.count == 60)
  }
}
