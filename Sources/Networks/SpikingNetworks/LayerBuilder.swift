import Numerics

/// Turns a description into layers and checks that each can take what the one before gives.
enum LayerBuilder {
  static func build<Scalar: Real>(_ description: NetworkDescription) throws(NetworkError) -> [any Layer<Scalar>] {
    guard !description.layers.isEmpty else { throw .noLayers }
    guard !description.input.isEmpty, description.input.allSatisfy({ $0 > 0 && $0 <= 1 << 20 }) else {
      throw .shape(layer: 0, kind: "input", problem: "input shape \(description.input) must be positive extents")
    }
    return try build(description.layers, input: description.input, spikes: true)
  }

  /// - Parameter spikes: whether most of the input is zero.
  static func build<Scalar: Real>(
    _ descriptions: [LayerDescription], input: [Int], spikes inputSpikes: Bool
  ) throws(NetworkError) -> [any Layer<Scalar>] {
    var layers: [any Layer<Scalar>] = []
    var shape = input
    var spikes = inputSpikes
    for (index, item) in descriptions.enumerated() {
      let layer: any Layer<Scalar> =
        switch item {
        case .dense(let description): try Dense<Scalar>(description, inputShape: shape, layer: index)
        case .batchNorm(let description): try BatchNorm<Scalar>(description, inputShape: shape, layer: index)
        case .neurons(let description): try Neurons<Scalar>(description, inputShape: shape, layer: index)
        case .dropout(let description):
          try Dropout<Scalar>(description, inputShape: shape, spikes: spikes, layer: index)
        case .channelsLast: try ChannelsLast<Scalar>(inputShape: shape, spikes: spikes, layer: index)
        case .conv(let description): try Conv<Scalar>(description, inputShape: shape, layer: index)
        case .conv1d(let description):
          try Conv<Scalar>(alongLength: description, inputShape: shape, layer: index)
        case .delay(let description):
          try Delay<Scalar>(description, inputShape: shape, spikes: spikes, layer: index)
        case .frames(let description):
          try Frames<Scalar>(description, inputShape: shape, spikes: spikes, layer: index)
        case .residual(let description):
          try Residual<Scalar>(description, inputShape: shape, spikes: spikes, layer: index)
        case .pool(let description):
          try Pool<Scalar>(description, inputShape: shape, spikes: spikes, layer: index)
        case .context(let description):
          try ContextGate<Scalar>(description, inputShape: shape, layer: index)
        case .flatten: Flatten<Scalar>(inputShape: shape, spikes: spikes)
        case .relu: Rectifier<Scalar>(inputShape: shape)
        case .union(let description): try Union<Scalar>(description, inputShape: shape, layer: index)
        case .convLSTM(let description): try ConvLSTM<Scalar>(description, inputShape: shape, layer: index)
        }
      layers.append(layer)
      shape = layer.outputShape
      spikes = layer.emitsSpikes
    }
    return layers
  }
}
