import Numerics
import Testing

@testable import SpikingNetworks

/// What a layer is said to calculate is held against steps that are written out in the test and count themselves; these
/// have to give what the network's own steps give.
@Suite("What the steps of each layer calculate")
struct WorkTests {
  private static func cell(
    _ kind: AttentionDescription.Kind, _ placement: AttentionDescription.Placement = .forgetGate,
    _ output: AttentionDescription.Output = .binary, hidden: Bool = false
  ) -> NetworkDescription {
    let attention = AttentionDescription(kind: kind, placement: placement, output: output, decay: 0.4)
    return .init(
      input: [5, 4, 3],
      layers: [
        .convLSTM(
          .init(channels: 4, attention: attention, threshold: 0.1, output: hidden ? .hidden : .spikes)),
        .flatten, .dense(.init(units: 3)),
      ])
  }

  private static func around(_ layers: [LayerDescription], input: [Int] = [10]) -> NetworkDescription {
    .init(input: input, layers: layers + [.dense(.init(units: 3, bias: true))])
  }

  static let kinds: [String: NetworkDescription] = [
    "dense": around([.dense(.init(units: 7, taps: 3, dilation: 2, bias: true)), .neurons(.init(threshold: 0.4))]),
    "recurrent": around([.dense(.init(units: 7)), .neurons(.init(threshold: 0.3, recurrent: true))]),
    "hard reset, learned leak": around([
      .dense(.init(units: 7)),
      .neurons(.init(learnedDecay: .neuron, inputScale: .leaky, threshold: 0.2, reset: .hard)),
    ]),
    "no leak": around([.dense(.init(units: 7)), .neurons(.init(decay: 1, threshold: 0.4, initialPotential: 0.2))]),
    "no memory": around([.dense(.init(units: 7)), .neurons(.init(decay: 0, inputScale: .leaky, threshold: 0.2))]),
    "all that neurons can remember": around([
      .dense(.init(units: 7)),
      .neurons(
        .init(
          learnedDecay: .layer, threshold: 0.2, reset: .softLate, refractorySteps: 1, adaptationStrength: 0.2,
          synapticDecay: 0.5, recurrent: true)),
    ]),
    "counts": around([
      .dense(.init(units: 7)), .neurons(.init(decay: 0.5, threshold: 0.05, recurrent: true, maximumSpikes: 4)),
      .dense(.init(units: 6, taps: 2)), .neurons(.init(decay: 0, threshold: 0.05, maximumSpikes: 6)), .flatten,
      .dropout(.init(rate: 0.5)),
    ]),
    "counts of a map": around(
      [
        .neurons(.init(threshold: 0.25, maximumSpikes: 3)), .conv(.init(channels: 4)),
        .neurons(.init(threshold: 0.1, maximumSpikes: 3)), .pool(.init(kind: .max)), .conv(.init(channels: 2)),
        .neurons(.init(threshold: 0.1, maximumSpikes: 3)), .pool(.init(kind: .sum)),
      ], input: [9, 8, 2]),
    "learned thresholds": around([
      .dense(.init(units: 7)),
      .neurons(.init(learnedDecay: .neuron, threshold: 0.3, adaptationStrength: 0.1, learnedThreshold: .neuron)),
      .dense(.init(units: 7)),
      .neurons(.init(decay: 0.6, threshold: 0.2, maximumSpikes: 3, learnedThreshold: .layer)),
    ]),
    "adaptation under the threshold": around([
      .dense(.init(units: 7)),
      .neurons(
        .init(inputScale: .leaky, threshold: 0.1, reset: .hard, adaptationStrength: 0.2, subthresholdStrength: 0.3)),
      .dense(.init(units: 7)),
      .neurons(.init(threshold: 0.1, adaptationStrength: 0.2, maximumSpikes: 3, subthresholdStrength: -0.1)),
    ]),
    "oblong kernels": around(
      [
        .conv(.init(channels: 6, kernel: [2, 5], stride: [1, 3], padding: [0, 2])), .neurons(.init(threshold: 0.2)),
        .conv(.init(channels: 6, kernel: [3, 1], groups: 6)), .neurons(.init(threshold: 0.1)),
        .pool(.init(kind: .sum, size: [1, 3], stride: [2, 1])), .conv(.init(channels: 3, kernel: 1)),
      ], input: [6, 11, 2]),
    "frames": around([
      .frames(.init(steps: 3, stride: 2)), .dense(.init(units: 7)), .neurons(.init(threshold: 0.3, maximumSpikes: 4)),
      .frames(.init(steps: 2)), .dense(.init(units: 6)),
    ]),
    "frames of a map": around([
      .frames(.init(steps: 4, stride: 3, map: true)), .conv(.init(channels: 2)), .neurons(.init(threshold: 0.2)),
      .flatten,
    ]),
    "frames as channels": around(
      [
        .frames(.init(steps: 3, channels: true)), .conv(.init(channels: 4)), .neurons(.init(threshold: 0.2)),
        .frames(.init(steps: 2, stride: 2, channels: true)), .conv(.init(channels: 3)),
      ], input: [5, 4, 2]),
    "a projected shortcut": around([
      .dense(.init(units: 8)), .neurons(.init(threshold: 0.2, maximumSpikes: 3)),
      .residual(
        .init(
          layers: [
            .frames(.init(steps: 3, stride: 2)), .dense(.init(units: 6)), .batchNorm(.init()),
            .neurons(.init(threshold: 0.2, maximumSpikes: 3)), .dense(.init(units: 7, taps: 2)),
          ],
          shortcut: [.frames(.init(steps: 1, stride: 2)), .dense(.init(units: 7)), .batchNorm(.init())])),
      .neurons(.init(threshold: 0.2)),
    ]),
    "integrators": around([
      .dense(.init(units: 7)), .neurons(.init(inputScale: .leaky, reset: .none, output: .membrane)), .relu,
      .dropout(.init(rate: 0.5)),
    ]),
    "union": around([.dense(.init(units: 7)), .union(.init(sizes: [1, 4, 2]))]),
    "batch normalisation": around([.dense(.init(units: 7)), .batchNorm(.init()), .neurons(.init(threshold: 0.3))]),
    "delay": around([.delay(.init(maximum: 4)), .dense(.init(units: 7)), .neurons(.init(threshold: 0.3))]),
    "context": around([
      .dense(.init(units: 7)), .context(.init(units: 3, deviation: 0.5)), .neurons(.init(threshold: 0.3)),
    ]),
    "convolution": around(
      [
        .channelsLast, .conv(.init(channels: 6, kernel: 3, stride: 2, bias: true)), .neurons(.init(threshold: 0.3)),
        .conv(.init(channels: 4, kernel: 3, groups: 2)), .neurons(.init(threshold: 0.2)),
      ], input: [3, 7, 6]),
    "convolution along a row": around(
      [.conv1d(.init(channels: 6, kernel: 5, stride: 2)), .neurons(.init(threshold: 0.3))], input: [9, 2]),
    "sum pool": around(
      [
        .neurons(.init(decay: 0.5, threshold: 0.6)), .pool(.init(kind: .sum)), .conv(.init(channels: 4)),
        .neurons(.init(threshold: 0.5)),
      ], input: [6, 6, 3]),
    "average pool that overlaps": around([.pool(.init(kind: .average, size: 3, stride: 2))], input: [7, 6, 3]),
    "largest of a row": around([.pool(.init(kind: .max, size: 2))], input: [9, 3]),
    "residual": around([
      .neurons(.init(threshold: 0.5)),
      .residual(
        .init(layers: [
          .dense(.init(units: 8)), .batchNorm(.init()), .neurons(.init(threshold: 0.2, recurrent: true)),
          .residual(.init(layers: [.dense(.init(units: 8))])), .dense(.init(units: 10)),
          .neurons(.init(threshold: 0.2)),
        ])),
    ]),
    "cell": cell(.none), "cell that hands on its hidden state": cell(.none, hidden: true),
    "cell with attention": cell(.both), "attention to the input": cell(.both, .input),
    "attention to the hidden state": cell(.both, .hidden, .lif),
    "soft attention": cell(.both, .forgetGate, .soft), "soft attention to the input": cell(.both, .input, .soft),
    "channel attention": cell(.channel, .forgetGate, .lif), "spatial attention": cell(.spatial, .hidden, .soft),
  ]

