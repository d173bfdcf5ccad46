import Numerics
import SoundEncoders
import TestSupport
import Testing

@testable import Spiketrum

@Suite struct SpiketrumEncoderTests {
  let configuration = SpiketrumConfiguration(sampleRate: 8000, spikesPerSecond: 500)

  @Test(arguments: [1, 7, 160, 4096])
  func framesAreTheSameForEveryChunkSize(chunk: Int) throws {
    let encoder = try SpiketrumEncoder(configuration)
    let samples = voice(samples: 9_777, sampleRate: 8000)
    var stream = encoder
    var frames: [SpikeFrame] = []
    for start in Swift.stride(from: 0, to: samples.count, by: chunk) {
      stream.push(samples[start..<min(start + chunk, samples.count)].span) { frames.append($0) }
    }
    stream.finish { frames.append($0) }
    #expect(frames.map(\.step) == Array(0..<123))
    #expect(frames.last?.endMicroseconds == 1_230_000)
    #expect(frames.contains { !$0.isSilent })
    var sequence = SpikeSequence(shape: encoder.shape)
    for frame in frames { sequence.append(frame) }
    #expect(sequence == encoder.encode(samples))
  }

  /// Bins of 80 samples.
  @Test(arguments: [(0, 0), (1, 1), (79, 1), (80, 1), (81, 2), (8_000, 100), (8_001, 101)])
  func theLastBinIsThatOfTheLastSample(samples: Int, bins: Int) throws {
    let encoder = try SpiketrumEncoder(configuration)
    #expect(encoder.encode(voice(samples: samples, sampleRate: 8000)).steps == bins)
  }

  @Test func aWordCostsTheSameAfterAMinuteOfSilence() throws {
    var configuration = configuration
    configuration.startingPrice = 0.05
    let encoder = try SpiketrumEncoder(configuration)
    let word = voice(samples: 5_000, sampleRate: 8000)
    // Whole accounting seconds, so that the word finds the same tokens.
    let spikes = { (seconds: Int) throws -> [Spike] in
      var encoder = encoder
      var spikes: [Spike] = []
      let silence = [Float](repeating: 0, count: seconds * 8000)
      encoder.push((silence + word).span, spikes: { spikes.append($0) }, emit: { _ in })
      encoder.finish(spikes: { spikes.append($0) }, emit: { _ in })
      return spikes.map {
        Spike(kernel: $0.kernel, sample: $0.sample - Int64(silence.count), coefficient: $0.coefficient)
      }
    }
    let early = try spikes(1)
    #expect(early.count > 100)
    #expect(try spikes(60) == early)
  }

  @Test func theMedianPriceOfTheClipsBecomesTheFirstOne() throws {
    let clips = (0..<5).map { voice(samples: 6000, sampleRate: 8000, seed: $0) }
    let prices = try clips.map { clip in
      var encoder = try SpiketrumEncoder(configuration)
      encoder.push(clip) { _ in }
      return try #require(encoder.price)
    }
    let fitted = try configuration.withStartingPrice(from: clips)
    #expect(fitted.startingPrice == prices.sorted()[2])
    #expect(Set(prices).count == 5)
    #expect(try fitted.withStartingPrice(from: [clips[0]]) == fitted)
    #expect(try configuration.withStartingPrice(from: [[0, 0]]) == configuration)
  }

  @Test func spikesOfOtherRulesAreRefused() throws {
    var old = configuration
    old.version = 1
    #expect(throws: EncoderError.version(encoder: "spiketrum", found: 1, known: SpiketrumConfiguration.currentVersion))
    {
      try SpiketrumEncoder(old)
    }
  }

  @Test(arguments: [nil, 0.03] as [Float?])
  func aLouderRecordingGivesTheSamePlaceCode(startingPrice: Float?) throws {
    var quiet = configuration
    quiet.startingPrice = startingPrice
    quiet.silenceThreshold = 1e-4
    let encoder = try SpiketrumEncoder(quiet)
    // Powers of two scale without rounding, so nothing but the threshold could tell the two apart.
    let samples = voice(samples: 8000, sampleRate: 8000, loudness: 0.05)
    let reference = encoder.encode(samples)
    #expect(reference.channels.count > 100)
    #expect(encoder.encode(samples.map { 16 * $0 }) == reference)
  }

  @Test func tercileEdgesSplitTheSpikesEvenly() throws {
    let clips = (0..<3).map { voice(samples: 6000, sampleRate: 8000, seed: $0) }
    var absolute = configuration
    absolute.levelReference = .absolute
    for candidate in [configuration, absolute] {
      var candidate = candidate
      candidate = try candidate.withEvenLevels(3, from: clips)
      let encoder = try SpiketrumEncoder(candidate)
      var perLevel = [0, 0, 0]
      for clip in clips {
        var encoder = encoder
        var code = PlaceCode(candidate)
        let count = { (spike: Spike) in if let level = code.level(spike) { perLevel[level] += 1 } }
        encoder.push(clip.span, spikes: count, emit: { _ in })
        encoder.finish(spikes: count, emit: { _ in })
      }
      let total = perLevel.reduce(0, +)
      #expect(total > 900)
      for count in perLevel { #expect(abs(count - total / 3) <= 2) }
    }
  }
}
