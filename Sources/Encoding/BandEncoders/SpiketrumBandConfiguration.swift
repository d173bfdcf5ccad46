import SoundEncoders
import Spiketrum

/// The energies of Spiketrum's atoms as currents, one a channel: spikes that a network can hear as it hears bands.
///
/// The square of each spike's amplitude is its atom's energy. It is spread over time by the atom's own envelope and a Hann
/// window of 25 ms about the middle of the step, and over the channels by the overlap of the gammatones' spectra; then
/// compressed and standardised as mel bands are. A step to which atoms give
/// less than a thousandth of the weakest is silent.
public struct SpiketrumBandConfiguration: SoundEncoding {
  public typealias Options = SpiketrumBandOptions

  public static let kind = "spiketrumBands"
  /// The version of the rules that this program follows; it changes whenever the same spikes would give other frames.
  public static let currentVersion = 1

  public var version = SpiketrumBandConfiguration.currentVersion
  /// The pursuit; its levels and count clip are not used.
  public var spiketrum: SpiketrumConfiguration
  public var compression: BandCompression
  /// What energies are multiplied by before they are compressed: brings them to about those of mel bands.
  public var scale: Float
  /// Of each channel's compressed energy; empty leaves it as it is.
  public var means: [Float] = []
  public var deviations: [Float] = []

  public init(spiketrum: SpiketrumConfiguration, compression: BandCompression = .usual, scale: Float = 1_250) {
    self.spiketrum = spiketrum
    self.compression = compression
    self.scale = scale
  }

  public var sampleRate: Int { spiketrum.sampleRate }
  public var highPassFrequency: Double? { spiketrum.highPassFrequency }
  public var stepMicroseconds: Int64 { spiketrum.binMicroseconds }
  public var axes: [Int] { [spiketrum.channelCount, 1] }
  public var largestInput: Float { 8 }
  public var givesCurrents: Bool { true }

  public var summary: String {
    "energies of " + spiketrum.summary
  }

  public func check() throws(EncoderError) {
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

  public func makeEncoder() throws(EncoderError) -> any SoundEncoder {
    try check()
    let encoder = try SpiketrumBandEncoder(self)
    guard let highPassFrequency else { return encoder }
    return OffsetFreeEncoder(encoder, frequency: highPassFrequency, sampleRate: sampleRate)
  }
}
