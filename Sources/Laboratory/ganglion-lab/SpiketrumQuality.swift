import Audio
import Glibc
import Spiketrum

/// How much of some clips a pursuit keeps, as means over the clips.
struct SpiketrumQuality {
  let dictionary: GammatoneDictionary
  let clips: [[Float]]

  struct Result {
    var spikes: Int
    var spikesPerSecond: Double
    /// Mean SNR over the clips, dB.
    var decibels: Double
  }

  init(dictionary: GammatoneDictionary, clips: [[Float]]) {
    self.dictionary = dictionary
    self.clips = clips
  }

  /// Clips at the rate of the first of them, each scaled to a peak of 1, and kernels over all of their band.
  init(paths: [String], kernels: Int = 40, lowest: Double = 60, highest: Double? = nil) throws {
    let rate = try paths.first.map { try SoundFileReader(.path($0)).sampleRate } ?? 8000
    self.init(
      dictionary: try GammatoneDictionary(
        .init(
          sampleRate: rate, channelCount: kernels, lowestFrequency: lowest,
          highestFrequency: highest ?? 0.4875 * Double(rate))),
      clips: try paths.map { try Self.clip($0, sampleRate: rate) })
  }

  /// Samples scaled to a peak of 1.
  static func clip(_ path: String, sampleRate: Int) throws -> [Float] {
    let samples = try SoundStream.samples(ofFile: path, sampleRate: sampleRate)
    let peak = samples.reduce(0) { max($0, abs($1)) }
    return peak > 0 ? samples.map { $0 / peak } : samples
  }

  var seconds: Double {
    Double(clips.map(\.count).reduce(0, +)) / Double(dictionary.parameters.sampleRate)
  }

  /// The spikes of one clip.
  func encode(_ clip: [Float], _ settings: MatchingPursuit.Settings) throws -> [Spike] {
    var pursuit = try MatchingPursuit(dictionary: dictionary, settings: settings)
    var spikes: [Spike] = []
    pursuit.push(clip.span) { spikes.append($0) }
    pursuit.finish { spikes.append($0) }
    return spikes
  }

  /// SNR of what spikes decode to, over the samples of the clip.
  func decibels(_ spikes: [Spike], _ clip: [Float]) -> Double {
    signalToNoiseDecibels(
      of: SpiketrumDecoder(dictionary).decode(spikes, sampleCount: clip.count), reference: clip)
  }

  /// The best spikes of each whole clip, at a rate.
  func whole(spikesPerSecond: Double, positiveOnly: Bool) throws -> Result {
    try mean { clip in
      let count = Int(spikesPerSecond * Double(clip.count) / Double(dictionary.parameters.sampleRate))
      return .init(budget: .count(count), positiveOnly: positiveOnly, threshold: 1e-7, lookAhead: nil)
    }
  }

  /// A stream at a rate that is exact in every second, each clip on its own; `startingPrice` as a model would know it.
  func stream(spikesPerSecond: Double, lookAhead: Int, startingPrice: Float?) throws -> Result {
    try mean { _ in
      .init(
        budget: .spikesPerSecond(spikesPerSecond), threshold: 1e-5, lookAhead: lookAhead, startingPrice: startingPrice)
    }
  }

  /// The coefficient that a rate reaches down to, as a share of the largest: its geometric mean over the clips.
  func price(spikesPerSecond: Double) throws -> Float {
    var sum = 0.0
    for clip in clips {
      let count = Int(spikesPerSecond * Double(clip.count) / Double(dictionary.parameters.sampleRate))
      let spikes = try encode(clip, .init(budget: .count(count), threshold: 1e-7, lookAhead: nil))
      let magnitudes = spikes.map { abs($0.coefficient) }
      if let least = magnitudes.min(), let most = magnitudes.max() { sum += log(Double(least / most)) }
    }
    return Float(exp(sum / Double(clips.count)))
  }

  /// What a bounded look-ahead loses: each clip is streamed down to the smallest coefficient of its best spikes at the
  /// rate, and compared with as many spikes picked from the whole of it.
  func lookAheadLoss(spikesPerSecond: Double, lookAhead: Int) throws -> (stream: Result, whole: Result) {
    var counts: [Int] = []
    var index = 0
    let stream = try mean { clip in
      let count = Int(spikesPerSecond * Double(clip.count) / Double(dictionary.parameters.sampleRate))
      let best = try encode(clip, .init(budget: .count(count), threshold: 1e-7, lookAhead: nil))
      let least = best.map { abs($0.coefficient) }.min() ?? 1e-7
      return .init(budget: .threshold, threshold: max(1e-7, least), lookAhead: lookAhead)
    } each: {
      counts.append($0.count)
    }
    let whole = try mean { _ in
      defer { index += 1 }
      return .init(budget: .count(counts[index]), threshold: 1e-7, lookAhead: nil)
    }
    return (stream, whole)
  }

  private func mean(
    _ settings: ([Float]) throws -> MatchingPursuit.Settings, each: ([Spike]) -> Void = { _ in }
  ) throws -> Result {
    var spikes = 0
    var sum = 0.0
    for clip in clips {
      let found = try encode(clip, try settings(clip))
      each(found)
      spikes += found.count
      sum += decibels(found, clip)
    }
    return Result(
      spikes: spikes, spikesPerSecond: Double(spikes) / seconds, decibels: sum / Double(max(1, clips.count)))
  }
}
