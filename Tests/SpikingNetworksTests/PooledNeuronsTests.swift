import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Neurons taken together with their pool")
struct PooledNeuronsTests {
  private func layers(_ pool: PoolDescription, reset: NeuronDescription.Reset) -> [LayerDescription] {
    [
      .channelsLast, .conv(.init(channels: 5)), .batchNorm(.init()),
      .neurons(.init(decay: 0.6, inputScale: .leaky, reset: reset, resetDetached: false)), .pool(pool),
      .conv(.init(channels: 4)), .neurons(.init(decay: 0.8, reset: reset, initialPotential: 0.5)), .pool(pool),
      .flatten,
      .dense(.init(units: 3, bias: true)),
    ]
  }

  @Test(
    "Logits and gradients are those of the layers one after another",
    arguments: [PoolDescription.Kind.max, .average, .sum], [NeuronDescription.Reset.hard, .soft, .none])
  func joinedEqualsApart(kind: PoolDescription.Kind, reset: NeuronDescription.Reset) throws {
    let description = NetworkDescription(
      input: [2, 12, 20], layers: layers(.init(kind: kind, size: 2), reset: reset))
    let network = disturbed(try Network<Float>(description, seed: 4), seed: 5, by: 0.4)
    #expect(PooledNeurons(network.layers, at: 3) != nil)
    let sequences = randomSequences(shape: description.input, steps: [6, 4, 5], density: 0.3, seed: 6)
    // A regularisation looks at the spikes between the two, so the layers stay apart; of strength zero it adds nothing.
    let runners = [nil, RateRegularisation(strength: 0)].map {
      BatchRunner(network, lanes: Lanes(count: 2, threads: 2), rates: $0)
    }
    var outcomes: [(logits: [UInt32], gradient: [UInt32])] = []
    for runner in runners {
      runner.forward(sequences, training: true)
      for index in 0..<runner.logits.count { runner.logitGradient.base[index] = runner.logits.base[index] - 1 }
      runner.backward()
      outcomes.append((runner.logits.array.map(\.bitPattern), runner.gradient.array.map(\.bitPattern)))
    }
    #expect(outcomes[0].logits == outcomes[1].logits)
    #expect(outcomes[0].gradient == outcomes[1].gradient)
    #expect(runners[0].gradient.array.contains { $0 != 0 })
  }

  @Test("Rectangles are joined as squares are", arguments: [MapExtent(height: 3, width: 2), [2, 1], [1, 4]])
  func rectangles(size: MapExtent) throws {
    let description = NetworkDescription(
      input: [2, 12, 20],
      layers: [
        .channelsLast, .conv(.init(channels: 5, kernel: [3, 5])), .neurons(.init(threshold: 0.3)),
        .pool(.init(kind: .max, size: size)), .dense(.init(units: 3)),
      ])
    let network = disturbed(try Network<Float>(description, seed: 4), seed: 5, by: 0.4)
    #expect(PooledNeurons(network.layers, at: 2) != nil)
    let sequences = randomSequences(shape: description.input, steps: [6, 4], density: 0.3, seed: 6)
    let gradients = [nil, RateRegularisation(strength: 0)].map { rates in
      let runner = BatchRunner(network, lanes: Lanes(count: 2, threads: 2), rates: rates)
      runner.forward(sequences, training: true)
      for index in 0..<runner.logits.count { runner.logitGradient.base[index] = runner.logits.base[index] - 1 }
      runner.backward()
      return runner.gradient.array.map(\.bitPattern)
    }
    #expect(gradients[0] == gradients[1] && gradients[0].contains { $0 != 0 })
  }

  @Test("Neurons that keep more than their membrane, and squares that leave a rest, stay apart")
  func othersStayApart() throws {
    func joins(_ neurons: NeuronDescription, size: Int) throws -> Bool {
      let network = try Network<Float>(
        NetworkDescription(
          input: [9, 8, 2], layers: [.conv(.init(channels: 2)), .neurons(neurons), .pool(.init(size: size))]), seed: 1)
      return PooledNeurons(network.layers, at: 1) != nil
    }
    #expect(try joins(.init(), size: 3))
    #expect(try !joins(.init(), size: 2))
    #expect(try !joins(.init(learnedDecay: .layer), size: 3))
    #expect(try !joins(.init(adaptationStrength: 0.1), size: 3))
    #expect(try !joins(.init(refractorySteps: 1), size: 3))
    #expect(try !joins(.init(maximumSpikes: 2), size: 3))
    #expect(try !joins(.init(learnedThreshold: .layer), size: 3))
    #expect(try !joins(.init(subthresholdStrength: 0.1), size: 3))
  }
}
