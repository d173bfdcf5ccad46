import Glibc
import Spiketrum

/// What disturbed spikes still decode to.
struct SpiketrumRobustness {
  let quality: SpiketrumQuality
  let spikesPerSecond: Double
  var random: SeededRandom

  /// One kind of disturbance at one strength.
  struct Row {
    var disturbance: String
    var strength: Double
    /// SNR of each clip, dB.
    var clips: [Double]
    /// Its mean.
    var decibels: Double { clips.reduce(0, +) / Double(max(1, clips.count)) }
  }

  init(quality: SpiketrumQuality, spikesPerSecond: Double, seed: UInt64) {
    self.quality = quality
    self.spikesPerSecond = spikesPerSecond
    random = SeededRandom(seed: seed)
  }

  mutating func rows() throws -> [Row] {
    let clips = quality.clips
    let codes = try clips.map { try quality.encode($0, best(of: $0)) }
    var rows: [Row] = []
    func add(_ disturbance: String, _ strength: Double, _ disturb: ([Spike]) -> [Spike]) {
      let decibels = zip(codes, clips).map { quality.decibels(disturb($0), $1) }
      rows.append(Row(disturbance: disturbance, strength: strength, clips: decibels))
    }
    for share in [0, 0.05, 0.1, 0.2, 0.3, 0.5] {
      add("spikes lost at random, %", 100 * share) { spikes in
        spikes.filter { _ in random.uniform() >= share }
      }
    }
    for share in [0.05, 0.1, 0.2, 0.5] {
      add("weakest spikes lost, %", 100 * share) { spikes in
        Array(
          spikes.sorted { abs($0.coefficient) > abs($1.coefficient) }.prefix(Int(Double(spikes.count) * (1 - share))))
      }
    }
    let samplesPerMillisecond = Double(quality.dictionary.parameters.sampleRate) / 1000
    for milliseconds in [0.0625, 0.125, 0.25, 0.5, 1] {
      add("jitter, standard deviation in ms", milliseconds) { spikes in
        spikes.map {
          var spike = $0
          spike.sample += Int64((random.gaussian() * milliseconds * samplesPerMillisecond).rounded())
          return spike
        }
      }
    }
    for levels in [2, 3, 4, 8, 16, 32] {
      add("levels of amplitude", Double(levels)) { Self.quantised($0, levels: levels) }
    }
    for decibels in [20.0, 15, 10, 5, 0, -5] {
      let kept = try clips.map { clip in
        let noisy = added(noise: decibels, to: clip)
        return quality.decibels(try quality.encode(noisy, best(of: noisy)), clip)
      }
      rows.append(Row(disturbance: "white noise, input SNR in dB", strength: decibels, clips: kept))
    }
    return rows
  }

  private func best(of clip: [Float]) -> MatchingPursuit.Settings {
    let count = Int(spikesPerSecond * Double(clip.count) / Double(quality.dictionary.parameters.sampleRate))
    return .init(budget: .count(count), threshold: 1e-7, lookAhead: nil)
  }

  /// Every coefficient replaced by the mean of its level; levels hold equal shares of the spikes.
  private static func quantised(_ spikes: [Spike], levels: Int) -> [Spike] {
    let order = spikes.indices.sorted { abs(spikes[$0].coefficient) < abs(spikes[$1].coefficient) }
    var quantised = spikes
    for level in 0..<levels {
      let share = order[level * order.count / levels..<(level + 1) * order.count / levels]
      let mean = share.reduce(Float(0)) { $0 + abs(spikes[$1].coefficient) } / Float(max(1, share.count))
      for index in share { quantised[index].coefficient = spikes[index].coefficient < 0 ? -mean : mean }
    }
    return quantised
  }

  private mutating func added(noise decibels: Double, to clip: [Float]) -> [Float] {
    let energy = clip.reduce(0.0) { $0 + Double($1) * Double($1) }
    let deviation = (energy / Double(max(1, clip.count)) * pow(10, -decibels / 10)).squareRoot()
    return clip.map { $0 + Float(random.gaussian() * deviation) }
  }
}

/// Repeatable random numbers (SplitMix64).
struct SeededRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// In 0..<1.
  mutating func uniform() -> Double {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }

  /// Of mean 0 and standard deviation 1 (Box and Muller).
  mutating func gaussian() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * Double.pi * uniform())
  }
}
