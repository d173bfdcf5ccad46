import CKernels
import Glibc
import SoundEncoders

/// A dictionary of unit-norm gammatone kernels, equally spaced on the ERB-rate scale, with the correlations between them.
///
/// `g(t) = t^(order-1) exp(-2 pi b t) cos(2 pi f t + phase)`, `b = 1.019 ERB(f)`, `ERB(f) = 24.7 (4.37 f / 1000 + 1)` Hz
/// (Glasberg and Moore 1990), cut where the envelope falls under `truncation` of its maximum. Immutable: encoders share it.
public final class GammatoneDictionary: Sendable {
  /// What a dictionary is made from.
  public struct Parameters: Codable, Sendable, Equatable, Hashable {
    /// Samples a second, Hz.
    public var sampleRate: Int
    /// Number of kernels.
    public var channelCount: Int
    /// Centre frequency of the first kernel, Hz.
    public var lowestFrequency: Double
    /// Centre frequency of the last kernel, Hz; under half the sample rate.
    public var highestFrequency: Double
    /// Order of the gammatone, 1 or more.
    public var order: Int
    /// Phase of the carrier at onset, radians.
    public var phase: Double
    /// Fraction of the envelope's maximum under which a kernel is cut, in 0...1 exclusive.
    public var truncation: Double

    /// What kernels are made of.
    public init(
      sampleRate: Int, channelCount: Int = 40, lowestFrequency: Double = 100, highestFrequency: Double? = nil,
      order: Int = 4, phase: Double = 0, truncation: Double = 1e-3
    ) {
      self.sampleRate = sampleRate
      self.channelCount = channelCount
      self.lowestFrequency = lowestFrequency
      self.highestFrequency = highestFrequency ?? 0.45 * Double(sampleRate)
      self.order = order
      self.phase = phase
      self.truncation = truncation
    }
  }

  /// What the kernels were made of.
  public let parameters: Parameters
  /// Centre frequency of each kernel, Hz, ascending.
  public let centreFrequencies: [Double]
  /// Number of taps of each kernel.
  public let lengths: [Int64]
  /// Length of the longest kernel, in samples.
  public let longest: Int
  /// All kernels, one after another.
  let taps: [Float]
  /// Where each kernel begins in `taps`.
  let tapOffsets: [Int64]
  /// Correlations of every pair at every lag; see `ganglion_pursuit`.
  let gram: [Float]
  /// Where the lags of the pair (a, b) begin in `gram`, at `a * count + b`.
  let gramOffsets: [Int64]

  /// What a pick can change at most, by blocks of samples.
  let gramBounds: GramBounds
  /// Samples within which two atoms of one kernel compete for the same sound: a sixth of its length, where the
  /// autocorrelation of a gammatone has fallen to about two thirds.
  let reaches: [Int64]
  let longestReach: Int64
  /// Kernels that compete with one for the same sound: those within 2.3 equivalent rectangular bandwidths.
  let spread: Int

  /// Number of kernels.
  public var count: Int { parameters.channelCount }

  /// Throws ``EncoderError`` when a parameter is outside the range its documentation gives.
  public init(_ parameters: Parameters) throws(EncoderError) {
    try Self.check(parameters)
    self.parameters = parameters
    let kernels = parameters.channelCount
    centreFrequencies = Self.centreFrequencies(parameters)

    var taps: [Float] = []
    var tapOffsets: [Int64] = []
    var lengths: [Int64] = []
    for frequency in centreFrequencies {
      let kernel = gammatone(frequency: frequency, parameters)
      tapOffsets.append(Int64(taps.count))
      lengths.append(Int64(kernel.count))
      taps += kernel
    }
    reaches = lengths.map { $0 / 6 }
    longestReach = reaches.max() ?? 0
    let band = erbRate(parameters.highestFrequency) - erbRate(parameters.lowestFrequency)
    spread = band > 0 ? min(kernels, Int((2.3 / band * Double(kernels - 1)).rounded())) : kernels
    longest = Int(lengths.max() ?? 0)

    var gramOffsets: [Int64] = []
    var gramCount: Int64 = 0
    for a in 0..<kernels {
      for b in 0..<kernels {
        gramOffsets.append(gramCount)
        gramCount += lengths[a] + lengths[b] - 1
      }
    }
    gram = [Float](unsafeUninitializedCapacity: Int(gramCount)) { gram, initialized in
      taps.withUnsafeBufferPointer { taps in
        // Neither base address is nil: a dictionary has at least one kernel of at least one tap.
        guard let gram = gram.baseAddress, let taps = taps.baseAddress else { return }
        for a in 0..<kernels {
          for b in 0..<kernels {
            ganglion_cross_correlate(
              taps + Int(tapOffsets[a]), lengths[a], taps + Int(tapOffsets[b]), lengths[b],
              gram + Int(gramOffsets[a * kernels + b]))
          }
        }
      }
      initialized = Int(gramCount)
    }
    gramBounds = GramBounds(gram, gramOffsets, lengths)
    self.taps = taps
    self.tapOffsets = tapOffsets
    self.lengths = lengths
    self.gramOffsets = gramOffsets
  }

