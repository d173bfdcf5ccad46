import Numerics
import SoundEncoders

/// Energies in mel bands as currents: what most recognisers of speech hear.
///
/// A step's frame is made of the window that ends with the step: `|FFT(Hann · samples)|²`, summed in triangular bands
/// equally spaced in mel, compressed, and standardised by the mean and deviation that training clips had. A window in
/// which no sample reaches `silenceThreshold` gives a silent frame: nothing, which stands for the mean; with
/// `holdMicroseconds` only once that has been so for as long.
package struct MelConfiguration: SoundEncoding {
  package typealias Options = MelOptions

  package static let kind = "mel"
  /// The version of the rules that this program follows; it changes whenever the same sound would give other frames.
  package static let currentVersion = 1

  package var version = MelConfiguration.currentVersion
  package var sampleRate: Int
  package var highPassFrequency: Double?
  /// Number of bands.
  package var bands: Int
  /// Lower edge of the lowest band, Hz.
  package var lowestFrequency: Double
  /// Upper edge of the highest band, Hz.
  package var highestFrequency: Double
  package var windowMicroseconds: Int64
  package var stepMicroseconds: Int64
  package var compression: BandCompression
  /// Magnitude that a sample of the window has to reach, in units of full scale.
  package var silenceThreshold: Float
  /// How long after the last step that is not silent steps are still coded, so that a network can say what it heard once
  /// it has heard all of it; not at all when absent. Silence follows a stream that ends, so that it says as much then.
  package var holdMicroseconds: Int64?
  /// Of each band's compressed energy; empty leaves it as it is.
  package var means: [Float] = []
  package var deviations: [Float] = []

  package init(
    sampleRate: Int, highPassFrequency: Double? = 20, bands: Int = 40, lowestFrequency: Double = 80,
    highestFrequency: Double? = nil, windowMicroseconds: Int64 = 25_000, stepMicroseconds: Int64 = 10_000,
    compression: BandCompression = .usual, silenceThreshold: Float = 0.001
  ) {
    self.sampleRate = sampleRate
    self.highPassFrequency = highPassFrequency
    self.bands = bands
    self.lowestFrequency = lowestFrequency
    self.highestFrequency = highestFrequency ?? min(7_000, 0.4375 * Double(sampleRate))
    self.windowMicroseconds = windowMicroseconds
    self.stepMicroseconds = stepMicroseconds
    self.compression = compression
    self.silenceThreshold = silenceThreshold
  }

  package var axes: [Int] { [bands, 1] }
  package var largestInput: Float { 8 }
  package var givesCurrents: Bool { true }

  package var summary: String {
    let way =
      switch compression {
      case .logarithm: "their logarithm"
      case .energyNormalisation: "each normalised by its past (PCEN)"
      }
    return "mel version \(version): \(sampleRate) Hz, \(bands) bands of \(Int(lowestFrequency)) to "
      + "\(Int(highestFrequency)) Hz, \(way), steps of \(stepMicroseconds / 1000) ms"
  }

  /// Samples of the window.
  var windowLength: Int { Int(windowMicroseconds * Int64(sampleRate) / 1_000_000) }

  package func check() throws(EncoderError) {
    guard version == Self.currentVersion else {
      throw .version(encoder: Self.kind, found: version, known: Self.currentVersion)
    }
    try EncoderError.require(sampleRate > 0, "sampleRate", sampleRate, "positive")
    try EncoderError.require((1...1_024).contains(bands), "bands", bands, "1 to 1024")
    try EncoderError.require(
      lowestFrequency > 0 && lowestFrequency < highestFrequency && highestFrequency <= Double(sampleRate) / 2,
      "lowestFrequency", "\(lowestFrequency) with highestFrequency \(highestFrequency)",
      "positive and under highestFrequency, which is at most half the sample rate")
    if let highPassFrequency {
      try EncoderError.require(
        highPassFrequency > 0 && highPassFrequency < highestFrequency, "highPassFrequency", highPassFrequency,
        "over 0 and under highestFrequency")
    }
    try EncoderError.require(
      (8...1 << 16).contains(windowLength), "windowMicroseconds", windowMicroseconds, "8 samples on")
    try EncoderError.require(
      stepMicroseconds * Int64(sampleRate) >= 1_000_000, "stepMicroseconds", stepMicroseconds, "at least one sample")
    try EncoderError.require(
      silenceThreshold >= 0 && silenceThreshold <= 1, "silenceThreshold", silenceThreshold, "0 to 1")
    if let holdMicroseconds {
      try EncoderError.require(
        (0...60_000_000).contains(holdMicroseconds), "holdMicroseconds", holdMicroseconds, "0 to 60000000")
    }
    try compression.check()
    try EncoderError.require(
      means.count == deviations.count && [0, bands].contains(means.count) && (means + deviations).allSatisfy(\.isFinite)
        && deviations.allSatisfy { $0 > 0 },
      "means and deviations", "\(means.count) and \(deviations.count) numbers",
      "finite, one a band, deviations positive")
  }

  package func makeEncoder() throws(EncoderError) -> any SoundEncoder {
    let stepped = try SteppedEncoder(MelCoder(self), sampleRate: sampleRate, stepMicroseconds: stepMicroseconds)
    guard let highPassFrequency else { return stepped }
    return OffsetFreeEncoder(stepped, frequency: highPassFrequency, sampleRate: sampleRate)
  }

  /// What compresses the energies of a stream's bands, from its first step on.
  package func makeCompressor() -> BandCompressor {
    BandCompressor(compression, bands: bands, means: means, deviations: deviations)
  }

  /// Centres of the bands, Hz.
  package var centreFrequencies: [Double] {
    (0..<bands).map {
      MelFilters.frequency($0, of: bands, lowest: lowestFrequency, highest: highestFrequency)
    }
  }

  /// The energies in the bands of a sound's steps before they are compressed, step after step of `bands` numbers; what has
  /// no sample that reaches the threshold has none. Compressed by `makeCompressor`, they are the frames of the encoder.
  package func energies(of samples: [Float]) throws(EncoderError) -> [Float] {
    let coder = try MelCoder(self, compresses: false)
    let stepped = try SteppedEncoder(coder, sampleRate: sampleRate, stepMicroseconds: stepMicroseconds)
    var energies: [Float] = []
    energies.reserveCapacity(samples.count / max(1, sampleRate / 1_000) * bands)
    var encoder: any SoundEncoder = stepped
    if let highPassFrequency {
      encoder = OffsetFreeEncoder(stepped, frequency: highPassFrequency, sampleRate: sampleRate)
    }
    func take(_ frame: SpikeFrame) {
      let first = energies.count
      energies.append(contentsOf: repeatElement(0, count: bands))
      for (channel, value) in zip(frame.channels, frame.values) { energies[first + Int(channel)] = value }
    }
    encoder.push(samples.span, emit: take)
    encoder.finish(emit: take)
    return energies
  }
}
