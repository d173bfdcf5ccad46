import SoundEncoders

/// Energies in mel bands as currents: what most recognisers of speech hear.
///
/// A step's frame is made of the window that ends with the step: `|FFT(Hann · samples)|²`, summed in triangular bands
/// equally spaced in mel, compressed, and standardised by the mean and deviation that training clips had. A window in
/// which no sample reaches `silenceThreshold` gives a silent frame: nothing, which stands for the mean; with
/// `holdMicroseconds` only once that has been so for as long.
public struct MelConfiguration: SoundEncoding {
  public typealias Options = MelOptions

  public static let kind = "mel"
  /// The version of the rules that this program follows; it changes whenever the same sound would give other frames.
  public static let currentVersion = 1

  public var version = MelConfiguration.currentVersion
  public var sampleRate: Int
  public var highPassFrequency: Double?
  /// Number of bands.
  public var bands: Int
  /// Lower edge of the lowest band, Hz.
  public var lowestFrequency: Double
  /// Upper edge of the highest band, Hz.
  public var highestFrequency: Double
  public var windowMicroseconds: Int64
  public var stepMicroseconds: Int64
  public var compression: BandCompression
  /// Magnitude that a sample of the window has to reach, in units of full scale.
  public var silenceThreshold: Float
  /// How long after the last step that is not silent steps are still coded, so that a network can say what it heard once
  /// it has heard all of it; not at all when absent. Silence follows a stream that ends, so that it says as much then.
  public var holdMicroseconds: Int64?
  /// Of each band's compressed energy; empty leaves it as it is.
  public var means: [Float] = []
  public var deviations: [Float] = []

  public init(
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

  public var axes: [Int] { [bands, 1] }
  public var largestInput: Float { 8 }
  public var givesCurrents: Bool { true }

  public var summary: String {
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

  public func check() throws(EncoderError) {
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

  public func makeEncoder() throws(EncoderError) -> any SoundEncoder {
    let stepped = try SteppedEncoder(MelCoder(self), sampleRate: sampleRate, stepMicroseconds: stepMicroseconds)
    guard let highPassFrequency else { return stepped }
    return OffsetFreeEncoder(stepped, frequency: highPassFrequency, sampleRate: sampleRate)
  }
}
