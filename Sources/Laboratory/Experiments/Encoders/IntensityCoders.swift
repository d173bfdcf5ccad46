import Glibc
import Numerics
import SoundEncoders
import Spiketrum

/// The loudness of each gammatone channel in a step, from 0 at the floor to 1 at full scale, in even decibels.
struct IntensityMeter: Sendable {
  private var bank: GammatoneBank
  private let floorDecibels: Double
  private(set) var intensities: [Float]

  init(_ parameters: GammatoneDictionary.Parameters, floorDecibels: Double) throws(EncoderError) {
    try EncoderError.require(
      floorDecibels < 0 && floorDecibels.isFinite, "floorDecibels", floorDecibels, "negative")
    bank = try GammatoneBank(parameters)
    self.floorDecibels = floorDecibels
    intensities = [Float](repeating: 0, count: parameters.channelCount)
  }

  mutating func measure(_ samples: Span<Float>) {
    let count = samples.count
    bank.push(samples) { _, envelope in
      for channel in intensities.indices {
        var sum: Float = 0
        for index in channel * count..<(channel + 1) * count { sum += envelope[index] }
        intensities[channel] = intensity(Double(sum) / Double(max(1, count)), floorDecibels: floorDecibels)
      }
    }
  }
}

/// An amplitude on the scale of decibels from the floor, 0, to full scale, 1.
private func intensity(_ amplitude: Double, floorDecibels: Double) -> Float {
  Float(min(1, max(0, 1 - 20 * log10(max(amplitude, 1e-30)) / floorDecibels)))
}

/// Direct current: each step's intensity of each channel enters the network as a current.
public struct DirectCurrentCoder: StepCoder {
  private var meter: IntensityMeter

  /// `floorDecibels`, negative, is the level relative to full scale that gives no current.
  public init(_ parameters: GammatoneDictionary.Parameters, floorDecibels: Double) throws(EncoderError) {
    meter = try IntensityMeter(parameters, floorDecibels: floorDecibels)
  }

  public var width: Int { meter.intensities.count }

  public mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    meter.measure(samples)
    frame.append(nonzero: meter.intensities)
  }
}

/// Poisson spikes: each channel fires at random with a mean rate in proportion to its intensity. The same seed gives the
/// same spikes.
public struct PoissonCoder: StepCoder {
  private var meter: IntensityMeter
  private let spikesPerSample: Double
  private var random: UInt64
  private var counts: [Float]

  /// `spikesPerSecond` is the rate of a channel at full scale.
  public init(
    _ parameters: GammatoneDictionary.Parameters, floorDecibels: Double, spikesPerSecond: Double, seed: UInt64
  ) throws(EncoderError) {
    try EncoderError.require(
      spikesPerSecond > 0 && spikesPerSecond <= Double(parameters.sampleRate), "spikesPerSecond", spikesPerSecond,
      "over 0 and at most the sample rate")
    meter = try IntensityMeter(parameters, floorDecibels: floorDecibels)
    spikesPerSample = spikesPerSecond / Double(parameters.sampleRate)
    random = seed
    counts = [Float](repeating: 0, count: parameters.channelCount)
  }

  public var width: Int { counts.count }

  public mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    meter.measure(samples)
    for channel in counts.indices {
      // Products of uniform numbers (Knuth 1969): right for the few spikes a step holds.
      let limit = exp(-spikesPerSample * Double(samples.count) * Double(meter.intensities[channel]))
      var product = uniform()
      counts[channel] = 0
      while product > limit {
        counts[channel] += 1
        product *= uniform()
      }
    }
    frame.append(nonzero: counts)
  }

  /// A number in 0..<1 (SplitMix64).
  private mutating func uniform() -> Double {
    random &+= 0x9e37_79b9_7f4a_7c15
    var z = random
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}

/// Population latency: in each window of steps every channel fires once, the earlier the louder it was over the window
/// before; channels at the floor stay silent.
public struct LatencyCoder: StepCoder {
  private var meter: IntensityMeter
  private let windowSteps: Int
  private var step = 0
  private var sums: [Float]
  /// Step of the window in which each channel fires; nil for silent ones.
  private var schedule: [Int?]

  /// `windowSteps` is the length of a window, 1 or more.
  public init(
    _ parameters: GammatoneDictionary.Parameters, floorDecibels: Double, windowSteps: Int
  ) throws(EncoderError) {
    try EncoderError.require((1...10_000).contains(windowSteps), "windowSteps", windowSteps, "in 1...10000")
    meter = try IntensityMeter(parameters, floorDecibels: floorDecibels)
    self.windowSteps = windowSteps
    sums = [Float](repeating: 0, count: parameters.channelCount)
    schedule = [Int?](repeating: nil, count: parameters.channelCount)
  }

  public var width: Int { sums.count }

  public mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    meter.measure(samples)
    for channel in sums.indices {
      sums[channel] += meter.intensities[channel]
      if schedule[channel] == step {
        frame.channels.append(UInt32(channel))
        frame.values.append(1)
      }
    }
    step += 1
    if step < windowSteps { return }
    step = 0
    for channel in sums.indices {
      let mean = sums[channel] / Float(windowSteps)
      schedule[channel] = mean > 0 ? min(windowSteps - 1, Int((1 - mean) * Float(windowSteps))) : nil
      sums[channel] = 0
    }
  }
}
