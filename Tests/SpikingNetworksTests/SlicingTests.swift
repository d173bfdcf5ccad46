import Numerics
import Testing

@testable import SpikingNetworks

/// Channels that are out are as if they had never been: a network without them is held against the one in which they are
/// only silent, with weights drawn so strongly that every path left open would make them fire.
@Suite("Networks without some of their channels")
struct SlicingTests {
  private static func neurons(recurrent: Bool = false) -> LayerDescription {
    .neurons(.init(decay: 0.7, learnedDecay: .neuron, threshold: 0.5, recurrent: recurrent))
  }

  static let kinds: [String: NetworkDescription] = [
    "dense": .init(
      input: [12],
      layers: [
        .dense(.init(units: 9, taps: 2)), .batchNorm(.init()), neurons(), .dense(.init(units: 7, bias: true)),
        .batchNorm(.init()), neurons(), .dense(.init(units: 3, bias: true)),
      ]),
    "recurrent": .init(
      input: [12],
      layers: [
        .dense(.init(units: 9)), .batchNorm(.init()), neurons(recurrent: true), .dropout(.init(rate: 0.2)),
        .dense(.init(units: 10)), .batchNorm(.init()), neurons(recurrent: true), .dense(.init(units: 3, bias: true)),
      ]),
    "all that neurons can remember": .init(
      input: [12],
      layers: [
        .dense(.init(units: 9)), .batchNorm(.init()),
        .neurons(
          .init(
            learnedDecay: .layer, threshold: 0.5, reset: .softLate, refractorySteps: 1, adaptationStrength: 0.1,
            synapticDecay: 0.5, recurrent: true, initialPotential: 0.4)), .delay(.init(maximum: 3)),
        .dense(.init(units: 3, bias: true)),
      ]),
    "context": .init(
      input: [12],
      layers: [
        .dense(.init(units: 9)), .batchNorm(.init()), .context(.init(units: 2, deviation: 2)), neurons(recurrent: true),
        .dense(.init(units: 3, bias: true)),
      ]),
    "convolution": .init(
      input: [6, 6, 2],
      layers: [
        .conv(.init(channels: 9, bias: true)), .batchNorm(.init()), neurons(), .pool(.init(kind: .sum)),
        .conv(.init(channels: 6)), .batchNorm(.init()), neurons(recurrent: true), .flatten, .dense(.init(units: 8)),
        .batchNorm(.init()), neurons(recurrent: true), .dense(.init(units: 3, bias: true)),
      ]),
    "convolution along a row": .init(
      input: [10, 2],
      layers: [
        .conv1d(.init(channels: 7, kernel: 5)), .batchNorm(.init()), neurons(), .pool(.init(kind: .max)),
        .conv1d(.init(channels: 6)), .batchNorm(.init()), neurons(), .dense(.init(units: 3, bias: true)),
      ]),
    "a second normalisation": .init(
      input: [6, 6, 2],
      layers: [
        .conv(.init(channels: 9)), .batchNorm(.init()), neurons(), .pool(.init(kind: .average)), .batchNorm(.init()),
        .conv(.init(channels: 6)), .batchNorm(.init()), neurons(), .flatten, .batchNorm(.init()),
        .dense(.init(units: 3, bias: true)),
      ]),
    "before a cell": .init(
      input: [5, 5, 2],
      layers: [
        .conv(.init(channels: 9)), .batchNorm(.init()), neurons(), .convLSTM(.init(channels: 4, threshold: 0.1)),
        .flatten, .dense(.init(units: 3, bias: true)),
      ]),
    "cell": .init(
      input: [5, 5, 2],
      layers: [
        .conv(.init(channels: 8)), .batchNorm(.init()), neurons(),
        .convLSTM(.init(channels: 9, attention: .init(kind: .none), threshold: 0.1)), .pool(.init(kind: .sum)),
        .convLSTM(.init(channels: 5, attention: .init(kind: .none), output: .hidden)), .flatten,
        .dense(.init(units: 3, bias: true)),
      ]),
    "inside a residual layer": .init(
      input: [12],
      layers: [
        .dense(.init(units: 6)), neurons(),
        .residual(
          .init(layers: [
            .dense(.init(units: 11)), .batchNorm(.init()), neurons(recurrent: true), .dense(.init(units: 6)),
            .batchNorm(.init()), neurons(),
          ])), .dense(.init(units: 3, bias: true)),
      ]),
    "around shortcuts, through frames": .init(
      input: [12],
      layers: [
        .frames(.init(steps: 3, map: true)), .conv(.init(channels: 5)), .batchNorm(.init()), neurons(), .flatten,
        .dense(.init(units: 8)), .batchNorm(.init()),
        .neurons(.init(decay: 0, threshold: 0.5, maximumSpikes: 4, learnedThreshold: .neuron)),
        .residual(
          .init(
            layers: [
              .frames(.init(steps: 3, stride: 2)), .dense(.init(units: 7)), .batchNorm(.init()),
              neurons(recurrent: true),
              .dense(.init(units: 6, taps: 2)), .batchNorm(.init()),
            ],
            shortcut: [.frames(.init(steps: 1, stride: 2)), .dense(.init(units: 6)), .batchNorm(.init())])), neurons(),
        .dense(.init(units: 3, bias: true)),
      ]),
    "through residual layers": .init(
      input: [6, 6, 2],
      layers: [
        .conv(.init(channels: 8)), .batchNorm(.init()), neurons(),
        .residual(
          .init(layers: [
            .conv(.init(channels: 7)), .batchNorm(.init()), neurons(), .conv(.init(channels: 8)), .batchNorm(.init()),
            neurons(),
          ])),
        .residual(.init(layers: [.conv(.init(channels: 8)), .batchNorm(.init())])), neurons(recurrent: true), .flatten,
        .dense(.init(units: 3, bias: true)),
      ]),
  ]

