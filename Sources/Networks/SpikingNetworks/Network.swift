import Numerics

/// A spiking network: layers, and their parameters in one block of memory.
///
/// Nothing in it changes while it runs: `step` takes the stream's state and gives it back changed, so one network serves
/// any number of streams.
public struct Network<Scalar: Real>: Sendable {
  public let description: NetworkDescription
  public let layers: [any Layer<Scalar>]
  /// Parameters of all layers, one after another.
  public var parameters: [Scalar]
  /// Where each layer's parameters begin.
  public let parameterOffsets: [Int]
  private let stateOffsets: [Int]
  private let widest: Int
  private let workspace: Int
  /// For each layer what is stepped when it is its turn: it and those behind it together, or it alone.
  private let fused: [FusedStep<Scalar>?]

  /// A network with parameters as they begin, drawn from `seed`.
  public init(_ description: NetworkDescription, seed: UInt64) throws(NetworkError) {
    self.init(description, layers: try LayerBuilder.build(description))
    var parameters: [Scalar] = []
    parameters.reserveCapacity(self.parameters.count)
    for (index, layer) in layers.enumerated() {
      for (block, specification) in layer.parameters.enumerated() {
        var random = RandomStream(seed: seed, purpose: "layer \(index)", index: block)
        for _ in 0..<specification.count {
          switch specification.beginning {
          case .constant(let value): parameters.append(Scalar(value))
          case .normal(let deviation): parameters.append(Scalar(random.normal() * deviation))
          case .uniform(let bound): parameters.append(Scalar(random.uniform(in: -bound...bound)))
          case .around(let centre, let bound): parameters.append(Scalar(centre + random.uniform(in: -bound...bound)))
          }
        }
      }
    }
    self.parameters = parameters
  }

  /// A network of layers that are at hand, all parameters zero.
  init(_ description: NetworkDescription, layers: [any Layer<Scalar>]) {
    self.description = description
    self.layers = layers
    var offset = 0
    var stateOffset = 0
    var parameterOffsets: [Int] = []
    var stateOffsets: [Int] = []
    for layer in layers {
      parameterOffsets.append(offset)
      stateOffsets.append(stateOffset)
      offset += layer.parameterCount
      stateOffset += layer.stateCount
    }
    self.parameterOffsets = parameterOffsets
    self.stateOffsets = stateOffsets + [stateOffset]
    widest = layers.reduce(description.input.reduce(1, *)) { max($0, $1.outputWidth) }
    fused = layers.indices.map { FusedStep(layers, at: $0) }
    workspace = (layers.map(\.workspaceCount) + fused.compactMap { $0?.workspaceCount }).max() ?? 0
    parameters = [Scalar](repeating: 0, count: offset)
  }

  /// Whether a layer is stepped together with others and is not the last of them, and whether it is the last.
  func isInsideFusedStep(_ index: Int) -> Bool { isFused(index) { $0 + $1 - 1 > index } }
  func endsFusedStep(_ index: Int) -> Bool { isFused(index) { $0 + $1 - 1 == index } }

  private func isFused(_ index: Int, _ isMeant: (_ first: Int, _ count: Int) -> Bool) -> Bool {
    (max(0, index - 2)...index).contains { first in
      fused[first].map { first + $0.count > index && isMeant(first, $0.count) } ?? false
    }
  }

  public var inputShape: [Int] { description.input }
  public var inputWidth: Int { description.input.reduce(1, *) }
  /// Steps of the input for one step of the output, in which there are logits.
  public var timeStride: Int { layers.reduce(1) { $0 * $1.timeStride } }
  /// For each layer the steps of the network's input for one step of its output.
  public var timeStrides: [Int] {
    var stride = 1
    return layers.map { layer in
      stride *= layer.timeStride
      return stride
    }
  }
  /// Number of logits of a step.
  public var outputCount: Int { layers.last?.outputWidth ?? 0 }

  /// Context units, the most that any layer has.
  public var contextCount: Int {
    layers.reduce(0) { max($0, $1.contextCount) }
  }

  /// Tells a stream its context from the next step on; `contextCount` numbers, of which each layer takes its first.
  public func setContext(_ context: [Scalar], of state: inout NetworkState<Scalar>) {
    precondition(context.count == contextCount, "\(contextCount) context units need as many numbers")
    for (index, layer) in layers.enumerated() where layer.contextCount > 0 {
      state.set(context[..<layer.contextCount], at: stateOffsets[index])
    }
  }

  /// The state of a stream that has not begun.
  public func makeState() -> NetworkState<Scalar> {
    NetworkState(scalars: stateOffsets[layers.count], workspace: 2 * widest + workspace, indices: 2 * widest)
  }