  /// The impulse response of one kernel, of unit norm.
  public func kernel(_ index: Int) -> ArraySlice<Float> {
    let first = Int(tapOffsets[index])
    return taps[first..<first + Int(lengths[index])]
  }

  /// Lends the tables to C for the length of one call, in a description of a window that has none of its own yet.
  func withTables<Result>(_ body: (ganglion_pursuit) -> Result) -> Result {
    taps.withUnsafeBufferPointer { taps in
      tapOffsets.withUnsafeBufferPointer { tapOffsets in
        lengths.withUnsafeBufferPointer { lengths in
          reaches.withUnsafeBufferPointer { reaches in
            gram.withUnsafeBufferPointer { gram in
              gramOffsets.withUnsafeBufferPointer { gramOffsets in
                gramBounds.rows.withUnsafeBufferPointer { gramBound in
                  gramBounds.offsets.withUnsafeBufferPointer { gramBoundOffsets in
                    gramBounds.peaks.withUnsafeBufferPointer { gramPeaks in
                      var tables = ganglion_pursuit()
                      tables.kernels = Int64(count)
                      tables.taps = taps.baseAddress
                      tables.tap_offset = tapOffsets.baseAddress
                      tables.length = lengths.baseAddress
                      tables.reach = reaches.baseAddress
                      tables.longest_reach = longestReach
                      tables.spread = Int64(spread)
                      tables.gram = gram.baseAddress
                      tables.gram_offset = gramOffsets.baseAddress
                      tables.gram_peak = gramPeaks.baseAddress
                      tables.gram_bound = gramBound.baseAddress
                      tables.gram_bound_offset = gramBoundOffsets.baseAddress
                      tables.gram_bound_first = gramBounds.first
                      return body(tables)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// Centre frequencies, Hz, equally spaced on the ERB-rate scale.
  static func centreFrequencies(_ parameters: Parameters) -> [Double] {
    let low = erbRate(parameters.lowestFrequency)
    let high = erbRate(parameters.highestFrequency)
    let spacing = (high - low) / Double(max(1, parameters.channelCount - 1))
    return (0..<parameters.channelCount).map { frequency(erbRate: low + Double($0) * spacing) }
  }

  package static func check(_ parameters: Parameters) throws(EncoderError) {
    let nyquist = Double(parameters.sampleRate) / 2
    try EncoderError.require(parameters.sampleRate > 0, "sampleRate", parameters.sampleRate, "positive")
    try EncoderError.require(
      (1...1024).contains(parameters.channelCount), "channelCount", parameters.channelCount, "in 1...1024")
    try EncoderError.require(
      parameters.lowestFrequency > 0 && parameters.lowestFrequency <= parameters.highestFrequency,
      "lowestFrequency", parameters.lowestFrequency, "over 0 and at most highestFrequency")
    try EncoderError.require(
      parameters.highestFrequency < nyquist, "highestFrequency", parameters.highestFrequency,
      "under half the sample rate, \(nyquist) Hz")
    try EncoderError.require((1...8).contains(parameters.order), "order", parameters.order, "in 1...8")
    try EncoderError.require(parameters.phase.isFinite, "phase", parameters.phase, "finite")
    try EncoderError.require(
      parameters.truncation >= 1e-6 && parameters.truncation < 1, "truncation", parameters.truncation, "in 1e-6..<1")
  }
}

/// Position of a frequency in Hz on the ERB-rate scale.
func erbRate(_ frequency: Double) -> Double { 21.4 * log10(1 + 0.00437 * frequency) }

/// Frequency in Hz at a position of the ERB-rate scale.
func frequency(erbRate: Double) -> Double { (pow(10, erbRate / 21.4) - 1) / 0.00437 }

/// Bandwidth of the gammatone at a frequency, both in Hz.
func equivalentBandwidth(_ frequency: Double) -> Double { 1.019 * 24.7 * (4.37 * frequency / 1000 + 1) }

/// One gammatone of unit norm, cut where its envelope falls under the truncation.
private func gammatone(frequency: Double, _ parameters: GammatoneDictionary.Parameters) -> [Float] {
  let decay = 2 * Double.pi * equivalentBandwidth(frequency) / Double(parameters.sampleRate)
  let power = Double(parameters.order - 1)
  let peakAt = power / decay
  func envelope(_ sample: Double) -> Double {
    // Relative to the maximum; 0^0 is 1 for the first order.
    pow(sample / max(peakAt, 1e-300), power) * exp(power - decay * sample)
  }
  var last = Int(peakAt.rounded(.up))
  while envelope(Double(last + 1)) >= parameters.truncation { last += 1 }
  let carrier = 2 * Double.pi * frequency / Double(parameters.sampleRate)
  let kernel = (0...last).map { envelope(Double($0)) * cos(carrier * Double($0) + parameters.phase) }
  let norm = kernel.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return kernel.map { Float($0 / norm) }
}
