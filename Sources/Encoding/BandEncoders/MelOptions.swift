import Settings
import SoundEncoders

/// Settings of mel bands in a recipe; see `MelConfiguration`. Means and deviations are measured on the training data.
package struct MelOptions: SoundEncodingOptions {
  package var configuration: MelConfiguration

  enum CodingKeys: String, CodingKey, CaseIterable {
    case sampleRate, bands, lowestFrequency, highestFrequency, highPassFrequency, windowMicroseconds, stepMicroseconds
    case silenceThreshold, holdMicroseconds, energyNormalisation, logarithmFloor
  }

  package init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let rate = try values.required(.sampleRate, Bounds<Int>.from(1_000, to: 768_000))
    let nyquist = Double(rate) / 2
    var made = MelConfiguration(sampleRate: rate, bands: try values.number(.bands, .from(1, to: 1_024), or: 40))
    made.highestFrequency = try values.number(.highestFrequency, .over(0, to: nyquist), or: made.highestFrequency)
    made.lowestFrequency = try values.number(
      .lowestFrequency, .over(0, under: made.highestFrequency), or: min(made.lowestFrequency, made.highestFrequency / 2)
    )
    // 0 leaves the sound as it is.
    let highPass = try values.number(.highPassFrequency, .from(0, under: made.highestFrequency), or: 20)
    made.highPassFrequency = highPass == 0 ? nil : highPass
    made.windowMicroseconds = try values.number(.windowMicroseconds, .from(1_000, to: 1_000_000), or: 25_000)
    made.stepMicroseconds = try values.number(.stepMicroseconds, .from(1_000, to: 1_000_000), or: 10_000)
    made.silenceThreshold = Float(
      try values.number(.silenceThreshold, .from(0, to: 1), or: Double(made.silenceThreshold)))
    made.holdMicroseconds = try values.number(.holdMicroseconds, .from(0, to: 60_000_000))
    made.compression = try BandCompression(values, .energyNormalisation, .logarithmFloor)
    configuration = made
  }

  package func encode(to encoder: any Encoder) throws { try configuration.encode(to: encoder) }

  package var axes: [Int] { configuration.axes }
  package var needsCalibration: Bool { configuration.means.isEmpty }
  package var measuredSettings: Set<String> { ["means", "deviations"] }

  package mutating func calibrate(on clips: [[Float]]) throws(EncoderError) {
    guard let measured = try configuration.statistics(of: clips) else { return }
    (configuration.means, configuration.deviations) = measured
  }
}

extension BandCompression {
  /// What a recipe asks for: `energyNormalisation`, which is usual, or a logarithm with a floor.
  init<Key>(_ values: OptionMap<Key>, _ normalisation: Key, _ logarithm: Key) throws {
    let floor = try values.number(logarithm, Bounds<Double>.over(0, to: 1))
    guard let floor else {
      let options: CompressionOptions? = try values.value(normalisation, or: nil)
      self = options?.compression ?? .usual
      return
    }
    if values.contains(normalisation) {
      throw values.refusal(
        normalisation, "energies are normalised or their logarithm is taken, not both; take one of them out")
    }
    self = .logarithm(floor: Float(floor))
  }
}

extension SoundEncoding {
  /// Mean and deviation of each input over all frames of clips that are not silent; nil where all are.
  func statistics(of clips: [[Float]]) throws(EncoderError) -> (means: [Float], deviations: [Float])? {
    let encoder = try makeEncoder()
    var statistics = BandStatistics(bands: axes[0])
    for clip in clips {
      var encoder = encoder
      encoder.push(clip.span) { statistics.add(channels: $0.channels, values: $0.values) }
      encoder.finish { statistics.add(channels: $0.channels, values: $0.values) }
    }
    return statistics.meansAndDeviations
  }
}
