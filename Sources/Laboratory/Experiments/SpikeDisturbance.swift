import Foundation
import Learning
import Numerics

/// What is done to sound or to spikes before a trained network hears them.
public enum EncoderDisturbance: String, CaseIterable, Sendable, Codable {
  /// Share of the spikes that are lost, each on its own; of currents, a share of each step's inputs.
  case loss
  /// Standard deviation of each spike's shift in time, milliseconds. Currents have nothing to shift.
  case jitter
  /// Ratio of the sound to white noise added to it, decibels.
  case noise
  /// Bits of each sample of the sound.
  case bits

  public var strengths: [Double] {
    switch self {
    case .loss: [0.1, 0.2, 0.3, 0.5, 0.7, 0.9]
    case .jitter: [1, 2, 5, 10, 20, 50]
    case .noise: [20, 15, 10, 5, 0, -5]
    case .bits: [8, 6, 5, 4, 3, 2]
    }
  }

  /// Whether it happens to the sound, before it is encoded.
  public var isOfSound: Bool { self == .noise || self == .bits }
}

extension SpikeSequence {
  /// Without a share of the spikes: each of an input's count is lost on its own, what is no whole number as one.
  public func losing(_ share: Double, random: inout RandomStream) -> SpikeSequence {
    var changed = SpikeSequence(shape: shape)
    for step in 0..<steps {
      var kept: [UInt32] = []
      var values: [Float] = []
      for place in range(ofStep: step) {
        let value = self.values[place]
        var left: Float = 0
        if value == value.rounded(), value > 0, value < 1000 {
          for _ in 0..<Int(value) where random.uniform() >= share { left += 1 }
        } else if random.uniform() >= share {
          left = value
        }
        guard left != 0 else { continue }
        kept.append(channels[place])
        values.append(left)
      }
      changed.append(channels: kept, values: values)
    }
    return changed
  }

  /// Every spike moved in time by its own normal deviate of so many steps, from a random place within its step; none
  /// leaves the sequence. Values are whole numbers of spikes.
  public func jittered(bySteps deviation: Double, random: inout RandomStream) -> SpikeSequence {
    var frames = [[UInt32: Float]](repeating: [:], count: steps)
    for step in 0..<steps {
      for place in range(ofStep: step) {
        for _ in 0..<Int(values[place]) {
          let time = Double(step) + random.uniform() + deviation * random.normal()
          frames[min(max(Int(time.rounded(.down)), 0), steps - 1)][channels[place], default: 0] += 1
        }
      }
    }
    var changed = SpikeSequence(shape: shape)
    for frame in frames {
      let channels = frame.keys.sorted()
      changed.append(channels: channels, values: channels.map { frame[$0, default: 0] })
    }
    return changed
  }

  /// No input above so many spikes a step.
  func clipped(at most: Float) -> SpikeSequence {
    var changed = SpikeSequence(shape: shape)
    for step in 0..<steps {
      let range = range(ofStep: step)
      changed.append(channels: Array(channels[range]), values: values[range].map { min($0, most) })
    }
    return changed
  }
}

extension EncoderDisturbance {
  /// Sound scaled to a peak of 1; silence stays as it is.
  static func scaled(_ samples: [Float]) -> [Float] {
    let peak = samples.reduce(0) { max($0, abs($1)) }
    return peak > 0 ? samples.map { $0 / peak } : samples
  }

  /// A sound of peak 1 as it is heard, again with a peak of 1.
  func apply(_ strength: Double, to samples: [Float], index: Int) -> [Float] {
    switch self {
    case .loss, .jitter: return samples
    case .noise:
      // The same noise for every encoder and seed.
      var random = RandomStream(seed: 1, purpose: "noise \(strength)", index: index)
      let energy = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
      let deviation = (energy / Double(max(1, samples.count)) * pow(10, -strength / 10)).squareRoot()
      return Self.scaled(samples.map { $0 + Float(deviation * random.normal()) })
    case .bits:
      let steps = Float(1 << (Int(strength) - 1))
      return Self.scaled(samples.map { ($0 * steps).rounded() / steps })
    }
  }
}
