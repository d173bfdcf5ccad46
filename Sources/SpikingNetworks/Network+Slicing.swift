import Tensors

/// Channels that can be taken out of a network: synapses, a normalisation and neurons one behind the other.
public struct ChannelGroup: Sendable, Equatable {
  /// Indices of the three layers.
  public let synapses: Int
  public let normalisation: Int
  public let neurons: Int
  public let channels: Int
}

extension Network {
  /// The groups whose channels go on to other synapses (dense, or convolutions without groups) and to nothing else.
  public var channelGroups: [ChannelGroup] {
    layers.indices.compactMap { index in
      guard index + 2 < layers.count, isSliceable(index), layers[index + 1].kind == "batchNorm",
        layers[index + 2].kind == "neurons", layers[index + 2].emitsSpikes,
        let consumer = layers.indices.first(where: { $0 > index + 2 && !Self.passesOn(layers[$0].kind) }),
        isSliceable(consumer), let channels = layers[index].outputShape.last
      else { return nil }
      return ChannelGroup(
        synapses: index, normalisation: index + 1, neurons: index + 2, channels: channels)
    }
  }

  private static func passesOn(_ kind: String) -> Bool { ["pool", "flatten", "dropout"].contains(kind) }

  private func isSliceable(_ index: Int) -> Bool {
    switch description.layers[index] {
    case .dense: true
    case .conv(let conv), .conv1d(let conv): conv.groups == 1
    default: false
    }
  }

  /// The network without some of its channels: what stays computes what it did in the whole network when the others are
  /// silent.
  ///
  /// - Parameter kept: of a group, named by its synapses' layer, the channels that stay, ascending and at least one.
  public func sliced(_ kept: [Int: [Int]]) throws(NetworkError) -> Network {
    let groups = channelGroups
    for (layer, channels) in kept {
      guard let group = groups.first(where: { $0.synapses == layer }) else {
        throw .option(layer: layer, kind: "slice", problem: "no channels can be taken out of this layer")
      }
      guard !channels.isEmpty, channels == Array(Set(channels)).sorted(),
        channels.allSatisfy((0..<group.channels).contains)
      else {
        throw .option(
          layer: layer, kind: "slice", problem: "\(channels) are not some of its \(group.channels) channels")
      }
    }
    var descriptions: [LayerDescription] = []
    var values: [Scalar] = []
    // Which channels of the signal are left, and how many there were.
    var left: [Int]?
    var count = 0
    for (index, layer) in layers.enumerated() {
      var item = description.layers[index]
      let outgoing = kept[index]
      switch item {
      case .dense(var dense):
        dense.units = outgoing?.count ?? dense.units
        item = .dense(dense)
      case .conv(var conv):
        conv.channels = outgoing?.count ?? conv.channels
        item = .conv(conv)
      case .conv1d(var conv):
        conv.channels = outgoing?.count ?? conv.channels
        item = .conv1d(conv)
      default: break
      }
      descriptions.append(item)
      var offset = parameterOffsets[index]
      for specification in layer.parameters {
        let block = Array(parameters[offset..<offset + specification.count])
        offset += specification.count
        let isWeight = specification.role == .weight && specification.shape.count >= 2 && isSliceable(index)
        var axes: [Int: [Int]] = [:]
        if isWeight {
          axes[specification.shape.count - 2] = left.map {
            Self.spread($0, of: count, over: specification.shape[specification.shape.count - 2])
          }
          axes[specification.shape.count - 1] = outgoing
        } else if isSliceable(index) {
          axes[0] = outgoing
        } else if let left {
          // Recurrent synapses lead from channels to channels; of all else the last extent is that of the channels.
          let first = layer.kind == "neurons" ? 0 : specification.shape.count - 1
          for axis in first..<specification.shape.count where specification.shape[axis] % count == 0 {
            axes[axis] = Self.spread(left, of: count, over: specification.shape[axis])
          }
        }
        values += Self.gather(block, specification.shape, axes)
      }
      if isSliceable(index) {
        left = outgoing
        count = layer.outputShape.last ?? 0
      }
    }
    var network = try Network(NetworkDescription(input: description.input, layers: descriptions), seed: 0)
    precondition(network.parameters.count == values.count, "every parameter of what stays is taken along")
    network.parameters = values
    return network
  }

  /// Indices along an extent in which channels repeat, of the channels that are left.
  private static func spread(_ left: [Int], of count: Int, over extent: Int) -> [Int] {
    stride(from: 0, to: extent, by: count).flatMap { begin in left.map { begin + $0 } }
  }

  private static func gather(_ values: [Scalar], _ shape: [Int], _ axes: [Int: [Int]]) -> [Scalar] {
    var places = [0]
    for (axis, extent) in shape.enumerated() {
      let chosen = axes[axis] ?? Array(0..<extent)
      places = places.flatMap { place in chosen.map { place * extent + $0 } }
    }
    return places.map { values[$0] }
  }
}
