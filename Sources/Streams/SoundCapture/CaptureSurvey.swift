import Glibc

/// What was heard while listening to a device for a moment, and what to do about it. A value.
package struct CaptureSurvey: Equatable, Sendable {
  /// Loudness in decibels below full scale; -120 for silence.
  package struct Level: Equatable, Sendable, Codable {
    /// Root mean square.
    package var rmsDecibels: Double
    package var peakDecibels: Double

    init(power: Double, peak: Double) {
      rmsDecibels = Self.decibels(power.squareRoot())
      peakDecibels = Self.decibels(peak)
    }

    /// With one decimal.
    private static func decibels(_ amplitude: Double) -> Double {
      (max(-120, 20 * log10(max(amplitude, 1e-6))) * 10).rounded() / 10
    }
  }

  /// Words whose peak lies below are missed often, decibels.
  private static let quiet = -36.0
  /// Where the peak of words should lie.
  private static let good = -20.0

  private var squares = 0.0
  private var peak = 0.0
  private var samples = 0
  /// The value that all samples have, where they have one.
  private var constant: Float?

  package init() {}

  package var isEmpty: Bool { samples == 0 }

  /// Takes in what came, mixed.
  package mutating func hear(_ block: [Float]) {
    if samples == 0 { constant = block.first }
    for sample in block {
      squares += Double(sample * sample)
      peak = max(peak, Double(sample.magnitude))
      if sample != constant { constant = nil }
    }
    samples += block.count
  }

  /// Of what was mixed.
  package var level: Level { Level(power: power, peak: peak) }

  /// Of each channel.
  package static func levels(of channels: ChannelLevels) -> [Level] {
    (0..<channels.count).map { Level(power: channels.power(of: $0), peak: Double(channels.peak(of: $0))) }
  }

  private var power: Double { samples == 0 ? 0 : squares / Double(samples) }

  /// What to do about it; nil where all is well as far as one can hear.
  package func advice(_ channels: ChannelLevels) -> String? {
    let powers = (0..<channels.count).map { channels.power(of: $0) }
    let unmixed = powers.reduce(0, +) / Double(max(1, powers.count))
    let loudest = powers.indices.max { powers[$0] < powers[$1] } ?? 0
    let level = level
    // 30 dB less than before mixing, as the daemon judges.
    if channels.count > 1, unmixed >= 1e-8, power < unmixed / 1_000 {
      return "its channels cancel each other when they are mixed: choose one, 'channel: \(loudest)'"
    }
    if let constant {
      return constant == 0
        ? "nothing but zeros: it is muted, unplugged or switched off; look at its capture switch (alsamixer, F4)"
        : "every sample is \(constant): it is muted, unplugged or broken"
    }
    let dead = powers.indices.filter { powers[$0] == 0 }
    if !dead.isEmpty {
      let names = dead.map(String.init).joined(separator: ", ")
      return
        "nothing but zeros in channel \(names): choose another, 'channel: \(loudest)', which is louder than the mean"
    }
    if level.peakDecibels >= -0.1 { return "too loud, it is cut off: lower its capture level (alsamixer, F4)" }
    if level.peakDecibels < Self.quiet {
      let gain = Int((Self.good - level.peakDecibels).rounded())
      return
        "quiet: if somebody was speaking, raise its capture level (alsamixer, F4), or say 'gain: \(gain)' at the source"
    }
    return nil
  }
}