  /// A network with strong weights of which some channels are silent, and what is left of it.
  private func networks(_ kind: String, seed: UInt64) throws -> (silent: Network<Float>, left: [Int: [Int]]) {
    let description = try #require(Self.kinds[kind])
    var network = disturbed(try Network<Float>(description, seed: seed), seed: seed + 100, by: 0.5)
    // Synapses between neurons begin weak; here they make neurons fire by themselves.
    for (name, _, range) in network.named where name.hasSuffix("recurrent") || name.hasSuffix("hiddenWeight") {
      for place in range { network.parameters[place] = 3 * network.parameters[place] + 0.3 }
    }
    var random = RandomStream(seed: seed, purpose: "channels")
    var left: [Int: [Int]] = [:]
    for (place, group) in network.channelGroups.enumerated() {
      var channels = Array(0..<group.channels)
      random.shuffle(&channels)
      left[place] = channels.prefix(1 + random.integer(below: group.channels - 1)).sorted()
      for channel in 0..<group.channels where left[place]?.contains(channel) == false {
        for parameter in group.silenced[channel] { network.parameters[parameter] = 0 }
      }
    }
    return (network, left)
  }

  private func outputs(_ network: Network<Float>, _ recordings: [SpikeSequence]) -> [[Float]] {
    let context = network.channelContext
    var stepped: [Float] = []
    for recording in recordings {
      var state = network.makeState()
      network.setContext(context, of: &state)
      for step in 0..<recording.steps {
        var row = [Float](repeating: 0, count: network.outputCount)
        if network.step(frame(recording, step: step), &state, logits: &row) { stepped += row }
      }
    }
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward(recordings, training: false, contexts: recordings.map { _ in context })
    return [stepped, runner.logits.array]
  }

