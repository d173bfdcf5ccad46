import Numerics

extension Network {
  /// The network without some of its channels: what stays computes what it did in the whole network when the others are
  /// silent.
  ///
  /// - Parameter kept: of a group, by its place in `channelGroups`, the channels that stay, ascending and at least one.
  public func sliced(_ kept: [Int: [Int]]) throws(NetworkError) -> Network {
    let trace = ChannelTrace(self)
    let groups = trace.groups
    var left: [Int: [Int]] = [:]
    var counts: [[Int]: Int] = [:]
    for (place, channels) in kept {
      guard groups.indices.contains(place) else {
        throw .option(layer: place, kind: "slice", problem: "the network has \(groups.count) groups of channels")
      }
      let group = groups[place].group
      guard !channels.isEmpty, channels == Array(Set(channels)).sorted(),
        channels.allSatisfy((0..<group.channels).contains)
      else {
        throw .option(
          layer: group.makers[0][0], kind: "slice",
          problem: "\(channels) are not some of its \(group.channels) channels")
      }
      left[groups[place].number] = channels
      for maker in group.makers { counts[maker] = channels.count }
    }
    var values: [Scalar] = []
    for block in trace.blocks {
      var axes: [Int: [Int]] = [:]
      for (axis, number) in block.axes {
        let number = trace.root(number)
        axes[axis] = left[number].map { Self.spread($0, of: trace.count(number), over: block.shape[axis]) }
      }
      values += Self.gather(parameters[block.range], block.shape, axes)
    }
    var network = try Network(
      NetworkDescription(input: description.input, layers: Self.narrowed(description.layers, path: [], counts)), seed: 0
    )
    precondition(network.parameters.count == values.count, "every parameter of what stays is taken along")
    network.parameters = values
    return network
  }

  /// The same layers with as many channels as are left.
  private static func narrowed(
    _ layers: [LayerDescription], path: [Int], _ counts: [[Int]: Int]
  ) -> [LayerDescription] {
    layers.enumerated().map { index, layer in
      let own = path + [index]
      switch layer {
      case .residual(var residual):
        let inner = narrowed(residual.inner, path: own, counts)
        residual.shortcut = Array(inner.dropFirst(residual.layers.count))
        residual.layers = Array(inner.prefix(residual.layers.count))
        return .residual(residual)
      case .dense(var dense):
        dense.units = counts[own] ?? dense.units
        return .dense(dense)
      case .conv(var conv):
        conv.channels = counts[own] ?? conv.channels
        return .conv(conv)
      case .conv1d(var conv):
        conv.channels = counts[own] ?? conv.channels
        return .conv1d(conv)
      case .convLSTM(var cell):
        cell.channels = counts[own] ?? cell.channels
        return .convLSTM(cell)
      default: return layer
      }
    }
  }

  /// Indices along an extent in which channels repeat, of the channels that are left.
  private static func spread(_ left: [Int], of count: Int, over extent: Int) -> [Int] {
    stride(from: 0, to: extent, by: count).flatMap { begin in left.map { begin + $0 } }
  }

  private static func gather(_ values: ArraySlice<Scalar>, _ shape: [Int], _ axes: [Int: [Int]]) -> [Scalar] {
    var places = [values.startIndex]
    for (axis, extent) in shape.enumerated() {
      let chosen = axes[axis] ?? Array(0..<extent)
      places = places.flatMap { place in chosen.map { (place - values.startIndex) * extent + $0 + values.startIndex } }
    }
    return places.map { values[$0] }
  }
}
