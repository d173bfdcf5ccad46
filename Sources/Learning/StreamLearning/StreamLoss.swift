import Foundation
import Numerics
import SpikingNetworks

/// What a batch of chunks is held to: see `StreamLossOptions`.
struct StreamLoss {
  /// Mean losses of a batch.
  struct Outcome: Equatable {
    var words = 0.0
    var others = 0.0
    var tail = 0.0
    var total = 0.0
  }

  /// A stretch in which something is asked of a label, and the answer in it with the highest output.
  private struct Stretch {
    var place: Int
    var highest: Double
  }

  let options: StreamLossOptions
  /// Steps before which nothing counts: the network's warm-up.
  let free: Int
  /// Length of a step.
  let stepSeconds: Double

  private func steps(_ seconds: Double) -> Int { Int((seconds / stepSeconds).rounded()) }

  /// Reads the runner's outputs and writes their gradient.
  ///
  /// - Parameter words: those of each chunk of the batch, in steps.
  func apply(_ runner: BatchRunner<Float>, words: [[ChunkWord]]) -> Outcome {
    let labels = runner.outputCount
    let logits = runner.logits.base
    let gradient = runner.logitGradient.base
    for index in 0..<runner.logits.count { gradient[index] = 0 }
    if let onset = options.onsetSeconds { return applyLasting(runner, words: words, onset: steps(onset)) }
    var said: [Stretch] = []
    var others: [Stretch] = []
    for sample in words.indices {
      let first = runner.layout.firstRow(of: sample)
      let count = runner.layout.steps(of: sample)
      for label in 0..<labels {
        func highest(_ answers: some Sequence<Int>) -> Stretch? {
          var found: Stretch?
          for answer in answers {
            let place = (first + answer) * labels + label
            let value = Double(logits[place])
            if found.map({ value > $0.highest }) ?? true { found = Stretch(place: place, highest: value) }
          }
          return found
        }
        let own = words[sample].filter { $0.label == label }
        said += own.compactMap { word in
          answers(after: word.end - steps(0.06), to: word.end + steps(0.3), count, runner.timeStride).flatMap(highest)
        }
        let window = max(1, steps(0.4) / runner.timeStride)
        for begin in stride(from: 0, to: count, by: window) {
          let free = (begin..<min(begin + window, count)).filter { isFree($0, own, runner.timeStride) }
          if let stretch = highest(free) { others.append(stretch) }
        }
      }
    }
    return write(said, others, gradient)
  }

  /// The answers that end in a stretch; nil where the chunk is over before, or the network not yet warm.
  private func answers(after start: Int, to end: Int, _ count: Int, _ stride: Int) -> Range<Int>? {
    let first = max(0, (start + stride - 1) / stride - 1)
    let last = end / stride - 1
    guard last < count, first <= last, (first + 1) * stride > free else { return nil }
    return first..<last + 1
  }

  /// Whether an answer says nothing about a word: it ends after the warm-up, and no word lies within a second before it.
  private func isFree(_ answer: Int, _ words: [ChunkWord], _ stride: Int) -> Bool {
    let end = (answer + 1) * stride
    return end > free && !words.contains { $0.start <= end && end <= $0.end + steps(1) }
  }

  private func write(
    _ said: [Stretch], _ others: [Stretch], _ gradient: UnsafeMutablePointer<Float>
  ) -> Outcome {
    var outcome = Outcome()
    for stretch in said {
      let share = 1 / Double(said.count)
      outcome.words += share * softplus(-stretch.highest)
      gradient[stretch.place] -= Float(share * logistic(-stretch.highest))
    }
    let share = options.others / Double(max(1, others.count))
    for stretch in others {
      outcome.others += share * softplus(stretch.highest)
      gradient[stretch.place] += Float(share * logistic(stretch.highest))
    }
    if options.tail > 0 {
      let worst = others.sorted { ($0.highest, $1.place) > ($1.highest, $0.place) }
        .prefix(Int((Double(others.count) * options.tailShare).rounded(.up)))
      let share = options.tail / Double(max(1, worst.count))
      for stretch in worst {
        outcome.tail += share * softplus(stretch.highest)
        gradient[stretch.place] += Float(share * logistic(stretch.highest))
      }
    }
    outcome.total = outcome.words + outcome.others + outcome.tail
    return outcome
  }
}

func softplus(_ value: Double) -> Double { max(value, 0) + log1p(exp(-value.magnitude)) }
func logistic(_ value: Double) -> Double { 1 / (1 + exp(-value)) }
