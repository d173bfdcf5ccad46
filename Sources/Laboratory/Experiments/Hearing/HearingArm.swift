import SpikingNetworks

/// What stands between the first convolution and the last layers of a network that hears: with a memory or without, all
/// of as many parameters.
public enum HearingArm: String, CaseIterable, Sendable, Codable {
  /// Synapses that look back over two steps, and no memory.
  case feedForward
  /// Leaky neurons that hear each other a step later.
  case recurrent
  /// A spiking ConvLSTM along frequency, whose spikes are added to what it hears.
  case convLSTM
  /// The same with SCBAM, channel and place, binary, on its forget gate.
  case attention
  /// With soft attention on the forget gate.
  case softAttention
  /// With soft attention on the hidden state on its way back in.
  case hiddenAttention

  private static let counts = NeuronDescription(decay: 0, maximumSpikes: 6)

  private static func dense(_ units: Int, taps: Int = 1) -> [LayerDescription] {
    [.dense(.init(units: units, taps: taps)), .batchNorm(.init(gain: 2))]
  }

  /// The middle, from a map of 10 places of 16 channels to 40 units.
  private var middle: [LayerDescription] {
    let counts = Self.counts
    func memory(_ attention: AttentionDescription) -> [LayerDescription] {
      let cell = ConvLSTMDescription(channels: 16, kernel: [1, 3], attention: attention, threshold: 0.3)
      return [.residual(.init(layers: [.convLSTM(cell)])), .flatten] + Self.dense(40) + [.neurons(counts)]
    }
    switch self {
    case .feedForward: return [.flatten] + Self.dense(40, taps: 2) + [.neurons(counts)]
    case .recurrent:
      let neurons = NeuronDescription(
        decay: 0.5, learnedDecay: .neuron, recurrent: true, maximumSpikes: 6)
      return [.flatten] + Self.dense(40) + [.neurons(neurons)]
    case .convLSTM: return memory(.init(kind: .none))
    case .attention: return memory(.init())
    case .softAttention: return memory(.init(output: .soft))
    case .hiddenAttention: return memory(.init(placement: .hidden, output: .soft))
    }
  }

  /// The network with so many units in the last layer before the read-out.
  private func network(last units: Int, end: [LayerDescription], input: [Int]) -> NetworkDescription {
    let counts = LayerDescription.neurons(Self.counts)
    let halved: [LayerDescription] = [.frames(.init(steps: 2, stride: 2)), .flatten]
    var layers: [LayerDescription] = [
      .frames(.init(steps: 5, stride: 2, map: true)),
      .conv(.init(channels: 16, kernel: [5, 8], stride: [1, 4], padding: [0, 2])), .batchNorm(.init(gain: 2)), counts,
    ]
    layers += middle + halved
    layers.append(
      .residual(.init(layers: Self.dense(44, taps: 4) + [counts] + Self.dense(44, taps: 9), shortcut: Self.dense(44))))
    layers += [counts] + halved + Self.dense(units, taps: 4) + [counts] + end
    return NetworkDescription(input: input, layers: layers)
  }

  /// The arm's network, its last layer as wide as it takes to have about as many parameters as asked for.
  ///
  /// - Parameters:
  ///   - end: the read-out.
  ///   - input: 40 bands.
  public func network(
    parameters: Int, end: [LayerDescription], input: [Int]
  ) throws(NetworkError) -> NetworkDescription {
    var best: (distance: Int, description: NetworkDescription)?
    for units in 8...160 {
      let description = network(last: units, end: end, input: input)
      let distance = abs(try Network<Float>(description, seed: 1).summary().learned - parameters)
      if best.map({ distance < $0.distance }) ?? true { best = (distance, description) }
    }
    return best?.description ?? network(last: 8, end: end, input: input)
  }
}