  /// One step of one stream: spikes in, logits out, every `timeStride` steps. Allocates nothing.
  ///
  /// - Parameters:
  ///   - frame: spikes of this step; channels below `inputWidth`.
  ///   - logits: overwritten where there are new ones; must hold `outputCount` numbers.
  /// - Returns: whether there are new logits.
  @discardableResult
  @specialized(where Scalar == Float)
  public func step(_ frame: SpikeFrame, _ state: inout NetworkState<Scalar>, logits: inout [Scalar]) -> Bool {
    var activity = StepActivity()
    return step(frame, &state, logits: &logits, activity: &activity)
  }

  /// The same step, which also tells what the layers did where that is wanted; it allocates nothing where it is not.
  @discardableResult
  @specialized(where Scalar == Float)
  public func step(
    _ frame: SpikeFrame, _ state: inout NetworkState<Scalar>, logits: inout [Scalar], activity: inout StepActivity
  ) -> Bool {
    let isWatched = activity.isWanted
    if isWatched { activity.begin() }
    precondition(logits.count == outputCount, "\(outputCount) logits need as many places, not \(logits.count)")
    precondition(frame.channels.last.map { Int($0) < inputWidth } ?? true, "a spike beyond the network's input")
    let widest = widest
    return state.withMemory { scalars, memory, indices in
      let workspace = memory + 2 * widest
      var signal = Signal(values: memory, active: indices, activeCount: frame.channels.count, workspace: workspace)
      var next = Signal(values: memory + widest, active: indices + widest, activeCount: nil, workspace: workspace)
      signal.values.update(repeating: 0, count: inputWidth)
      for (place, channel) in frame.channels.enumerated() {
        signal.values[Int(channel)] = Scalar(frame.values[place])
        signal.active[place] = channel
      }
      let isDue = parameters.withUnsafeBufferPointer { parameters in
        // A network without any parameter still needs an address to offset from.
        let base = parameters.baseAddress ?? UnsafePointer(scalars)
        var index = 0
        while index < layers.count {
          let count = fused[index]?.count ?? 1
          next.isListWanted = index + count < layers.count && layers[index + count].readsActive
          if let fused = fused[index] {
            fused.step(
              convParameters: base + parameterOffsets[index], neuronParameters: base + parameterOffsets[index + 1],
              neuronState: scalars + stateOffsets[index + 1], input: signal, output: &next)
          } else {
            layers[index].step(
              parameters: base + parameterOffsets[index], state: scalars + stateOffsets[index], input: signal,
              output: &next)
          }
          if isWatched {
            // Of layers that are stepped together only the first has synapses.
            activity.add(layers[index], input: signal.values)
          }
          if !next.isDue { return false }
          index += count
          if isWatched && self.isWatched(index - 1) {
            let layer = layers[index - 1]
            activity.add(
              spikes: next.values, count: layer.outputWidth,
              recurrent: layer.role == .neurons ? layer.multiplyAccumulates / layer.outputWidth : 0)
          }
          swap(&signal, &next)
        }
        return true
      }
      if isDue {
        for index in logits.indices { logits[index] = signal.values[index] }
      }
      return isDue
    }
  }
}

/// Everything a network remembers of one stream between two steps; a value that can be copied, stored and put back.
public struct NetworkState<Scalar: Real>: Sendable, Equatable {
  /// The layers' states one after another: all there is to store.
  public private(set) var scalars: [Scalar]
  // Memory a step works in, without meaning between two steps.
  private var workspace: [Scalar]
  private var indices: [UInt32]

  init(scalars: Int, workspace: Int, indices: Int) {
    self.scalars = [Scalar](repeating: 0, count: max(scalars, 1))
    self.workspace = [Scalar](repeating: 0, count: max(workspace, 1))
    self.indices = [UInt32](repeating: 0, count: max(indices, 1))
  }

  mutating func set(_ values: ArraySlice<Scalar>, at offset: Int) {
    scalars.replaceSubrange(offset..<offset + values.count, with: values)
  }

  /// Back to the state of a stream that has not begun.
  public mutating func reset() {
    for index in scalars.indices { scalars[index] = 0 }
  }

  public static func == (left: Self, right: Self) -> Bool { left.scalars == right.scalars }

  mutating func withMemory(
    _ body: (UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<Scalar>, UnsafeMutablePointer<UInt32>) -> Bool
  ) -> Bool {
    scalars.withUnsafeMutableBufferPointer { scalars in
      workspace.withUnsafeMutableBufferPointer { workspace in
        indices.withUnsafeMutableBufferPointer { indices in
          guard let scalarBase = scalars.baseAddress, let workBase = workspace.baseAddress,
            let indexBase = indices.baseAddress
          else { return false }
          return body(scalarBase, workBase, indexBase)
        }
      }
    }
  }
}
