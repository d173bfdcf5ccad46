import Glibc
import Numerics
import SoundEncoders

/// Codes a step as the compressed energies of its mel bands; see `MelConfiguration`.
struct MelCoder: StepCoder {
  private let window: [Float]
  private let filters: MelFilters
  private let silenceThreshold: Float
  /// Silent steps that are still coded, and how many of them there are left.
  private let hold: Int
  private var left = 0
  private var transform: RealTransform
  /// Nil where energies are coded as they are.
  private var compressor: BandCompressor?
  /// The last samples, as many as the window takes.
  private var history: [Float]
  private var windowed: [Float]
  private var values: [Float]
  private var steps = 0.0

  /// - Parameter compresses: whether energies are compressed, or are what is coded.
  init(_ configuration: MelConfiguration, compresses: Bool = true) throws(EncoderError) {
    try configuration.check()
    let length = configuration.windowLength
    window = (0..<length).map { Float(0.5 - 0.5 * cos(2 * Double.pi * (Double($0) + 0.5) / Double(length))) }
    silenceThreshold = configuration.silenceThreshold
    hold = Int((configuration.holdMicroseconds ?? 0) / configuration.stepMicroseconds)
    transform = RealTransform(atLeast: length)
    filters = MelFilters(
      count: configuration.bands, sampleRate: configuration.sampleRate, transformSize: transform.size,
      lowestFrequency: configuration.lowestFrequency, highestFrequency: configuration.highestFrequency)
    compressor = compresses ? configuration.makeCompressor() : nil
    history = [Float](repeating: 0, count: length)
    windowed = [Float](repeating: 0, count: transform.size)
    values = [Float](repeating: 0, count: configuration.bands)
  }

  var width: Int { values.count }
  var stepsToCome: Int { max(0, left - 1) }

  /// The window, half of a butterfly's products at each of the transform's bits, the bands, and two for each band.
  var work: EncoderWork? {
    let bits = transform.size.trailingZeroBitCount
    let products = window.count + 4 * transform.size / 2 * bits + transform.size + filters.weightCount + 2 * width
    return EncoderWork(kind: .filterBank, multiplications: steps * Double(products))
  }

  mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    let kept = max(0, history.count - samples.count)
    history.removeFirst(history.count - kept)
    for index in samples.count - (window.count - kept)..<samples.count { history.append(samples[index]) }
    left = history.contains(where: { $0.magnitude >= silenceThreshold }) ? hold + 1 : max(0, left - 1)
    guard left > 0 else {
      compressor?.passSilence()
      return
    }
    steps += 1
    for index in window.indices { windowed[index] = history[index] * window[index] }
    transform.power(of: windowed)
    for band in values.indices { values[band] = Float(filters.energy(of: band, transform.power)) }
    compressor?.compress(&values)
    frame.append(nonzero: values)
  }
}
