import Glibc
import Numerics
import SoundEncoders
import Spiketrum

/// Send-on-delta: a channel reports each time its envelope has risen or fallen by a fixed ratio since its last report.
/// Input `2 channel` counts rises, `2 channel + 1` falls.
public struct SendOnDeltaCoder: StepCoder {
  private var bank: GammatoneBank
  private let floor: Float
  /// Envelopes that are reported, from the floor up, each the ratio above the one before: kept as a table, since a
  /// reference that is multiplied up and divided down again may miss the floor by a rounding.
  private let steps: [Float]
  /// Step of each channel's last report.
  private var references: [Int]
  private var counts: [Float]

  /// `decibels` is the change that is reported, over 0; `floor` the envelope under which nothing changes.
  public init(
    _ parameters: GammatoneDictionary.Parameters, decibels: Double, floor: Float
  ) throws(EncoderError) {
    try EncoderError.require(decibels > 0 && decibels.isFinite, "decibels", decibels, "positive")
    try EncoderError.require(floor > 0 && floor.isFinite, "floor", floor, "positive")
    bank = try GammatoneBank(parameters)
    self.floor = floor
    // Up to 120 dB over full scale: no envelope of a sound gets there.
    let highest = max(1, Int((120 - 20 * log10(Double(floor))) / decibels))
    try EncoderError.require(highest < 1 << 20, "decibels", decibels, "at least a thousandth")
    steps = (0...highest).map { Float(Double(floor) * pow(10, Double($0) * decibels / 20)) }
    references = [Int](repeating: 0, count: parameters.channelCount)
    counts = [Float](repeating: 0, count: 2 * parameters.channelCount)
  }

  public var width: Int { 2 * bank.count }

  public mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    let count = samples.count
    bank.push(samples) { _, envelope in
      for channel in references.indices {
        var reference = references[channel]
        counts[2 * channel] = 0
        counts[2 * channel + 1] = 0
        for index in channel * count..<(channel + 1) * count {
          let value = max(floor, envelope[index])
          while reference + 1 < steps.count, value >= steps[reference + 1] {
            reference += 1
            counts[2 * channel] += 1
          }
          while reference > 0, value <= steps[reference - 1] {
            reference -= 1
            counts[2 * channel + 1] += 1
          }
        }
        references[channel] = reference
      }
    }
    frame.append(nonzero: counts)
  }
}

/// Leaky integrate-and-fire neurons driven by the half-wave rectified channels: `tau dv/dt = gain max(0, x) - v`; a spike
/// takes 1 from v, and an input counts its channel's spikes.
public struct IntegrateAndFireCoder: StepCoder {
  private var bank: GammatoneBank
  private let decay: Float
  private let gain: Float
  private var potentials: [Float]
  private var counts: [Float]

  /// `timeConstantMicroseconds` is tau; `gain` what an amplitude of 1 drives the potential to.
  public init(
    _ parameters: GammatoneDictionary.Parameters, timeConstantMicroseconds: Int64, gain: Double
  ) throws(EncoderError) {
    try EncoderError.require(
      timeConstantMicroseconds > 0, "timeConstantMicroseconds", timeConstantMicroseconds, "positive")
    try EncoderError.require(gain > 0 && gain.isFinite, "gain", gain, "positive")
    bank = try GammatoneBank(parameters)
    decay = Float(exp(-1e6 / (Double(timeConstantMicroseconds) * Double(parameters.sampleRate))))
    self.gain = Float(gain)
    potentials = [Float](repeating: 0, count: parameters.channelCount)
    counts = potentials
  }

  public var width: Int { bank.count }

  public mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame) {
    let count = samples.count
    bank.push(samples) { fine, _ in
      for channel in potentials.indices {
        var potential = potentials[channel]
        var spikes: Float = 0
        for index in channel * count..<(channel + 1) * count {
          potential = decay * potential + (1 - decay) * gain * max(0, fine[index])
          if potential >= 1 {
            potential -= 1
            spikes += 1
          }
        }
        potentials[channel] = potential
        counts[channel] = spikes
      }
    }
    frame.append(nonzero: counts)
  }
}
