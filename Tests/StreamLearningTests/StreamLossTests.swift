import Foundation
import Numerics
import SpikingNetworks
import Testing

@testable import StreamLearning

struct StreamLossTests {
  /// A network of one weight that hands its input on, so that the outputs are what is put in.
  private func runner(_ outputs: [[Float]], stride: Int = 1) throws -> BatchRunner<Float> {
    var layers: [LayerDescription] = [.dense(DenseDescription(units: 1))]
    if stride > 1 { layers.insert(.frames(FramesDescription(steps: 1, stride: stride)), at: 0) }
    var network = try Network<Float>(NetworkDescription(input: [1], layers: layers), seed: 1)
    network.parameters = [1]
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    runner.forward(
      outputs.map { values in
        var sequence = SpikeSequence(shape: [1])
        for value in values { sequence.append(channels: value == 0 ? [] : [0], values: value == 0 ? [] : [value]) }
        return sequence
      }, training: false)
    return runner
  }

  private func loss(others: Double = 8, tail: Double = 0, free: Int = 0) -> StreamLoss {
    var options = StreamLossOptions()
    options.others = others
    options.tail = tail
    // Steps of 100 ms: a window of others has four of them, a word's answer is due within three steps of its end.
    return StreamLoss(options: options, free: free, stepSeconds: 0.1)
  }

  @Test func aWordCountsByItsHighestAnswerAboutItsEnd() throws {
    var values = [Float](repeating: -9, count: 30)
    // Too early: half of the word is not its end.
    values[7] = 8
    values[10] = 1
    values[11] = 2
    values[14] = 5
    let runner = try runner([values])
    // Due in the answers that end from step 11 to step 15: those of the steps 10 to 14... the word ends at 12.
    let outcome = loss(others: 0.001).apply(runner, words: [[ChunkWord(label: 0, start: 5, end: 12)]])
    #expect(abs(outcome.words - softplus(-5)) < 1e-6)
    let gradient = runner.logitGradient.base
    #expect(abs(Double(gradient[14]) + logistic(-5)) < 1e-6)
    #expect(gradient[11] == 0)
  }

  @Test func windowsOutsideWordsCountByTheirHighestAnswer() throws {
    var values = [Float](repeating: -2, count: 24)
    values[1] = 1
    // Inside the word and the second after it nothing is asked.
    values[9] = 7
    values[18] = 7
    let runner = try runner([values])
    let outcome = loss(others: 2).apply(runner, words: [[ChunkWord(label: 0, start: 8, end: 12)]])
    // Free are the steps before 7 and those from 22 on, in three windows: 0 to 3, 4 to 7, 20 to 23.
    let expected = 2 * (softplus(1) + softplus(-2) + softplus(-2)) / 3
    #expect(abs(outcome.others - expected) < 1e-6)
    #expect(runner.logitGradient.base[9] < 0 || runner.logitGradient.base[9] == 0)
    #expect(abs(Double(runner.logitGradient.base[1]) - 2 * logistic(1) / 3) < 1e-6)
  }

  @Test func theWorstWindowsCountOnceMore() throws {
    var values = [Float](repeating: -3, count: 40)
    values[21] = 4
    let runner = try runner([values])
    var loss = loss(others: 1, tail: 0.5)
    let outcome = loss.apply(runner, words: [[]])
    // Of ten windows two per cent are one.
    #expect(abs(outcome.tail - 0.5 * softplus(4)) < 1e-6)
    #expect(abs(Double(runner.logitGradient.base[21]) - (0.1 + 0.5) * logistic(4)) < 1e-6)
    #expect(abs(outcome.total - outcome.words - outcome.others - outcome.tail) < 1e-12)
    loss = self.loss(others: 1, free: 24)
    // Before the network is warm nothing counts.
    #expect(abs(loss.apply(runner, words: [[]]).others - softplus(-3)) < 1e-6)
  }

  @Test func wordsWithoutRoomBehindThemAndWordsBeforeTheWarmUpAreLeftOut() throws {
    let runner = try runner([[Float](repeating: 0, count: 20)])
    let late = loss().apply(runner, words: [[ChunkWord(label: 0, start: 10, end: 18)]])
    #expect(late.words == 0)
    let early = loss(free: 15).apply(runner, words: [[ChunkWord(label: 0, start: 2, end: 8)]])
    #expect(early.words == 0)
  }

  @Test func answersThatComeEveryFewStepsAreCountedByTheirEnds() throws {
    var values = [Float](repeating: -9, count: 40)
    // The answer of the steps 12 to 15 ends at 16: due for a word that ends at 14.
    values[15] = 3
    let runner = try runner([values], stride: 4)
    let outcome = loss(others: 0.001).apply(runner, words: [[ChunkWord(label: 0, start: 8, end: 14)]])
    #expect(abs(outcome.words - softplus(-3)) < 1e-6)
  }
}
