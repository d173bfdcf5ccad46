import Tensors

/// Layers with a way around them; see `ResidualDescription`.
public struct Residual<Scalar: Real>: Layer {
  public let kind = "residual"
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public let emitsSpikes: Bool
  let inner: [any Layer<Scalar>]
  private let parameterOffsets: [Int]
  private let stateOffsets: [Int]
  private let widest: Int

  init(
    _ description: ResidualDescription, inputShape: [Int], spikes: Bool, layer: Int
  ) throws(NetworkError) {
    do throws(NetworkError) {
      inner = try LayerBuilder.build(description.layers, input: inputShape, spikes: spikes)
    } catch {
      throw .shape(layer: layer, kind: kind, problem: "inside it, \(error)")
    }
    guard !inner.contains(where: { $0.kind == "context" }) else {
      throw .option(layer: layer, kind: kind, problem: "context units cannot stand inside; put them around it")
    }
    guard let last = inner.last, last.outputShape == inputShape else {
      throw .shape(
        layer: layer, kind: kind,
        problem: "its layers turn \(inputShape) into \(inner.last?.outputShape ?? []), but have to keep the shape")
    }
    self.inputShape = inputShape
    emitsSpikes = spikes && last.emitsSpikes
    var (parameterOffsets, stateOffsets) = ([0], [0])
    for layer in inner {
      parameterOffsets.append(parameterOffsets[parameterOffsets.count - 1] + layer.parameterCount)
      stateOffsets.append(stateOffsets[stateOffsets.count - 1] + layer.stateCount)
    }
    self.parameterOffsets = parameterOffsets
    self.stateOffsets = stateOffsets
    widest = inner.reduce(0) { max($0, $1.outputWidth) }
  }

  /// Those of the inner layers, each name behind the layer's number.
  public var parameters: [ParameterSpecification] {
    inner.enumerated().flatMap { index, layer in
      layer.parameters.map {
        ParameterSpecification(name: "\(index).\($0.name)", shape: $0.shape, role: $0.role, beginning: $0.beginning)
      }
    }
  }

  public func begin(_ carried: UnsafeMutablePointer<Scalar>, samples: Int) {
    var first = carried
    for layer in inner {
      layer.begin(first, samples: samples)
      first += samples * layer.carriedCount
    }
  }

