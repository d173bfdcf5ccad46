import SoundEncoders
import Spiketrum

/// The energies of Spiketrum's atoms as currents, one a channel: spikes that a network can hear as it hears bands.
///
/// The square of each spike's amplitude is its atom's energy. It is spread over time by the atom's own envelope and a Hann
/// window of 25 ms about the middle of the step, and over the channels by the overlap of the gammatones' spectra; then
/// compressed and standardised as mel bands are. A step to which atoms give
/// less than a thousandth of the weakest is silent.
package struct SpiketrumBandConfiguration: SoundEncoding {
  package typealias Options = SpiketrumBandOptions

  package static let kind = "spiketrumBands"
  /// The version of the rules that this program follows; it changes whenever the same spikes would give other frames.
  package static let currentVersion = 1

  package var version = SpiketrumBandConfiguration.currentVersion
  /// The pursuit; its levels and count clip are not used.
  package var spiketrum: SpiketrumConfiguration
  package var compression: BandCompression
  /// What energies are multiplied by before they are compressed: brings them to about those of mel bands.
  package var scale: Float
  /// Of each channel's compressed energy; empty leaves it as it is.
  package var means: [Float] = []
  package var deviations: [Float] = []

  package init(spiketrum: SpiketrumConfiguration, compression: BandCompression = .usual, scale: Float = 1_250) {
    self.spiketrum = spiketrum
    self.compression = compression
    self.scale = scale
  }

  package var sampleRate: Int { spiketrum.sampleRate }
  package var highPassFrequency: Double? { spiketrum.highPassFrequency }
  package var stepMicroseconds: Int64 { spiketrum.binMicroseconds }
  package var axes: [Int] { [spiketrum.channelCount, 1] }
  package var largestInput: Float { 8 }
  package var givesCurrents: Bool { true }

  package var summary: String {
    "energies of " + spiketrum.summary
  }

  package func check() throws(EncoderError) {
    guard version == Self.currentVersion else {
      throw .version(encoder: Self.kind, found: version, known: Self.currentVersion)
    }
    try spiketrum.check()
    try EncoderError.require(
      stepMicroseconds % 1_000 == 0 && stepMicroseconds > 0, "binMicroseconds", stepMicroseconds,
      "a whole number of milliseconds")
    try EncoderError.require(scale > 0 && scale.isFinite, "scale", scale, "positive")
    try compression.check()
    try EncoderError.require(
      means.count == deviations.count && [0, spiketrum.channelCount].contains(means.count)
        && (means + deviations).allSatisfy(\.isFinite) && deviations.allSatisfy { $0 > 0 },
      "means and deviations", "\(means.count) and \(deviations.count) numbers",
      "finite, one a channel, deviations positive")
  }

  package func makeEncoder() throws(EncoderError) -> any SoundEncoder {
    try check()
    let encoder = try SpiketrumBandEncoder(self)
    guard let highPassFrequency else { return encoder }
    return OffsetFreeEncoder(encoder, frequency: highPassFrequency, sampleRate: sampleRate)
  }
}
