import Numerics

extension Network {
  /// The same network for inference with every batch normalisation that follows synapses folded into their weights and
  /// biases: fewer passes over the data, results equal but for rounding.
  ///
  /// A normalisation that follows anything else, and those inside residual blocks, stay as they are.
  public func folded() throws(NetworkError) -> Network {
    var kept: [LayerDescription] = []
    var folded: [Scalar] = []
    var index = 0
    while index < layers.count {
      let begin = parameterOffsets[index]
      let own = Array(parameters[begin..<begin + layers[index].parameterCount])
      let next = index + 1 < layers.count ? layers[index + 1] as? BatchNorm<Scalar> : nil
      guard let next, let synapses = Synapses(description.layers[index], own) else {
        kept.append(description.layers[index])
        folded += own
        index += 1
        continue
      }
      let at = parameterOffsets[index + 1]
      kept.append(synapses.description)
      folded += synapses.scaled(by: next, parameters: Array(parameters[at..<at + next.parameterCount]))
      index += 2
    }
    var network = try Network(NetworkDescription(input: description.input, layers: kept), seed: 0)
    network.parameters = folded
    return network
  }

  /// A layer of weights with the output channel last, and perhaps a bias behind them.
  private struct Synapses {
    let description: LayerDescription
    let weights: [Scalar]
    let bias: [Scalar]
    let channels: Int
    /// Consecutive blocks of weights that belong to consecutive channels.
    let groups: Int

    init?(_ layer: LayerDescription, _ parameters: [Scalar]) {
      let hadBias: Bool
      switch layer {
      case .dense(var dense):
        (channels, groups, hadBias) = (dense.units, 1, dense.bias)
        dense.bias = true
        description = .dense(dense)
      case .conv(var conv):
        (channels, groups, hadBias) = (conv.channels, conv.groups, conv.bias)
        conv.bias = true
        description = .conv(conv)
      case .conv1d(var conv):
        (channels, groups, hadBias) = (conv.channels, conv.groups, conv.bias)
        conv.bias = true
        description = .conv1d(conv)
      default: return nil
      }
      weights = hadBias ? Array(parameters.dropLast(channels)) : parameters
      bias = hadBias ? Array(parameters.suffix(channels)) : [Scalar](repeating: 0, count: channels)
    }

    func scaled(by norm: BatchNorm<Scalar>, parameters: [Scalar]) -> [Scalar] {
      let epsilon = Scalar(norm.description.epsilon)
      func scale(_ channel: Int) -> Scalar {
        parameters[channel] / (parameters[3 * channels + channel] + epsilon).squareRoot()
      }
      let run = channels / groups
      let block = weights.count / groups
      let scaled = weights.indices.map { weights[$0] * scale($0 / block * run + $0 % run) }
      let shifts = (0..<channels).map { channel in
        (bias[channel] - parameters[2 * channels + channel]) * scale(channel) + parameters[channels + channel]
      }
      return scaled + shifts
    }
  }
}
