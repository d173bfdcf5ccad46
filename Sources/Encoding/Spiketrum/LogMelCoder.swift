import Glibc
import Numerics

/// Log-mel frames as currents: the energy in triangular bands equally spaced in mel, `2595 log10(1 + f / 700)`, of a
/// Hann window that ends with the step, from 0 at the floor to 1 at a full-scale tone, in even decibels.
public struct LogMelCoder: StepCoder {
  private let window: [Float]
  private let floorDecibels: Double
  /// First bin and weights of each band.
  private let bands: [(first: Int, weights: [Float])]
  private var transform: RealTransform
  private var history: [Float]
  private var windowed: [Float]
  private var values: [Float]

  /// `windowMicroseconds` is the length of the window; `floorDecibels`, negative, the level that gives no current.
  public init(
    _ parameters: GammatoneDictionary.Parameters, windowMicroseconds: Int64 = 25_000, floorDecibels: Double = -80
  ) throws(SpiketrumError) {
    try GammatoneDictionary.check(parameters)
    let length = Int(windowMicroseconds * Int64(parameters.sampleRate) / 1_000_000)
    try SpiketrumError.require((8...1 << 16).contains(length), "windowMicroseconds", windowMicroseconds, "8 samples on")
    try SpiketrumError.require(
      floorDecibels < 0 && floorDecibels.isFinite, "floorDecibels", floorDecibels, "negative")
    let hann = (0..<length).map { 0.5 - 0.5 * cos(2 * Double.pi * (Double($0) + 0.5) / Double(length)) }
    let sum = hann.reduce(0, +)
    // A tone of amplitude 1 has magnitude 1 in its bin.
    window = hann.map { Float(2 * $0 / sum) }
    self.floorDecibels = floorDecibels
    transform = RealTransform(atLeast: length)
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    func hertz(_ mel: Double) -> Double { 700 * (pow(10, mel / 2595) - 1) }
    let low = mel(parameters.lowestFrequency)
    let high = mel(parameters.highestFrequency)
    let binHertz = Double(parameters.sampleRate) / Double(transform.size)
    let count = parameters.channelCount
    let bins = transform.size / 2
    bands = (0..<count).map { band in
      let edges = (0...2).map { hertz(low + (high - low) * Double(band + $0) / Double(count + 1)) }
      let first = min(bins, Int((edges[0] / binHertz).rounded(.up)))
      let last = max(first, min(bins, Int(edges[2] / binHertz)))
      let weights = (first...last).map { bin -> Float in
        let frequency = Double(bin) * binHertz
        let rise = (frequency - edges[0]) / (edges[1] - edges[0])
        let fall = (edges[2] - frequency) / (edges[2] - edges[1])
        return Float(max(0, min(rise, fall)))
      }
      return (first, weights)
    }
    history = [Float](repeating: 0, count: length)
    windowed = [Float](repeating: 0, count: transform.size)
    values = [Float](repeating: 0, count: count)
  }

  public var width: Int { values.count }

  public mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    let kept = max(0, history.count - samples.count)
    history.removeFirst(history.count - kept)
    for index in samples.count - (window.count - kept)..<samples.count { history.append(samples[index]) }
    for index in window.indices { windowed[index] = history[index] * window[index] }
    transform.power(of: windowed)
    for (index, band) in bands.enumerated() {
      var energy = 0.0
      for (offset, weight) in band.weights.enumerated() {
        energy += Double(weight * transform.power[band.first + offset])
      }
      values[index] = Float(min(1, max(0, 1 - 10 * log10(max(energy, 1e-30)) / floorDecibels)))
    }
    frame.append(nonzero: values)
  }
}

/// Power spectrum of real samples: radix-2 Fourier transform, decimation in time, tables made once.
struct RealTransform: Sendable {
  let size: Int
  /// Squared magnitudes of bins 0...size / 2 after ``power(of:)``.
  private(set) var power: [Float]
  private let cosines: [Float]
  private let sines: [Float]
  private let reversed: [Int]
  private var real: [Float]
  private var imaginary: [Float]

  init(atLeast length: Int) {
    var bits = 1
    while 1 << bits < length { bits += 1 }
    size = 1 << bits
    let size = size
    power = [Float](repeating: 0, count: size / 2 + 1)
    cosines = (0..<size / 2).map { Float(cos(2 * Double.pi * Double($0) / Double(size))) }
    sines = (0..<size / 2).map { Float(-sin(2 * Double.pi * Double($0) / Double(size))) }
    reversed = (0..<size).map { index in
      (0..<bits).reduce(0) { $0 | ((index >> $1) & 1) << (bits - 1 - $1) }
    }
    real = [Float](repeating: 0, count: size)
    imaginary = real
  }

  /// Transforms `size` samples.
  mutating func power(of samples: [Float]) {
    for index in 0..<size {
      real[index] = samples[reversed[index]]
      imaginary[index] = 0
    }
    var half = 1
    while half < size {
      let turn = size / (2 * half)
      for start in stride(from: 0, to: size, by: 2 * half) {
        for offset in 0..<half {
          let a = start + offset
          let b = a + half
          let c = cosines[offset * turn]
          let s = sines[offset * turn]
          let re = real[b] * c - imaginary[b] * s
          let im = real[b] * s + imaginary[b] * c
          real[b] = real[a] - re
          imaginary[b] = imaginary[a] - im
          real[a] += re
          imaginary[a] += im
        }
      }
      half *= 2
    }
    for bin in power.indices { power[bin] = real[bin] * real[bin] + imaginary[bin] * imaginary[bin] }
  }
}
