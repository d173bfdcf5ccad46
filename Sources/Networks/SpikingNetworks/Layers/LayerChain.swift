import Numerics

/// Layers one behind another inside a layer that contains them.
struct LayerChain<Scalar: Real>: Sendable {
  let layers: [any Layer<Scalar>]
  /// Where each layer's parameters and state begin, and where those of the chain end.
  let parameterOffsets: [Int]
  let stateOffsets: [Int]
  private let inputShape: [Int]
  private let widest: Int
  // Two signals with their lists (an index takes no more room than a scalar), then what the layers work in.
  let workspaceCount: Int

  init(_ descriptions: [LayerDescription], inputShape: [Int], spikes: Bool) throws(NetworkError) {
    layers = try LayerBuilder.build(descriptions, input: inputShape, spikes: spikes)
    self.inputShape = inputShape
    var (parameterOffsets, stateOffsets) = ([0], [0])
    for layer in layers {
      parameterOffsets.append(parameterOffsets[parameterOffsets.count - 1] + layer.parameterCount)
      stateOffsets.append(stateOffsets[stateOffsets.count - 1] + layer.stateCount)
    }
    self.parameterOffsets = parameterOffsets
    self.stateOffsets = stateOffsets
    widest = layers.reduce(0) { max($0, $1.outputWidth) }
    workspaceCount = 4 * widest + layers.reduce(0) { max($0, $1.workspaceCount) }
  }

  var outputShape: [Int] { layers.last?.outputShape ?? inputShape }
  var timeStride: Int { layers.reduce(1) { $0 * $1.timeStride } }
  var parameterCount: Int { parameterOffsets[layers.count] }
  var stateCount: Int { stateOffsets[layers.count] }
  var carriedCount: Int { layers.reduce(0) { $0 + $1.carriedCount } }

  func emitsSpikes(from input: Bool) -> Bool { layers.last?.emitsSpikes ?? input }
  func emitsCounts(from input: Bool) -> Bool { layers.reduce(input) { $1.emitsCounts(from: $0) } }

  /// Sum of what each layer has for one step of its output, over one step of the chain's.
  func total(_ each: (any Layer<Scalar>) -> Int) -> Int {
    var left = timeStride
    return layers.reduce(0) { sum, layer in
      left /= layer.timeStride
      return sum + left * each(layer)
    }
  }

  func begin(_ carried: UnsafeMutablePointer<Scalar>, samples: Int) {
    var first = carried
    for layer in layers {
      layer.begin(first, samples: samples)
      first += samples * layer.carriedCount
    }
  }

  /// One step; the last layer's output, which lies in `memory` unless there is no layer.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    memory: UnsafeMutablePointer<Scalar>
  ) -> Signal<Scalar> {
    let lists = UnsafeMutableRawPointer(memory + 2 * widest).bindMemory(to: UInt32.self, capacity: 2 * widest)
    let workspace = memory + 4 * widest
    var signal = input
    signal.workspace = workspace
    var next = Signal(values: memory, active: lists, activeCount: nil, workspace: workspace)
    var spare = Signal(values: memory + widest, active: lists + widest, activeCount: nil, workspace: workspace)
    for (index, layer) in layers.enumerated() {
      next.isDue = true
      layer.step(
        parameters: parameters + parameterOffsets[index], state: state + stateOffsets[index], input: signal,
        output: &next)
      // The input is still needed: only the two signals of the chain's own take turns.
      signal = next
      if !signal.isDue { break }
      swap(&next, &spare)
    }
    return signal
  }
}

/// Passes of the layers of a chain, kept with the tape of the layer that contains it.
final class ChainPass<Scalar: Real> {
  let chain: LayerChain<Scalar>
  let passes: [LayerPass<Scalar>]
  private let input: Activations<Scalar>
  private let outputs: [Activations<Scalar>]
  /// Gradient in front of each layer.
  private let gradients: [Buffer<Scalar>]

  /// - Parameter offset: where the chain's parameters begin among those of the layer that contains it.
  init(_ chain: LayerChain<Scalar>, _ pass: LayerPass<Scalar>, offset: Int) {
    self.chain = chain
    input = pass.input
    var outputs: [Activations<Scalar>] = []
    var gradients: [Buffer<Scalar>] = [Buffer()]
    var passes: [LayerPass<Scalar>] = []
    for (index, layer) in chain.layers.enumerated() {
      let source = index == 0 ? pass.input : outputs[index - 1]
      let output = Activations<Scalar>(
        width: layer.outputWidth, areSpikes: layer.emitsSpikes && !pass.isSmooth,
        areCounts: layer.emitsCounts(from: source.areCounts))
      let behind = index == chain.layers.count - 1 ? pass.outputGradient : Buffer<Scalar>()
      let begin = offset + chain.parameterOffsets[index]
      passes.append(
        LayerPass(
          lanes: pass.lanes, input: source, output: output, outputGradient: behind,
          inputGradient: index == 0 && pass.inputGradient == nil && !layer.worksInPlace ? nil : gradients[index],
          parameters: pass.parameters + begin, laneGradients: pass.laneGradients.map { $0 + begin }))
      outputs.append(output)
      gradients.append(behind)
    }
    self.passes = passes
    self.outputs = outputs
    self.gradients = Array(gradients.dropLast())
  }

  /// What the chain hands on.
  var output: Buffer<Scalar> { (outputs.last ?? input).values }
  /// Gradient of the chain's input; nil where there is no layer.
  var inputGradient: Buffer<Scalar>? { gradients.first }

  /// Each layer carries a block of its own, the first from `offset` on.
  private func shareCarried(_ pass: LayerPass<Scalar>, offset: Int) {
    var offset = offset
    for (index, layer) in chain.layers.enumerated() {
      passes[index].carried = pass.carried?.advanced(by: offset)
      offset += pass.layout.samples * layer.carriedCount
    }
  }

  /// - Parameters:
  ///   - offset: where the chain's carried state begins in that of the layer that contains it.
  ///   - seeds: number of the first layer among those that have seeds of their own.
  func forward(_ pass: LayerPass<Scalar>, offset: Int, seeds: Int) {
    shareCarried(pass, offset: offset)
    var layout = pass.layout
    for (index, layer) in chain.layers.enumerated() {
      let part = passes[index]
      part.layout = layout
      gradients[index].resize(to: layout.rows * layer.inputWidth)
      layout = layout.divided(by: layer.timeStride)
      part.outputLayout = layout
      outputs[index].values.resize(to: layout.rows * layer.outputWidth)
      part.isTraining = pass.isTraining
      part.isSmooth = pass.isSmooth
      part.seed = pass.seed &+ UInt64(seeds + index + 1) &* 0xbf58_476d_1ce4_e5b9
      layer.forward(part)
    }
  }

  func backward(_ pass: LayerPass<Scalar>, offset: Int) {
    shareCarried(pass, offset: offset)
    for index in chain.layers.indices.reversed() { chain.layers[index].backward(passes[index]) }
  }
}
