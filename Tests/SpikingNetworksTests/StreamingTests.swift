import CAllocationCounter
import Numerics
import Testing

@testable import SpikingNetworks

/// Networks that between them contain every layer and option that changes how a step is computed.
enum Nets {
  static func sound(_ layers: [LayerDescription]) -> NetworkDescription {
    NetworkDescription(input: [20], layers: layers + [.dense(.init(units: 5, bias: true))])
  }

  static func events(_ layers: [LayerDescription]) -> NetworkDescription {
    NetworkDescription(
      input: [2, 9, 10],
      layers: [.channelsLast] + layers + [.flatten, .dense(.init(units: 4)), .neurons(.init(threshold: 0.5))])
  }

  static let all: [String: NetworkDescription] = [
    "dense": sound([.dense(.init(units: 12, bias: true))]),
    "taps": sound([
      .dense(.init(units: 12, taps: 3, dilation: 2)), .neurons(.init()), .dense(.init(units: 9, taps: 2)),
    ]),
    "recurrent": sound([
      .dense(.init(units: 24)), .batchNorm(.init()), .neurons(.init(threshold: 0.4, recurrent: true)),
      .dropout(.init(rate: 0.5)), .dense(.init(units: 17)),
      .neurons(.init(learnedDecay: .neuron, inputScale: .leaky, threshold: 0.3, reset: .hard, recurrent: true)),
    ]),
    "dialects": sound([
      .dense(.init(units: 16)),
      .neurons(
        .init(
          threshold: 0.4, reset: .softLate, refractorySteps: 2, adaptationStrength: 0.3, synapticDecay: 0.5)),
      .dense(.init(units: 16)), .neurons(.init(reset: .none, output: .membrane)),
    ]),
    "silence": sound([
      .dense(.init(units: 16)), .neurons(.init(threshold: 2, recurrent: true, silentNeuronsLearnNothing: true)),
      .dense(.init(units: 9)), .neurons(.init(learnedDecay: .neuron, inputScale: .leaky, threshold: 0.3, reset: .none)),
    ]),
    "integrators": sound([
      .dense(.init(units: 16)),
      .neurons(
        .init(learnedDecay: .neuron, inputScale: .leaky, reset: .none, synapticDecay: 0.4, output: .membrane)),
    ]),
    "potential to begin with": sound([
      .dense(.init(units: 16)), .neurons(.init(threshold: 0.4, recurrent: true, initialPotential: 0.3)),
      .residual(
        .init(layers: [
          .dense(.init(units: 16)), .neurons(.init(learnedDecay: .neuron, threshold: 0.3, initialPotential: 0.2)),
        ])), .dense(.init(units: 9)),
      .neurons(.init(learnedDecay: .layer, reset: .none, output: .membrane, initialPotential: -0.5)),
    ]),
    "maps with a potential to begin with": events([
      .conv(.init(channels: 32)), .neurons(.init(decay: 1, threshold: 0.8, initialPotential: 0.4)),
      .pool(.init(kind: .max)),
      .conv(.init(channels: 9)), .neurons(.init(learnedDecay: .neuron, threshold: 0.4, initialPotential: 0.2)),
    ]),
    "counts": sound([
      .dense(.init(units: 24)), .batchNorm(.init(gain: 2)), .neurons(.init(decay: 0, maximumSpikes: 6)),
      .dense(.init(units: 17, taps: 3)),
      .neurons(.init(decay: 0.5, threshold: 0.4, recurrent: true, maximumSpikes: 3)),
      .residual(
        .init(layers: [
          .dense(.init(units: 17)),
          .neurons(.init(learnedDecay: .neuron, threshold: 0.3, maximumSpikes: 255, learnedThreshold: .neuron)),
        ])), .dense(.init(units: 9)),
      .neurons(.init(threshold: 0.2, adaptationStrength: 0.1, synapticDecay: 0.4, maximumSpikes: 4)),
    ]),
    "thresholds and currents of adaptation": sound([
      .dense(.init(units: 24)), .neurons(.init(threshold: 0.4, recurrent: true, learnedThreshold: .neuron)),
      .dense(.init(units: 24)),
      .neurons(
        .init(
          learnedDecay: .neuron, inputScale: .leaky, threshold: 0.1, reset: .softLate, adaptationStrength: 0.2,
          learnedThreshold: .layer, decaySpread: 1, subthresholdStrength: 0.3)),
      .dense(.init(units: 9)),
      .neurons(.init(threshold: 0.2, recurrent: true, maximumSpikes: 3, subthresholdStrength: -0.1)),
    ]),
    "counts of maps": events([
      .conv(.init(channels: 8)), .neurons(.init(threshold: 0.5, maximumSpikes: 4)), .pool(.init(kind: .max)),
      .conv(.init(channels: 9)), .neurons(.init(threshold: 0.2, maximumSpikes: 4, learnedThreshold: .neuron)),
      .pool(.init(kind: .average)),
    ]),
    "oblong": events([
      .conv(.init(channels: 8, kernel: [2, 5], stride: [1, 3], padding: [0, 2])), .neurons(.init(threshold: 0.4)),
      .pool(.init(kind: .max, size: [2, 1])), .conv(.init(channels: 8, kernel: [1, 3], groups: 8, bias: true)),
      .neurons(.init(threshold: 0.2)), .conv(.init(channels: 16, kernel: [3, 1])), .neurons(.init(threshold: 0.2)),
      .pool(.init(kind: .average, size: [1, 2], stride: [2, 1])),
      .conv(.init(channels: 3, kernel: [1, 2], padding: 0)),
    ]),
    "frames": sound([
      .frames(.init(steps: 5, stride: 2, map: true)),
      .conv(.init(channels: 6, kernel: [5, 8], stride: [1, 4], padding: [0, 2])), .batchNorm(.init(gain: 2)),
      .neurons(.init(threshold: 0.4)), .flatten, .dense(.init(units: 14)), .neurons(.init(threshold: 0.3)),
      .frames(.init(steps: 3)), .dense(.init(units: 9, taps: 2)), .neurons(.init(threshold: 0.3, recurrent: true)),
    ]),
    "steps left out": sound([
      .dense(.init(units: 14)), .neurons(.init(threshold: 0.3, recurrent: true)), .frames(.init(steps: 1, stride: 3)),
      .dense(.init(units: 9, taps: 3)),
    ]),
    "shortcuts": sound([
      .dense(.init(units: 16)), .neurons(.init(decay: 0, threshold: 0.3, maximumSpikes: 6)),
      .residual(
        .init(
          layers: [
            .frames(.init(steps: 5, stride: 2)), .dense(.init(units: 11)), .batchNorm(.init(gain: 2)),
            .neurons(.init(decay: 0, maximumSpikes: 6)), .dense(.init(units: 13, taps: 3)), .batchNorm(.init(gain: 2)),
          ],
          shortcut: [.frames(.init(steps: 1, stride: 2)), .dense(.init(units: 13)), .batchNorm(.init(gain: 2))])),
      .neurons(.init(decay: 0, maximumSpikes: 6)),
      .residual(
        .init(
          layers: [
            .residual(.init(layers: [.dense(.init(units: 13))])), .frames(.init(steps: 2, stride: 2)),
            .dense(.init(units: 9)),
          ],
          shortcut: [
            .dense(.init(units: 7, taps: 4)), .dense(.init(units: 9)), .frames(.init(steps: 1, stride: 2)), .flatten,
          ])),
    ]),
    "taps on both ways": sound([
      .dense(.init(units: 40)), .neurons(.init(threshold: 0.5)),
      .residual(
        .init(
          layers: [.dense(.init(units: 12, taps: 3)), .neurons(.init(threshold: 0.2)), .dense(.init(units: 9))],
          shortcut: [.dense(.init(units: 9, taps: 2))])),
    ]),
    "frames as channels": events([
      .frames(.init(steps: 3, channels: true)), .conv(.init(channels: 8, stride: 2)),
      .neurons(.init(threshold: 0.4, maximumSpikes: 3)), .frames(.init(steps: 5, stride: 2, channels: true)),
      .conv(.init(channels: 8)), .neurons(.init(threshold: 0.2)),
    ]),
    "frames of maps": events([
      .conv(.init(channels: 4)), .neurons(.init(threshold: 0.4, maximumSpikes: 3)), .frames(.init(steps: 2, stride: 4)),
    ]),
    "delay": sound([
      .delay(.init(maximum: 5)), .dense(.init(units: 12)), .neurons(.init(threshold: 0.4)), .delay(.init(maximum: 2)),
    ]),
    "residual": sound([
      .residual(.init(layers: [.dense(.init(units: 20)), .neurons(.init(threshold: 0.4, recurrent: true))])),
      .residual(.init(layers: [.dense(.init(units: 30)), .batchNorm(.init()), .dense(.init(units: 20, taps: 2))])),
    ]),
    "conv1d": sound([
      .conv1d(.init(channels: 6, kernel: 5, stride: 2)), .neurons(.init(threshold: 0.4)),
      .conv1d(.init(channels: 8, kernel: 4, groups: 2, bias: true)), .pool(.init(kind: .max, size: 2)),
      .neurons(.init(threshold: 0.3)),
    ]),
    "conv": events([
      .conv(.init(channels: 8)), .batchNorm(.init()), .neurons(.init(threshold: 0.5)), .pool(.init(kind: .max)),
      .conv(.init(channels: 6, kernel: 2, stride: 2, padding: 1, groups: 2, bias: true)),
      .neurons(.init(threshold: 0.3, recurrent: false)), .pool(.init(kind: .average)),
    ]),
    "wide conv": NetworkDescription(
      input: [2, 40, 36],
      layers: [
        .channelsLast, .conv(.init(channels: 32, bias: true)), .neurons(.init(threshold: 0.6, reset: .hard)),
        .pool(.init(kind: .max)), .conv(.init(channels: 64, stride: 2)),
        .neurons(.init(learnedDecay: .layer, threshold: 0.5)), .conv(.init(channels: 16, kernel: 5)),
        .neurons(.init(learnedDecay: .neuron, threshold: 0.5)), .pool(.init(kind: .average, size: 3, stride: 2)),
        .dense(.init(units: 4)),
      ]),
    "wide counts": NetworkDescription(
      input: [2, 40, 36],
      layers: [
        .channelsLast, .conv(.init(channels: 32, bias: true)),
        .neurons(.init(decay: 0.5, threshold: 0.4, maximumSpikes: 3, learnedThreshold: .neuron)),
        .pool(.init(kind: .max, size: 4)), .dense(.init(units: 4)),
      ]),
    "sum pool": events([.pool(.init(kind: .sum, size: 3, stride: 2)), .conv(.init(channels: 5, kernel: 1))]),
    "convLSTM": events([
      .convLSTM(.init(channels: 6, threshold: 0.05)), .pool(.init(kind: .max)),
      .convLSTM(.init(channels: 5, attention: .init(kind: .none), threshold: 0.02)),
    ]),
    "lif attention": events([
      .convLSTM(.init(channels: 6, attention: .init(output: .lif), threshold: 0.05)),
      .convLSTM(.init(channels: 4, attention: .init(placement: .hidden, output: .soft), output: .hidden)),
      .convLSTM(.init(channels: 4, attention: .init(kind: .spatial, placement: .input), threshold: 0.02)),
    ]),
    "convLSTM along one axis": events([.convLSTM(.init(channels: 4, kernel: [1, 5], threshold: 0.05))]),
  ]

