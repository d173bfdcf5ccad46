import Foundation
import Numerics
import Settings
import SpikingNetworks

/// How far the logits of a batch are from what they should be, and the gradient of that.
public struct LossDescription: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Cross-entropy of the logits' mean over time.
    case meanCrossEntropy
    /// Mean over time of the cross-entropy at each step (temporal efficient training, Deng et al. 2022, eq. 9) plus
    /// `regularisation` times the squared distance of the logits from 1.
    case temporalEfficient
    /// Cross-entropy of each class's largest logit over time: with a leaky integrator as read-out, of the highest
    /// membrane potentials.
    case maximumCrossEntropy
    /// Mean over steps and classes of the squared distance of the logit, the membrane potential of such a read-out,
    /// from 1 for the class and 0 for the others.
    case meanSquare
  }

  public var kind: Kind
  /// Share of the target spread over all classes, `0 ..< 1`.
  public var labelSmoothing: Double
  /// λ of temporal efficient training.
  public var regularisation: Double
  /// Weight of the loss on the parts of labels that a `union` puts together, beside that on the labels.
  public var parts: Double
  /// A loss on how often neurons fire, beside that on the logits; none when absent.
  public var rates: RateRegularisation?

  public init(
    kind: Kind = .meanCrossEntropy, labelSmoothing: Double = 0, regularisation: Double = 0,
    rates: RateRegularisation? = nil, parts: Double = 0
  ) {
    self.kind = kind
    self.labelSmoothing = labelSmoothing
    self.regularisation = regularisation
    self.rates = rates
    self.parts = parts
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case kind, labelSmoothing, regularisation, rates, parts }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    kind = try values.choice(.kind, or: .meanCrossEntropy)
    labelSmoothing = try values.number(.labelSmoothing, .from(0, under: 1), or: 0)
    regularisation = try values.number(.regularisation, .from(0, to: 1), or: 0)
    rates = try values.value(.rates, or: nil)
    parts = try values.number(.parts, .from(0, to: 1_000), or: 0)
  }

  /// Writes the weight of parts only where there is one, so that a recipe's digest does not depend on what could have been
  /// asked for.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(kind, forKey: .kind)
    try values.encode(labelSmoothing, forKey: .labelSmoothing)
    try values.encode(regularisation, forKey: .regularisation)
    try values.encodeIfPresent(rates, forKey: .rates)
    if parts > 0 { try values.encode(parts, forKey: .parts) }
  }
}

/// Mean loss of a batch and the classes it found.
public struct BatchOutcome: Sendable, Equatable {
  /// Sum of the samples' losses.
  public var lossSum = 0.0
  /// Each sample's loss.
  public var losses: [Double] = []
  /// Class with the highest mean logit of each sample; the first of equals.
  public var classes: [Int] = []
}

extension LossDescription {
  /// Reads `runner.logits`, writes `runner.logitGradient` (of the batch's mean loss).
  public func apply<Scalar: Real>(_ runner: BatchRunner<Scalar>, targets: [Int]) -> BatchOutcome {
    var outcome = BatchOutcome()
    let classes = runner.outputCount
    let logits = runner.logits.base
    let gradient = runner.logitGradient.base
    let share = 1 / Double(targets.count)
    var mean = [Double](repeating: 0, count: classes)
    var delta = [Double](repeating: 0, count: classes)
    for (sample, target) in targets.enumerated() {
      let before = outcome.lossSum
      defer { outcome.losses.append(outcome.lossSum - before) }
      let row = runner.layout.firstRow(of: sample)
      let steps = runner.layout.steps(of: sample)
      for label in 0..<classes { mean[label] = 0 }
      for step in row..<row + steps {
        for label in 0..<classes { mean[label] += Double(logits[step * classes + label]) }
      }
      for label in 0..<classes { mean[label] /= Double(steps) }
      outcome.classes.append(mean.firstIndex(of: mean.max() ?? 0) ?? 0)
      switch kind {
      case .meanCrossEntropy:
        outcome.lossSum += crossEntropy(mean, target: target, gradient: &delta)
        for step in row..<row + steps {
          for label in 0..<classes {
            gradient[step * classes + label] = Scalar(delta[label] * share / Double(steps))
          }
        }
      case .temporalEfficient:
        for step in row..<row + steps {
          for label in 0..<classes { mean[label] = Double(logits[step * classes + label]) }
          var loss = (1 - regularisation) * crossEntropy(mean, target: target, gradient: &delta)
          for label in 0..<classes {
            let distance = mean[label] - 1
            loss += regularisation * distance * distance / Double(classes)
            delta[label] = (1 - regularisation) * delta[label] + regularisation * 2 * distance / Double(classes)
            gradient[step * classes + label] = Scalar(delta[label] * share / Double(steps))
          }
          outcome.lossSum += loss / Double(steps)
        }
      case .maximumCrossEntropy:
        let highest = (0..<classes).map { label in
          (row..<row + steps).reduce(row) { logits[$1 * classes + label] > logits[$0 * classes + label] ? $1 : $0 }
        }
        for label in 0..<classes { mean[label] = Double(logits[highest[label] * classes + label]) }
        outcome.lossSum += crossEntropy(mean, target: target, gradient: &delta)
        for place in row * classes..<(row + steps) * classes { gradient[place] = 0 }
        for label in 0..<classes { gradient[highest[label] * classes + label] = Scalar(delta[label] * share) }
      case .meanSquare:
        for step in row..<row + steps {
          for label in 0..<classes {
            let distance = Double(logits[step * classes + label]) - wanted(label, target: target, of: classes)
            let weight = 1 / Double(steps * classes)
            outcome.lossSum += distance * distance * weight
            gradient[step * classes + label] = Scalar(2 * distance * weight * share)
          }
        }
      }
    }
    return outcome
  }

  private func wanted(_ label: Int, target: Int, of classes: Int) -> Double {
    labelSmoothing / Double(classes) + (label == target ? 1 - labelSmoothing : 0)
  }

  /// Cross-entropy of one row of logits with a smoothed target; `gradient` is overwritten.
  private func crossEntropy(_ logits: [Double], target: Int, gradient: inout [Double]) -> Double {
    let peak = logits.max() ?? 0
    var sum = 0.0
    for label in logits.indices {
      gradient[label] = exp(logits[label] - peak)
      sum += gradient[label]
    }
    let logSum = log(sum) + peak
    var loss = 0.0
    for label in logits.indices {
      let wanted = wanted(label, target: target, of: logits.count)
      loss += wanted * (logSum - logits[label])
      gradient[label] = gradient[label] / sum - wanted
    }
    return loss
  }
}
