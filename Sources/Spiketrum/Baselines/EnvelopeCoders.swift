import Glibc
import Tensors

/// Send-on-delta: a channel reports each time its envelope has risen or fallen by a fixed ratio since its last report.
/// Input `2 channel` counts rises, `2 channel + 1` falls.
public struct SendOnDeltaCoder: StepCoder {
  private var bank: GammatoneBank
  private let ratio: Float
  private let floor: Float
  private var references: [Float]
  private var counts: [Float]

  /// `decibels` is the change that is reported, over 0; `floor` the envelope under which nothing changes.
  public init(
    _ parameters: GammatoneDictionary.Parameters, decibels: Double, floor: Float
  ) throws(SpiketrumError) {
    try SpiketrumError.require(decibels > 0 && decibels.isFinite, "decibels", decibels, "positive")
    try SpiketrumError.require(floor > 0 && floor.isFinite, "floor", floor, "positive")
    bank = try GammatoneBank(parameters)
    ratio = Float(pow(10, decibels / 20))
    self.floor = floor
    references = [Float](repeating: floor, count: parameters.channelCount)
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
          while value >= reference * ratio {
            reference *= ratio
            counts[2 * channel] += 1
          }
          while value * ratio <= reference {
            reference /= ratio
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
  ) throws(SpiketrumError) {
    try SpiketrumError.require(
      timeConstantMicroseconds > 0, "timeConstantMicroseconds", timeConstantMicroseconds, "positive")
    try SpiketrumError.require(gain > 0 && gain.isFinite, "gain", gain, "positive")
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