  private func compare(_ network: Network<Double>, whole: Network<Double>, graded: Bool) throws {
    let recordings = randomSequences(shape: network.inputShape, steps: [7, 4], density: 0.3, seed: 5, graded: graded)
    let context = Array(ReferenceContext.told.prefix(network.contextCount))
    let runner = BatchRunner(network, lanes: Lanes(count: 2, threads: 1), keepsOutputs: true)
    runner.forward(recordings, training: false, contexts: recordings.map { _ in context })
    var meters = network.layers.map { _ in Meter() }
    var areCounts = false
    for (index, layer) in network.layers.enumerated() {
      if layer.kind != "neurons" { meters[index].isOfCounts = areCounts }
      areCounts = layer.emitsCounts(from: areCounts)
    }
    for recording in recordings {
      let layers = network.layers.indices.map { index in
        let begin = whole.parameterOffsets[index]
        return reference(
          network.layers[index], whole.description.layers[index],
          Array(whole.parameters[begin..<begin + whole.layers[index].parameterCount]))
      }
      var state = network.makeState()
      network.setContext(context, of: &state)
      for step in 0..<recording.steps {
        let frame = frame(recording, step: step)
        var values = [Double](repeating: 0, count: network.inputWidth)
        for (place, channel) in frame.channels.enumerated() { values[Int(channel)] = Double(frame.values[place]) }
        for (index, layer) in layers.enumerated() where !values.isEmpty { values = layer.step(values, meters[index]) }
        var logits = [Double](repeating: 0, count: network.outputCount)
        #expect(network.step(frame, &state, logits: &logits) != values.isEmpty)
        #expect(zip(values, logits).allSatisfy { abs($0 - $1) < 1e-9 }, "the reference is another network")
      }
    }
    for (index, meter) in meters.enumerated() {
      let work = runner.work(ofLayer: index)
      #expect(work.synapses == meter.synapses, "synapses of layer \(index), \(network.layers[index].kind)")
      #expect(work.units == meter.units, "units of layer \(index), \(network.layers[index].kind)")
      #expect(work.gradedInputs <= work.activeInputs && work.activeInputs <= work.inputs)
    }
    meters = meters.filter { $0.synapses.additions + $0.synapses.multiplications > 0 }
    #expect(meters.count > 0)
  }