  static func network(_ name: String) throws -> Network<Float> {
    let description = try #require(all[name])
    return disturbed(try Network<Float>(description, seed: 21), seed: 22, by: 0.1)
  }

  static func recordings(_ network: Network<Float>) -> [SpikeSequence] {
    [0.02, 0.15, 0.6].enumerated().flatMap { index, density in
      // One is long enough for its rows to be multiplied alone.
      randomSequences(
        shape: network.inputShape, steps: [index == 2 ? 53 : 12, 5], density: density, seed: UInt64(index),
        graded: index == 1)
    }
  }
}

@Suite("Streaming")
struct StreamingTests {
  private func stepped(_ network: Network<Float>, _ sequence: SpikeSequence) -> [Float] {
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: network.outputCount)
    return (0..<sequence.steps).flatMap { step in
      network.step(frame(sequence, step: step), &state, logits: &logits) ? logits : []
    }
  }

  @Test("Step by step gives the bits of the whole sequence", arguments: Nets.all.keys.sorted())
  func stepsEqualSequence(name: String) throws {
    let network = try Nets.network(name)
    let recordings = Nets.recordings(network)
    let runner = BatchRunner(network, lanes: Lanes(count: 3, threads: 1))
    runner.forward(recordings, training: false)
    let batch = runner.logits.array
    let steps = recordings.flatMap { stepped(network, $0) }
    #expect(batch.contains { $0 != 0 })
    #expect(steps.map(\.bitPattern) == batch.map(\.bitPattern))
  }

  @Test("A stream can be stored and continued", arguments: Nets.all.keys.sorted())
  func stateIsTheWholeMemory(name: String) throws {
    let network = try Nets.network(name)
    let sequence = try #require(randomSequences(shape: network.inputShape, steps: [14], density: 0.2, seed: 4).first)
    let whole = stepped(network, sequence)
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: network.outputCount)
    for step in 0..<8 { network.step(frame(sequence, step: step), &state, logits: &logits) }
    var stored = state
    for step in 8..<14 { network.step(frame(sequence, step: step), &state, logits: &logits) }
    #expect(logits == Array(whole.suffix(network.outputCount)))
    for step in 8..<14 { network.step(frame(sequence, step: step), &stored, logits: &logits) }
    #expect(logits == Array(whole.suffix(network.outputCount)))
    state.reset()
    #expect(state == network.makeState())
  }

  @Test(
    "A step allocates nothing", .enabled(if: allocation_counter_works() != 0), arguments: Nets.all.keys.sorted())
  func stepsAllocateNothing(name: String) throws {
    let network = try Nets.network(name)
    let sequence = try #require(randomSequences(shape: network.inputShape, steps: [12], density: 0.2, seed: 4).first)
    let frames = (0..<sequence.steps).map { frame(sequence, step: $0) }
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: network.outputCount)
    for frame in frames { network.step(frame, &state, logits: &logits) }
    let before = allocation_count()
    // An iterator over the frames would allocate here, in a test that is not optimised.
    var step = 0
    while step < frames.count {
      network.step(frames[step], &state, logits: &logits)
      step += 1
    }
    let during = allocation_count() - before
    let array = [Float](repeating: 0, count: sequence.steps)
    let after = allocation_count() - before
    #expect(during == 0)
    #expect(after == during + 1, "an array of \(array.count) is counted")
  }

  @Test(
    "A batch like the one before allocates only what its lanes' closures do",
    .enabled(if: allocation_counter_works() != 0), arguments: Nets.all.keys.sorted())
  func batchesReuseTheirMemory(name: String) throws {
    let network = try Nets.network(name)
    let recordings = Nets.recordings(network)
    let runner = BatchRunner(network, lanes: Lanes(count: 2, threads: 1))
    func allocations() -> Int64 {
      let before = allocation_count()
      runner.forward(recordings, training: true)
      runner.logitGradient.fill(1)
      runner.backward()
      return allocation_count() - before
    }
    let first = allocations()
    let second = allocations()
    #expect(allocations() == second)
    #expect(second < first)
    #expect(second < 40 * Int64(network.layers.count), "small ones only, as many as there are layers")
  }

  @Test("Gradients do not depend on the number of threads", arguments: Nets.all.keys.sorted())
  func threadsDoNotMatter(name: String) throws {
    let network = try Nets.network(name)
    let recordings = Nets.recordings(network)
    let results = [1, 2, 4].map { threads in
      let runner = BatchRunner(network, lanes: Lanes(count: 4, threads: threads))
      for _ in 0..<2 {
        runner.forward(recordings, training: true, seed: 5)
        for index in 0..<runner.logits.count { runner.logitGradient.base[index] = Float(index % 7) - 3 }
        runner.backward()
      }
      return runner.gradient.array.map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
    #expect(results[0].contains { $0 != 0 })
  }
}

