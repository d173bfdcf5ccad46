import Numerics
import Testing

@testable import SpikingNetworks

/// Compares every learned parameter's gradient with a central difference, in double precision and with the spike
/// replaced by the surrogate's integral.
///
/// The loss is a fixed random weighting of all logits plus half their squares, so that every step matters differently.
struct GradientCheck {
  var description: NetworkDescription
  var steps = [4, 3, 5]
  var density = 0.6
  var training = true
  var spread = 0.3
  var lanes = Lanes(count: 2, threads: 1)
  var windows: TimeWindows?
  var rates: RateRegularisation?
  /// Of each sample.
  var contexts: [[Double]] = []

  /// Largest error of a gradient relative to the largest gradient of its block, and how many were compared.
  struct Outcome {
    var worst = 0.0
    var place = ""
    var compared = 0
    var smallestBlock = Double.infinity
  }

  private func loss(_ runner: BatchRunner<Double>, writeGradient: Bool) -> Double {
    var random = RandomStream(seed: 5, purpose: "loss")
    // The rates' loss is that of the batch's mean.
    var sum = runner.rateLoss / Double(steps.count)
    for index in 0..<runner.logits.count {
      let weight = random.uniform(in: -1...1)
      let logit = runner.logits.base[index]
      sum += weight * logit + 0.5 * logit * logit
      if writeGradient { runner.logitGradient.base[index] = weight + logit }
    }
    return sum
  }

  func run(_ location: SourceLocation = #_sourceLocation) throws -> Outcome {
    let network = disturbed(try Network<Double>(description, seed: 11), seed: 3, by: spread)
    let sequences = randomSequences(shape: description.input, steps: steps, density: density, seed: 7, graded: true)
    let runner = BatchRunner(network, lanes: lanes, isSmooth: true, windows: windows, rates: rates)
    runner.forward(sequences, training: training, seed: 9, contexts: contexts)
    _ = loss(runner, writeGradient: true)
    runner.backward()
    let gradient = runner.gradient.array
    var outcome = Outcome()
    for (name, specification, range) in network.named where specification.role != .statistic {
      let scale = range.reduce(0.0) { max($0, abs(gradient[$1])) }
      outcome.smallestBlock = min(outcome.smallestBlock, scale)
      let stride = max(1, range.count / 60)
      for index in Swift.stride(from: range.lowerBound, to: range.upperBound, by: stride) {
        let value = runner.parameters.base[index]
        let step = 1e-5
        runner.parameters.base[index] = value + step
        runner.forward(sequences, training: training, seed: 9, contexts: contexts)
        let above = loss(runner, writeGradient: false)
        runner.parameters.base[index] = value - step
        runner.forward(sequences, training: training, seed: 9, contexts: contexts)
        let below = loss(runner, writeGradient: false)
        runner.parameters.base[index] = value
        let difference = (above - below) / (2 * step)
        let error = abs(difference - gradient[index]) / max(scale, 1e-3)
        outcome.compared += 1
        if error > outcome.worst {
          outcome.worst = error
          outcome.place = "\(name)[\(index - range.lowerBound)]: \(gradient[index]) against \(difference)"
        }
      }
    }
    return outcome
  }

  /// Fails unless all gradients agree and every block has one that is not zero.
  func expectAgreement(tolerance: Double = 2e-6, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let outcome = try run()
    #expect(outcome.worst < tolerance, "\(outcome.place)", sourceLocation: sourceLocation)
    #expect(outcome.compared > 0, sourceLocation: sourceLocation)
    #expect(outcome.smallestBlock > 1e-6, "a block of parameters has no gradient", sourceLocation: sourceLocation)
  }
}
