import Settings
import SoundEncoders
import Spiketrum

/// Settings of Spiketrum's energies in a recipe; see `SpiketrumBandConfiguration`. Means, deviations and the starting price
/// are measured on the training data.
package struct SpiketrumBandOptions: SoundEncodingOptions {
  package var configuration: SpiketrumBandConfiguration

  enum CodingKeys: String, CodingKey, CaseIterable { case spiketrum, energyNormalisation, logarithmFloor, scale }

  package init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let spiketrum: SpiketrumOptions = try values.required(.spiketrum)
    var made = SpiketrumBandConfiguration(
      spiketrum: spiketrum.configuration,
      compression: try BandCompression(values, .energyNormalisation, .logarithmFloor))
    made.scale = Float(try values.number(.scale, .over(0, to: 1e9), or: Double(made.scale)))
    configuration = made
  }

  package func encode(to encoder: any Encoder) throws { try configuration.encode(to: encoder) }

  package var axes: [Int] { configuration.axes }
  package var needsCalibration: Bool { configuration.means.isEmpty }
  package var measuredSettings: Set<String> { ["means", "deviations", "startingPrice"] }

  package mutating func calibrate(on clips: [[Float]]) throws(EncoderError) {
    configuration.spiketrum = try configuration.spiketrum.withStartingPrice(from: clips)
    guard let measured = try configuration.statistics(of: clips) else { return }
    (configuration.means, configuration.deviations) = measured
  }
}
