import BandEncoders
import Glibc
import Numerics
import SoundEncoders
import Spiketrum

/// Log-mel frames as currents: the energy in triangular bands equally spaced in mel, `2595 log10(1 + f / 700)`, of a
/// Hann window that ends with the step, from 0 at the floor to 1 at a full-scale tone, in even decibels.
public struct LogMelCoder: StepCoder {
  private let window: [Float]
  private let floorDecibels: Double
  private let filters: MelFilters
  private var transform: RealTransform
  private var history: [Float]
  private var windowed: [Float]
  private var values: [Float]

  /// `windowMicroseconds` is the length of the window; `floorDecibels`, negative, the level that gives no current.
  public init(
    _ parameters: GammatoneDictionary.Parameters, windowMicroseconds: Int64 = 25_000, floorDecibels: Double = -80
  ) throws(EncoderError) {
    try GammatoneDictionary.check(parameters)
    let length = Int(windowMicroseconds * Int64(parameters.sampleRate) / 1_000_000)
    try EncoderError.require((8...1 << 16).contains(length), "windowMicroseconds", windowMicroseconds, "8 samples on")
    try EncoderError.require(
      floorDecibels < 0 && floorDecibels.isFinite, "floorDecibels", floorDecibels, "negative")
    let hann = (0..<length).map { 0.5 - 0.5 * cos(2 * Double.pi * (Double($0) + 0.5) / Double(length)) }
    let sum = hann.reduce(0, +)
    // A tone of amplitude 1 has magnitude 1 in its bin.
    window = hann.map { Float(2 * $0 / sum) }
    self.floorDecibels = floorDecibels
    transform = RealTransform(atLeast: length)
    filters = MelFilters(
      count: parameters.channelCount, sampleRate: parameters.sampleRate, transformSize: transform.size,
      lowestFrequency: parameters.lowestFrequency, highestFrequency: parameters.highestFrequency)
    history = [Float](repeating: 0, count: length)
    windowed = [Float](repeating: 0, count: transform.size)
    values = [Float](repeating: 0, count: parameters.channelCount)
  }

  public var width: Int { values.count }

  public mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    let kept = max(0, history.count - samples.count)
    history.removeFirst(history.count - kept)
    for index in samples.count - (window.count - kept)..<samples.count { history.append(samples[index]) }
    for index in window.indices { windowed[index] = history[index] * window[index] }
    transform.power(of: windowed)
    for index in values.indices {
      let energy = filters.energy(of: index, transform.power)
      values[index] = Float(min(1, max(0, 1 - 10 * log10(max(energy, 1e-30)) / floorDecibels)))
    }
    frame.append(nonzero: values)
  }
}
