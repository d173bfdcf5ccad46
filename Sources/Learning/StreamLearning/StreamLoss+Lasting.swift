import Foundation
import SpikingNetworks

/// What lasts, as gestures do, is asked for in every answer while it lasts.
///
/// An answer is a choice among the labels and nothing, whose output is 0: `p_k = exp(z_k) / (1 + sum exp(z))`. The loss is the mean
/// of `-log p` of the label over the answers from `onset` after its start to its end, `others` times the mean of that of nothing
/// over the answers outside, and `tail` times its mean over the worst `tailShare` of these. In between nothing is asked.
extension StreamLoss {
  func applyLasting(_ runner: BatchRunner<Float>, words: [[ChunkWord]], onset: Int) -> Outcome {
    let labels = runner.outputCount
    let logits = runner.logits.base
    var told: [(place: Int, label: Int)] = []
    var outside: [(place: Int, loss: Double)] = []
    let after = Int((0.5 / stepSeconds).rounded())
    for sample in words.indices {
      let first = runner.layout.firstRow(of: sample)
      for answer in 0..<runner.layout.steps(of: sample) {
        let end = (answer + 1) * runner.timeStride
        guard end > free else { continue }
        let place = (first + answer) * labels
        if let word = words[sample].last(where: { $0.start <= end && end <= $0.end }) {
          if end >= word.start + onset { told.append((place, word.label)) }
        } else if !words[sample].contains(where: { $0.end < end && end <= $0.end + after }) {
          outside.append((place, Self.normaliser(logits + place, labels)))
        }
      }
    }
    var outcome = Outcome()
    for answer in told {
      let share = 1 / Double(told.count)
      let normaliser = Self.normaliser(logits + answer.place, labels)
      outcome.words += share * (normaliser - Double(logits[answer.place + answer.label]))
      push(runner, answer.place, normaliser, share: share)
      runner.logitGradient.base[answer.place + answer.label] -= Float(share)
    }
    let share = options.others / Double(max(1, outside.count))
    for answer in outside {
      outcome.others += share * answer.loss
      push(runner, answer.place, answer.loss, share: share)
    }
    if options.tail > 0 {
      let worst = outside.sorted { ($0.loss, $1.place) > ($1.loss, $0.place) }
        .prefix(Int((Double(outside.count) * options.tailShare).rounded(.up)))
      let share = options.tail / Double(max(1, worst.count))
      for answer in worst {
        outcome.tail += share * answer.loss
        push(runner, answer.place, answer.loss, share: share)
      }
    }
    outcome.total = outcome.words + outcome.others + outcome.tail
    return outcome
  }

  /// Adds the gradient of the logarithm of `1 + sum exp(z)`.
  private func push(_ runner: BatchRunner<Float>, _ place: Int, _ normaliser: Double, share: Double) {
    for label in place..<place + runner.outputCount {
      runner.logitGradient.base[label] += Float(share * exp(Double(runner.logits.base[label]) - normaliser))
    }
  }

  /// Logarithm of `1 + sum exp(z)`.
  private static func normaliser(_ logits: UnsafePointer<Float>, _ labels: Int) -> Double {
    var highest = 0.0
    for label in 0..<labels { highest = max(highest, Double(logits[label])) }
    var sum = exp(-highest)
    for label in 0..<labels { sum += exp(Double(logits[label]) - highest) }
    return highest + log(sum)
  }
}
