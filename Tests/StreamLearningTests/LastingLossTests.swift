import Foundation
import Numerics
import SpikingNetworks
import Testing

@testable import StreamLearning

struct LastingLossTests {
  /// A network that hands two inputs on, so that the outputs are what is put in.
  private func runner(_ outputs: [[Float]]) throws -> BatchRunner<Float> {
    var network = try Network<Float>(
      NetworkDescription(input: [2], layers: [.dense(DenseDescription(units: 2))]), seed: 1)
    network.parameters = [1, 0, 0, 1]
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    var sequence = SpikeSequence(shape: [2])
    for values in outputs { sequence.append(channels: [0, 1], values: values) }
    runner.forward([sequence], training: false)
    return runner
  }

  private func loss(others: Double, tail: Double = 0) -> StreamLoss {
    var options = StreamLossOptions()
    options.others = others
    options.tail = tail
    options.tailShare = 0.1
    options.onsetSeconds = 0.3
    return StreamLoss(options: options, free: 0, stepSeconds: 0.1)
  }

  @Test func aGestureIsAskedForFromItsOnsetToItsEnd() throws {
    var outputs = [[Float]](repeating: [-4, -4.5], count: 30)
    for step in 10..<20 { outputs[step] = [2, 1] }
    let runner = try runner(outputs)
    let outcome = loss(others: 0.001).apply(runner, words: [[ChunkWord(label: 0, start: 10, end: 20)]])
    // -log of e² / (1 + e² + e) in each of the answers that end from step 13 on.
    let normaliser = log(1 + exp(2.0) + exp(1.0))
    #expect(abs(outcome.words - (normaliser - 2)) < 1e-5)
    let gradient = runner.logitGradient.base
    // Eight answers end from step 13 to step 20: the first of them is that of step 12.
    #expect(abs(Double(gradient[2 * 12]) - (exp(2 - normaliser) - 1) / 8) < 1e-5)
    #expect(abs(Double(gradient[2 * 19 + 1]) - exp(1 - normaliser) / 8) < 1e-5)
    // Between start and onset, and for half a second behind the end, nothing is asked.
    for step in [10, 11, 20, 24] { #expect(gradient[2 * step] == 0 && gradient[2 * step + 1] == 0) }
    #expect(gradient[2 * 8] > 0 && gradient[2 * 25] > 0)
  }

  @Test func outsideNothingIsAskedFor() throws {
    var outputs = [[Float]](repeating: [-3, -3.5], count: 20)
    outputs[7] = [2, -3]
    let runner = try runner(outputs)
    let outcome = loss(others: 2, tail: 0.5).apply(runner, words: [[]])
    let quiet = log(1 + exp(-3.0) + exp(-3.5))
    let loud = log(1 + exp(2.0) + exp(-3.0))
    #expect(outcome.words == 0)
    #expect(abs(outcome.others - 2 * (19 * quiet + loud) / 20) < 1e-5)
    // The worst tenth are two answers.
    #expect(abs(outcome.tail - 0.5 * (loud + quiet) / 2) < 1e-5)
    #expect(abs(outcome.total - outcome.others - outcome.tail) < 1e-12)
  }

  @Test func theGradientIsThatOfTheLoss() throws {
    var random = RandomStream(seed: 5)
    var outputs = (0..<24).map { _ in [Float(random.normal()), Float(random.normal())] }
    let words = [[ChunkWord(label: 1, start: 4, end: 12)]]
    let loss = loss(others: 0.7, tail: 0.4)
    let runner = try runner(outputs)
    _ = loss.apply(runner, words: words)
    let gradient = (0..<48).map { runner.logitGradient.base[$0] }
    for place in [0, 3, 14, 15, 22, 23, 30, 47] {
      func total(_ change: Float) throws -> Double {
        var moved = outputs
        moved[place / 2][place % 2] += change
        return loss.apply(try self.runner(moved), words: words).total
      }
      let slope = try (total(0.01) - total(-0.01)) / 0.02
      #expect(abs(slope - Double(gradient[place])) < 2e-3, "\(place)")
    }
    outputs.removeAll()
  }
}
