import Learning
import Numerics
import SpikingNetworks
import Testing

@testable import Experiments

@Suite("Nets that hear with and without memory")
struct HearingArmTests {
  private static let end: [LayerDescription] = [
    .dense(.init(units: 5, bias: true)), .union(.init(sizes: [1, 1, 3])),
  ]

  private static func network(_ arm: HearingArm) throws -> Network<Float> {
    try Network(arm.network(parameters: HearingExperiment.parameters, end: end, input: [40]), seed: 1)
  }

  @Test("all have as many parameters, within half a per cent, and answer as often", arguments: HearingArm.allCases)
  func size(_ arm: HearingArm) throws {
    let network = try Self.network(arm)
    let learned = network.summary().learned
    #expect(abs(learned - HearingExperiment.parameters) < HearingExperiment.parameters / 200, "\(learned)")
    #expect(network.timeStride == 8 && network.outputCount == 3)
  }

  @Test("each learns, memory and attention included", arguments: HearingArm.allCases)
  func learns(_ arm: HearingArm) throws {
    let network = try Self.network(arm)
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    var random = RandomStream(seed: 3)
    let sequences = (0..<3).map { _ in
      var sequence = SpikeSequence(shape: [40])
      for _ in 0..<24 {
        sequence.append(channels: Array(0..<40), values: (0..<40).map { _ in Float(2 * random.normal()) })
      }
      return sequence
    }
    runner.forward(sequences, training: true)
    _ = LossDescription().apply(runner, targets: [0, 1, 2])
    runner.backward()
    let gradient = runner.gradient.array
    for block in network.named where block.specification.role == .weight {
      // Binary attention that is far from its threshold may learn nothing from a batch.
      if block.specification.name.hasPrefix("attention"), arm == .attention { continue }
      #expect(block.range.contains { gradient[$0] != 0 }, "\(block.name)")
    }
  }
}
