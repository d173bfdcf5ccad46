import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Context units")
struct ContextGateTests {
  private static let nets = [
    NetworkDescription(
      input: [8],
      layers: [
        .dense(.init(units: 6, bias: true)), .context(.init(units: 3)),
        .neurons(.init(threshold: 0.3, resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3, recurrent: true)),
        .dense(.init(units: 3, bias: true)),
      ]),
    NetworkDescription(
      input: [2, 5, 6],
      layers: [
        .channelsLast, .conv(.init(channels: 4)), .context(.init(units: 3)),
        .neurons(.init(threshold: 0.3, resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3)), .flatten,
        .dense(.init(units: 3)), .context(.init(units: 2)),
      ]),
  ]

  @Test("Gradients of dense, recurrent and convolutional nets agree with differences", arguments: nets.indices)
  func gradients(index: Int) throws {
    try GradientCheck(
      description: Self.nets[index], contexts: [[1, 0, -0.5], [0, 0.7, 0.2], [-0.4, 0.3, 0.9]]
    ).expectAgreement()
  }

  @Test("A stream told its context gives the bits of a batch with it", arguments: nets.indices)
  func stepsEqualBatch(index: Int) throws {
    let network = disturbed(try Network<Float>(Self.nets[index], seed: 2), seed: 3, by: 0.4)
    #expect(network.contextCount == 3)
    let sequence = randomSequences(shape: network.inputShape, steps: [7], density: 0.4, seed: 4)[0]
    let context: [Float] = [0.5, -1, 0.25]
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward([sequence], training: false, contexts: [context])
    let told = runner.logits.array
    runner.forward([sequence], training: false)
    let untold = runner.logits.array
    #expect(told != untold)
    for (given, expected) in [(context, told), (nil, untold)] {
      var state = network.makeState()
      if let given { network.setContext(given, of: &state) }
      var logits = [Float](repeating: 0, count: network.outputCount)
      for step in 0..<sequence.steps {
        network.step(frame(sequence, step: step), &state, logits: &logits)
        #expect(logits.map(\.bitPattern) == expected[step * 3..<step * 3 + 3].map(\.bitPattern))
      }
    }
  }

  @Test("Context units inside a residual block are refused: no stream could be told theirs")
  func residual() throws {
    #expect(throws: NetworkError.self) {
      _ = try Network<Float>(
        NetworkDescription(input: [4], layers: [.residual(.init(layers: [.context(.init(units: 1))]))]), seed: 1)
    }
  }
}
