import Foundation
import Numerics
import Settings
import SpikingNetworks

/// How the learning rate, the gradient and the weights are treated at each step.
public struct OptimiserDescription: Codable, Sendable, Equatable {
  public enum Schedule: String, Codable, Sendable, CaseIterable {
    case constant
    /// Linear warm-up, then half a cosine down to zero.
    case cosine
    /// Half a cosine up over the warm-up from a 25th of the rate, then half a cosine down to zero.
    case oneCycle
  }

  /// Peak learning rate.
  public var rate: Double
  public var schedule: Schedule
  /// Share of all steps spent warming up.
  public var warmUp: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// Decoupled weight decay (AdamW); applies to weights, not to gains and biases.
  public var weightDecay: Double
  /// Largest norm of the whole gradient; 0 for no limit.
  public var clip: Double
  /// Momentum of stochastic gradient descent, `0 ..< 1`, which then takes the place of AdamW: `v = momentum · v +
  /// gradient + weightDecay · w`, `w −= rate · v`. AdamW when absent.
  public var momentum: Double?

  public init(rate: Double = 1e-3) {
    self.rate = rate
    schedule = .cosine
    warmUp = 0.05
    beta1 = 0.9
    beta2 = 0.999
    epsilon = 1e-8
    weightDecay = 0
    clip = 0
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case rate, schedule, warmUp, beta1, beta2, epsilon, weightDecay, clip, momentum
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let share = Bounds.from(0.0, under: 1)
    self.init(rate: try values.required(.rate, .over(0, to: 100)))
    schedule = try values.choice(.schedule, or: schedule)
    warmUp = try values.number(.warmUp, .from(0, to: 1), or: warmUp)
    beta1 = try values.number(.beta1, share, or: beta1)
    beta2 = try values.number(.beta2, share, or: beta2)
    epsilon = try values.number(.epsilon, .over(0, to: 1), or: epsilon)
    weightDecay = try values.number(.weightDecay, .from(0, to: 100), or: weightDecay)
    clip = try values.number(.clip, .from(0, to: 1_000_000), or: clip)
    momentum = try values.number(.momentum, share)
  }

  /// Learning rate at a step of `total`.
  public func rate(atStep step: Int, of total: Int) -> Double {
    let warm = max(1, Int(warmUp * Double(total)))
    let rest = Double(step - warm) / Double(max(total - warm, 1))
    let fall = rate * 0.5 * (1 + cos(Double.pi * min(max(rest, 0), 1)))
    switch schedule {
    case .constant: return rate
    case .cosine: return step < warm ? rate * Double(step + 1) / Double(warm) : fall
    case .oneCycle:
      guard step < warm else { return fall }
      let rise = 0.5 * (1 - cos(Double.pi * Double(step) / Double(warm)))
      return rate * (0.04 + 0.96 * rise)
    }
  }
}

/// AdamW, or gradient descent with momentum, over a network's parameters: its moments, and how many steps it has made.
public struct Optimiser<Scalar: Real> {
  public let description: OptimiserDescription
  /// Running mean of the gradient; the velocity where there is momentum.
  public var first: [Scalar]
  /// Running mean of the gradient's square; untouched where there is momentum.
  public var second: [Scalar]
  public var steps = 0
  private let blocks: [(range: Range<Int>, role: ParameterSpecification.Role)]

  public init(_ description: OptimiserDescription, for network: Network<Scalar>) {
    self.description = description
    first = [Scalar](repeating: 0, count: network.parameters.count)
    second = first
    blocks = network.named.map { ($0.range, $0.specification.role) }
  }

  /// One step along `runner.gradient`; returns the gradient's norm before clipping.
  public mutating func step(_ runner: BatchRunner<Scalar>, of total: Int) -> Double {
    let gradient = runner.gradient.base
    var square = 0.0
    for block in blocks where block.role != .statistic {
      for index in block.range { square += Double(gradient[index]) * Double(gradient[index]) }
    }
    let norm = square.squareRoot()
    if description.clip > 0, norm > description.clip {
      let factor = Scalar(description.clip / norm)
      for index in 0..<runner.gradient.count { gradient[index] *= factor }
    }
    let rate = description.rate(atStep: steps, of: total)
    steps += 1
    let correction1 = 1 - pow(description.beta1, Double(steps))
    let correction2 = 1 - pow(description.beta2, Double(steps))
    first.withUnsafeMutableBufferPointer { first in
      second.withUnsafeMutableBufferPointer { second in
        guard let first = first.baseAddress, let second = second.baseAddress else { return }
        for block in blocks where block.role != .statistic {
          let offset = block.range.lowerBound
          if let momentum = description.momentum {
            Scalar.stepMomentum(
              count: block.range.count, parameters: runner.parameters.base + offset, gradient: gradient + offset,
              velocity: first + offset, rate: Scalar(rate), momentum: Scalar(momentum),
              decay: block.role == .weight ? Scalar(description.weightDecay) : 0)
            continue
          }
          Scalar.stepAdam(
            count: block.range.count, parameters: runner.parameters.base + offset, gradient: gradient + offset,
            first: first + offset, second: second + offset, rate: Scalar(rate), beta1: Scalar(description.beta1),
            beta2: Scalar(description.beta2), epsilon: Scalar(description.epsilon),
            decay: block.role == .weight ? Scalar(description.weightDecay) : 0, correction1: Scalar(correction1),
            correction2: Scalar(correction2))
        }
      }
    }
    return norm
  }
}