  @Test("Each is what a step that counts itself has done", arguments: kinds.keys.sorted(), [false, true])
  func agreesWithSteps(kind: String, graded: Bool) throws {
    var network = disturbed(try Network<Double>(try #require(Self.kinds[kind]), seed: 3), seed: 4, by: 0.2)
    // Some weights are missing.
    for (_, specification, range) in network.named where specification.role == .weight {
      for place in range where place % 5 == 0 { network.parameters[place] = 0 }
    }
    try compare(network, whole: network, graded: graded)
  }

  @Test("Layers that store but the weights there are do as much", arguments: [1, 3], [1, 8])
  func sparse(taps: Int, block: Int) throws {
    var network = try Network<Double>(
      NetworkDescription(
        input: [12],
        layers: [
          .dense(.init(units: 16, taps: taps, bias: true)), .neurons(.init(threshold: 0.4)), .dense(.init(units: 3)),
        ]), seed: 2)
    for place in 0..<12 * 16 * taps where place / block % 3 != 0 { network.parameters[place] = 0 }
    let sparse = network.sparse(below: 0.9)
    #expect(sparse.layers[0] is SparseDense<Double>)
    try compare(sparse, whole: network, graded: true)
  }

  @Test("Graded inputs are multiplied, whatever came before: counts, sums of pools, hidden states")
  func graded() throws {
    func work(_ description: NetworkDescription, layer: Int, value: Float = 1) throws -> LayerWork {
      let network = try Network<Float>(description, seed: 1)
      var sequence = SpikeSequence(shape: description.input)
      for _ in 0..<4 { sequence.append(channels: [0, 1, 2, 3], values: [value, value, value, value]) }
      let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1), keepsOutputs: true)
      runner.forward([sequence], training: false)
      return runner.work(ofLayer: layer)
    }
    let plain = NetworkDescription(input: [4], layers: [.dense(.init(units: 2))])
    #expect(try work(plain, layer: 0).synapses == Arithmetic(additions: 32))
    #expect(try work(plain, layer: 0, value: 2).synapses == Arithmetic(multiplications: 32))
    let pooled = NetworkDescription(
      input: [2, 2, 1], layers: [.pool(.init(kind: .sum)), .flatten, .dense(.init(units: 2))])
    #expect(try work(pooled, layer: 2).synapses == Arithmetic(multiplications: 8))
    // Two spikes of a neuron are two additions, the largest of them too; what a pool adds up is multiplied.
    func counted(_ kind: PoolDescription.Kind) -> NetworkDescription {
      .init(
        input: [2, 2, 1],
        layers: [
          .neurons(.init(decay: 0, maximumSpikes: 3)), .pool(.init(kind: kind)), .flatten, .dense(.init(units: 2)),
        ])
    }
    #expect(try work(counted(.max), layer: 3, value: 2).synapses == Arithmetic(additions: 16))
    #expect(try work(counted(.sum), layer: 3, value: 2).synapses == Arithmetic(multiplications: 8))
    let cell = NetworkDescription(
      input: [2, 2, 1],
      layers: [.convLSTM(.init(channels: 3, attention: .init(kind: .none))), .flatten, .dense(.init(units: 2))])
    // Each of four inputs and twelve hidden units meets the twelve gates of four places; hidden units not in the first step.
    #expect(try work(cell, layer: 0).synapses == Arithmetic(additions: 4 * 4 * 48, multiplications: 3 * 12 * 48))
  }
}