  public var stateCount: Int { stateOffsets[inner.count] }
  public var carriedCount: Int { inner.reduce(0) { $0 + $1.carriedCount } }
  // Two signals with their lists (an index takes no more room than a scalar), then what the inner layers work in.
  public var workspaceCount: Int { 4 * widest + (inner.map(\.workspaceCount).max() ?? 0) }
  public var denseAccumulates: Int { inner.reduce(0) { $0 + $1.denseAccumulates } }
  public var multiplyAccumulates: Int { inner.reduce(0) { $0 + $1.multiplyAccumulates } }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    let memory = input.workspace
    let lists = UnsafeMutableRawPointer(memory + 2 * widest).bindMemory(to: UInt32.self, capacity: 2 * widest)
    let workspace = memory + 4 * widest
    var signal = input
    signal.workspace = workspace
    var next = Signal(values: memory, active: lists, activeCount: nil, workspace: workspace)
    var spare = Signal(values: memory + widest, active: lists + widest, activeCount: nil, workspace: workspace)
    for (index, layer) in inner.enumerated() {
      layer.step(
        parameters: parameters + parameterOffsets[index], state: state + stateOffsets[index], input: signal,
        output: &next)
      // The input is still needed: only the two signals of this layer's own take turns.
      signal = next
      swap(&next, &spare)
    }
    for index in 0..<inputWidth { output.values[index] = input.values[index] + signal.values[index] }
    output.activeCount =
      emitsSpikes ? Scalar.listActive(output.values, width: inputWidth, into: output.active) : nil
  }

  /// The inner layers' passes, kept with the layer's own tape.
  private final class Inner {
    let passes: [LayerPass<Scalar>]
    let outputs: [Activations<Scalar>]
    /// Gradient behind each inner layer but the last, which takes the layer's own.
    let gradients: [Buffer<Scalar>]

    init(_ residual: Residual, _ pass: LayerPass<Scalar>) {
      let first = Buffer<Scalar>()
      var outputs: [Activations<Scalar>] = []
      var gradients: [Buffer<Scalar>] = [first]
      var passes: [LayerPass<Scalar>] = []
      for (index, layer) in residual.inner.enumerated() {
        let isLast = index == residual.inner.count - 1
        let output = Activations<Scalar>(
          width: layer.outputWidth, areSpikes: layer.emitsSpikes && !pass.isSmooth,
          areCounts: layer.emitsCounts(from: (index == 0 ? pass.input : outputs[index - 1]).areCounts))
        let behind = isLast ? pass.outputGradient : Buffer<Scalar>()
        passes.append(
          LayerPass(
            lanes: pass.lanes, input: index == 0 ? pass.input : outputs[index - 1], output: output,
            outputGradient: behind,
            inputGradient: index == 0 && pass.inputGradient == nil && !layer.worksInPlace ? nil : gradients[index],
            parameters: pass.parameters + residual.parameterOffsets[index],
            laneGradients: pass.laneGradients.map { $0 + residual.parameterOffsets[index] }))
        outputs.append(output)
        gradients.append(behind)
      }
      self.passes = passes
      self.outputs = outputs
      self.gradients = Array(gradients.dropLast())
    }
  }

  /// Each inner layer carries a block of its own.
  private func shareCarried(_ pass: LayerPass<Scalar>, _ memory: Inner) {
    var offset = 0
    for (index, layer) in inner.enumerated() {
      memory.passes[index].carried = pass.carried?.advanced(by: offset)
      offset += pass.layout.samples * layer.carriedCount
    }
  }

  private func inner(_ pass: LayerPass<Scalar>) -> Inner {
    pass.tape.object("inner") { Inner(self, pass) }
  }

  /// The pass of an inner layer.
  func innerPass(_ index: Int, of pass: LayerPass<Scalar>) -> LayerPass<Scalar> { inner(pass).passes[index] }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let memory = inner(pass)
    let rows = pass.layout.rows
    shareCarried(pass, memory)
    for (index, layer) in inner.enumerated() {
      memory.outputs[index].values.resize(to: rows * layer.outputWidth)
      memory.gradients[index].resize(to: rows * layer.inputWidth)
      let part = memory.passes[index]
      part.layout = pass.layout
      part.isTraining = pass.isTraining
      part.isSmooth = pass.isSmooth
      part.seed = pass.seed &+ UInt64(index + 1) &* 0xbf58_476d_1ce4_e5b9
      layer.forward(part)
    }
    add(pass.input.values, memory.outputs[inner.count - 1].values, into: pass.output.values, pass)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let memory = inner(pass)
    shareCarried(pass, memory)
    for index in inner.indices.reversed() { inner[index].backward(memory.passes[index]) }
    if let target = pass.inputGradient { add(pass.outputGradient, memory.gradients[0], into: target, pass) }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func add(
    _ left: Buffer<Scalar>, _ right: Buffer<Scalar>, into sum: Buffer<Scalar>, _ pass: LayerPass<Scalar>
  ) {
    let width = inputWidth
    pass.forEachSample { _, _, row, steps in
      for index in row * width..<(row + steps) * width { sum.base[index] = left.base[index] + right.base[index] }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    for (index, layer) in inner.enumerated() { work += layer.work(of: innerPass(index, of: pass)) }
    work.units.additions += Double(pass.layout.rows * inputWidth)
    return work
  }

  public func measurements(of pass: LayerPass<Scalar>) -> [String: Double] {
    var found: [String: Double] = [:]
    for (index, part) in inner(pass).passes.enumerated() {
      for (name, value) in inner[index].measurements(of: part) { found["\(index).\(name)"] = value }
    }
    return found
  }
}
