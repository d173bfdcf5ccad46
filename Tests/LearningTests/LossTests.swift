import Learning
import Numerics
import SpikingNetworks
import Testing

@Suite("Losses")
struct LossTests {
  private static let description = NetworkDescription(
    input: [3], layers: [.dense(DenseDescription(units: 4, bias: true))])

  private static let sequences: [SpikeSequence] = [[0, 2], [1]].map { channels in
    var sequence = SpikeSequence(shape: [3])
    for channel in channels { sequence.append(channels: [UInt32(channel)], values: [1]) }
    return sequence
  }

  private func loss(_ description: LossDescription, _ runner: BatchRunner<Double>) -> Double {
    runner.forward(Self.sequences, training: false)
    return description.apply(runner, targets: [3, 0]).lossSum / 2
  }

  @Test(
    "the gradient of every loss is its slope",
    arguments: [
      LossDescription(kind: .meanCrossEntropy), LossDescription(kind: .meanCrossEntropy, labelSmoothing: 0.2),
      LossDescription(kind: .temporalEfficient, labelSmoothing: 0.1, regularisation: 0.3),
      LossDescription(kind: .maximumCrossEntropy, labelSmoothing: 0.1),
      LossDescription(kind: .meanSquare, labelSmoothing: 0.1),
    ])
  func gradient(description: LossDescription) throws {
    let network = try Network<Double>(Self.description, seed: 5)
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    _ = loss(description, runner)
    runner.backward()
    let gradient = runner.gradient.array
    for index in 0..<gradient.count {
      let value = runner.parameters.base[index]
      runner.parameters.base[index] = value + 1e-6
      let above = loss(description, runner)
      runner.parameters.base[index] = value - 1e-6
      let below = loss(description, runner)
      runner.parameters.base[index] = value
      #expect(abs((above - below) / 2e-6 - gradient[index]) < 1e-7)
    }
  }

  @Test("the loss of maxima sees the highest membrane of each class and nothing else")
  func maxima() throws {
    let network = try Network<Double>(Self.description, seed: 5)
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    _ = loss(LossDescription(kind: .maximumCrossEntropy), runner)
    // The first sample has two steps: of each class, one of them gets all the gradient.
    let gradient = runner.logitGradient.array
    let logits = runner.logits.array
    for label in 0..<4 {
      let (high, low) = logits[label] >= logits[4 + label] ? (label, 4 + label) : (4 + label, label)
      #expect(gradient[high] != 0)
      #expect(gradient[low] == 0)
    }
  }

  @Test("membranes at their targets cost nothing")
  func targets() throws {
    var network = try Network<Double>(Self.description, seed: 5)
    network.parameters = network.parameters.map { _ in 0 }
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    // All at zero, one class of four ought to be at one.
    #expect(abs(loss(LossDescription(kind: .meanSquare), runner) - 0.25) < 1e-12)
  }

  @Test("with equal logits the loss is the logarithm of the number of classes")
  func uniform() throws {
    var network = try Network<Double>(Self.description, seed: 5)
    network.parameters = network.parameters.map { _ in 0 }
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    #expect(abs(loss(LossDescription(), runner) - 1.386_294_361_119_890_6) < 1e-12)
  }
}
