import Foundation

/// Local learning of the weights `[contexts, channels]` from context units to hidden neurons: each change needs nothing
/// but what the two ends of a synapse know. (Shen et al. 2024 name the two rules; the constants are ours.)
public enum ContextPlasticity: Sendable, Equatable {
  /// Oja's rule on the signed drive `y = w · c`: `Δw = rate · y (c − y w)`. It turns each neuron's weights towards the
  /// context or away from it, whichever they lean to, and keeps their norm bounded (Flesch et al. 2023).
  case oja(rate: Double)
  /// Spike-timing dependent plasticity for a context that speaks once, at the beginning: a neuron's first spike after
  /// `t` steps raises the weights of active contexts by `rate · exp(−t / timeConstant)` and lowers those of the others as
  /// much; a neuron that stays silent loses `rate · silence` of the active ones. Weights stay within `±bound`.
  case spikeTiming(rate: Double, silence: Double, timeConstant: Double, bound: Double)

  /// Learns from one recording.
  ///
  /// - Parameters:
  ///   - weights: `[contexts, channels]`.
  ///   - context: one number a context unit; active units are above zero.
  ///   - firstSpikes: of each channel the step of its first spike, nil where it stayed silent.
  public func learn(_ weights: inout [Float], context: [Float], firstSpikes: [Int?]) {
    let channels = firstSpikes.count
    precondition(weights.count == context.count * channels, "a weight for each context and channel")
    switch self {
    case .oja(let rate):
      for channel in 0..<channels {
        var drive: Float = 0
        for unit in context.indices { drive += weights[unit * channels + channel] * context[unit] }
        for unit in context.indices {
          let at = unit * channels + channel
          weights[at] += Float(rate) * drive * (context[unit] - drive * weights[at])
        }
      }
    case .spikeTiming(let rate, let silence, let timeConstant, let bound):
      for channel in 0..<channels {
        let trace = firstSpikes[channel].map { exp(-Double($0) / timeConstant) }
        for unit in context.indices {
          let isActive = context[unit] > 0
          let change =
            if let trace { isActive ? trace : -trace } else { isActive ? -silence : 0 }
          let at = unit * channels + channel
          weights[at] = min(max(weights[at] + Float(rate * change), Float(-bound)), Float(bound))
        }
      }
    }
  }
}