@Suite("Neurons")
struct NeuronTests {
  @Test("A neuron stays silent for its refractory steps after a spike", arguments: [0, 1, 3])
  func refractory(steps: Int) throws {
    let network = try Network<Float>(
      NetworkDescription(
        input: [1], layers: [.neurons(.init(decay: 0, threshold: 0.5, reset: .hard, refractorySteps: steps))]),
      seed: 0)
    var state = network.makeState()
    var logits: [Float] = [0]
    let fired = (0..<12).map { step in
      network.step(
        SpikeFrame(step: step, startMicroseconds: 0, endMicroseconds: 1, channels: [0], values: [1]), &state,
        logits: &logits)
      return logits[0] == 1
    }
    #expect(fired == (0..<12).map { $0 % (steps + 1) == 0 })
  }

  @Test("Neurons that never fire get no gradient where that is asked for")
  func silentNeuronsLearnNothing() throws {
    func gradient(_ learnNothing: Bool) throws -> [Float] {
      let network = try Network<Float>(
        NetworkDescription(
          input: [4],
          layers: [
            .dense(.init(units: 6)),
            .neurons(.init(threshold: 50, surrogateWidth: 100, silentNeuronsLearnNothing: learnNothing)),
            .dense(.init(units: 2)),
          ]), seed: 2)
      let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
      runner.forward(randomSequences(shape: [4], steps: [6], density: 0.5, seed: 1), training: true)
      runner.logitGradient.fill(1)
      runner.backward()
      return runner.gradient.array
    }
    #expect(try gradient(false).contains { $0 != 0 })
    #expect(try gradient(true).allSatisfy { $0 == 0 })
  }
}
