import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Networks that grow")
struct GrowthTests {
  private static let description = NetworkDescription(
    input: [8],
    layers: [
      .dense(.init(units: 7, bias: true)), .neurons(.init(decay: 0.8, threshold: 0.3, recurrent: true)),
      .dense(.init(units: 6)), .neurons(.init(decay: 0.8, threshold: 0.3, recurrent: true)),
      .dense(.init(units: 3, bias: true)),
    ])

  /// Outputs of all steps, untold of any context.
  private func outputs(_ network: Network<Float>, _ sequence: SpikeSequence) -> [[Float]] {
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: network.outputCount)
    return (0..<sequence.steps).map { step in
      network.step(frame(sequence, step: step), &state, logits: &logits)
      return logits
    }
  }

  /// The same with neurons that send counts, with thresholds and decays of their own.
  private static let counting = NetworkDescription(
    input: [8],
    layers: [
      .dense(.init(units: 7, bias: true)),
      .neurons(
        .init(
          learnedDecay: .neuron, threshold: 0.3, recurrent: true, maximumSpikes: 4, learnedThreshold: .neuron,
          decaySpread: 1)),
      .dense(.init(units: 6)),
      .neurons(
        .init(
          decay: 0.8, threshold: 0.3, adaptationStrength: 0.1, recurrent: true, maximumSpikes: 3,
          learnedThreshold: .layer, subthresholdStrength: 0.1)),
      .dense(.init(units: 3, bias: true)),
    ])

  @Test("Old outputs do not hear the new neurons, which fire all the same", arguments: [false, true])
  func oldOutputs(counts: Bool) throws {
    let description = counts ? Self.counting : Self.description
    let network = disturbed(try Network<Float>(description, seed: 2), seed: 3, by: 0.4)
    let grown = try network.grown(contexts: 2, neurons: 9, outputs: 2, seed: 5)
    #expect(grown.outputCount == 5 && grown.contextCount == 2)
    let sequence = randomSequences(shape: [8], steps: [60], density: 0.5, seed: 4)[0]
    let (before, after) = (outputs(network, sequence), outputs(grown, sequence))
    for (old, new) in zip(before, after) {
      for label in 0..<3 { #expect(abs(old[label] - new[label]) < 1e-5) }
    }
    #expect(Set(after.map { $0[3] }).count > 10)
  }
}