  @Test("What is left gives bit for bit what the whole gives with the others silent", arguments: kinds.keys.sorted())
  func slicedEqualsSilent(kind: String) throws {
    var spikes = 0.0
    var groups = 0
    for seed in UInt64(1)...20 {
      let (silent, left) = try networks(kind, seed: seed)
      let sliced = try silent.sliced(left)
      let recordings = randomSequences(shape: silent.inputShape, steps: [9, 4], density: 0.4, seed: seed, graded: true)
      let whole = outputs(silent, recordings)
      #expect(outputs(sliced, recordings) == whole, "seed \(seed)")
      #expect(sliced.channelGroups.map(\.channels) == left.sorted { $0.key < $1.key }.map(\.value.count))
      #expect(sliced.parameters.count < silent.parameters.count)
      // Every channel that is out is silent, and others are not.
      let runner = BatchRunner(silent, lanes: Lanes(count: 1, threads: 1))
      runner.forward(recordings, training: false, contexts: recordings.map { _ in silent.channelContext })
      for (place, group) in silent.channelGroups.enumerated() {
        for path in group.neurons {
          let values = runner.output(at: path).array
          for (index, value) in values.enumerated() where value != 0 {
            #expect(left[place]?.contains(index % group.channels) == true)
            spikes += 1
          }
        }
        groups += 1
      }
    }
    #expect(groups >= 20 && spikes > 100)
  }

  @Test("Channels are offered where they can be told apart, and nowhere else")
  func groups() throws {
    func groups(_ input: [Int], _ layers: [LayerDescription]) throws -> [[[Int]]] {
      try Network<Float>(NetworkDescription(input: input, layers: layers), seed: 1).channelGroups.map(\.makers)
    }
    let head: [LayerDescription] = [.dense(.init(units: 8)), .batchNorm(.init()), Self.neurons()]
    let readout: LayerDescription = .dense(.init(units: 3))
    #expect(try groups([6], head + [readout]) == [[[0]]])
    // Without a normalisation nothing can shut a channel; a row that is pooled or convolved along is no row of channels.
    #expect(try groups([6], [.dense(.init(units: 8)), Self.neurons(), readout]) == [])
    #expect(try groups([6], head + [.pool(.init()), readout]) == [])
    #expect(try groups([6], head + [.conv1d(.init(channels: 2)), .flatten, readout]) == [])
    #expect(try groups([6], head) == [])
    let map: [LayerDescription] = [.conv(.init(channels: 4)), .batchNorm(.init()), Self.neurons()]
    #expect(try groups([4, 4, 2], map + [.flatten, readout]) == [[[0]]])
    #expect(try groups([4, 4, 2], map + [.conv(.init(channels: 4, groups: 2)), .flatten, readout]) == [])
    #expect(try groups([4, 4, 2], map + [.channelsLast, .flatten, readout]) == [])
    // Attention compares the channels of what it looks at.
    func cell(_ placement: AttentionDescription.Placement, threshold: Double = 0.5) -> [LayerDescription] {
      [.convLSTM(.init(channels: 3, attention: .init(placement: placement), threshold: threshold)), .flatten, readout]
    }
    #expect(try groups([4, 4, 2], map + cell(.forgetGate)) == [[[0]]])
    #expect(try groups([4, 4, 2], map + cell(.hidden)) == [[[0]]])
    #expect(try groups([4, 4, 2], map + cell(.input)) == [[[3]]])
    // At rest such a cell fires always.
    #expect(try groups([4, 4, 2], map + cell(.input, threshold: 0)) == [])
    let around: LayerDescription = .residual(.init(layers: [.dense(.init(units: 8)), .batchNorm(.init())]))
    #expect(try groups([6], head + [around, readout]) == [[[0], [3, 0]]])
    // Without a normalisation inside, what is added to a silent channel is not silent.
    #expect(try groups([6], head + [.residual(.init(layers: [.dense(.init(units: 8))])), readout]) == [])
  }

  @Test("Channels that are none are refused")
  func refusals() throws {
    let network = try Network<Float>(try #require(Self.kinds["dense"]), seed: 1)
    for kept in [[9], [], [3, 1], [1, 1], [-1]] {
      #expect(throws: NetworkError.self) { try network.sliced([0: kept]) }
    }
    #expect(throws: NetworkError.self) { try network.sliced([2: [0]]) }
    #expect(try network.sliced([:]).parameters == network.parameters)
  }
}

extension Network {
  fileprivate var channelContext: [Scalar] { (0..<contextCount).map { Scalar($0 + 1) / 2 } }
}
