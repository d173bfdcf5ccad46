import Numerics

/// Layers with a way around them; see `ResidualDescription`.
///
/// Parameters: those of the layers, then those of the shortcut; state likewise.
public struct Residual<Scalar: Real>: Layer {
  public let kind = "residual"
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let timeStride: Int
  public let emitsSpikes: Bool
  private let main: LayerChain<Scalar>
  /// Without a layer where the input itself is added.
  private let shortcut: LayerChain<Scalar>

  init(
    _ description: ResidualDescription, inputShape: [Int], spikes: Bool, layer: Int
  ) throws(NetworkError) {
    func chain(_ layers: [LayerDescription], _ place: String) throws(NetworkError) -> LayerChain<Scalar> {
      do throws(NetworkError) {
        return try LayerChain(layers, inputShape: inputShape, spikes: spikes)
      } catch {
        throw .shape(layer: layer, kind: "residual", problem: "\(place), \(error)")
      }
    }
    main = try chain(description.layers, "inside it")
    shortcut = try chain(description.shortcut, "in its shortcut")
    guard !(main.layers + shortcut.layers).contains(where: { $0.role == .context }) else {
      throw .option(layer: layer, kind: kind, problem: "context units cannot stand inside; put them around it")
    }
    guard !main.layers.isEmpty, main.outputShape == shortcut.outputShape else {
      let problem =
        "its layers turn \(inputShape) into \(main.layers.isEmpty ? [] : main.outputShape), but "
        + (description.shortcut.isEmpty
          ? "have to keep the shape" : "the shortcut gives \(shortcut.outputShape); both have to agree")
      throw .shape(layer: layer, kind: kind, problem: problem)
    }
    guard main.timeStride == shortcut.timeStride else {
      throw .shape(
        layer: layer, kind: kind,
        problem: "its layers give one step for \(main.timeStride), the way around them one for \(shortcut.timeStride); "
          + "frames with the same strides belong into both")
    }
    self.inputShape = inputShape
    outputShape = main.outputShape
    timeStride = main.timeStride
    emitsSpikes = main.emitsSpikes(from: spikes) && shortcut.emitsSpikes(from: spikes)
  }

  /// The layers, then those of the shortcut.
  var inner: [any Layer<Scalar>] { main.layers + shortcut.layers }
  var layers: [any Layer<Scalar>] { main.layers }
  var shortcutLayers: [any Layer<Scalar>] { shortcut.layers }

  /// Numbers of spikes added to numbers of spikes; single ones are left as they were.
  public func emitsCounts(from input: Bool) -> Bool {
    let counts = [main, shortcut].map { $0.emitsCounts(from: input) }
    return emitsSpikes && counts.contains(true)
  }

  /// Those of the inner layers, each name behind the layer's number.
  public var parameters: [ParameterSpecification] {
    func named(_ chain: LayerChain<Scalar>, _ prefix: String) -> [ParameterSpecification] {
      chain.layers.enumerated().flatMap { index, layer in
        layer.parameters.map {
          ParameterSpecification(
            name: "\(prefix)\(index).\($0.name)", shape: $0.shape, role: $0.role, beginning: $0.beginning)
        }
      }
    }
    return named(main, "") + named(shortcut, "shortcut.")
  }

  public func begin(_ carried: UnsafeMutablePointer<Scalar>, samples: Int) {
    main.begin(carried, samples: samples)
    shortcut.begin(carried + samples * main.carriedCount, samples: samples)
  }

  public var stateCount: Int { main.stateCount + shortcut.stateCount }
  public var carriedCount: Int { main.carriedCount + shortcut.carriedCount }
  public var workspaceCount: Int { main.workspaceCount + shortcut.workspaceCount }
  public var denseAccumulates: Int { main.total(\.denseAccumulates) + shortcut.total(\.denseAccumulates) }
  public var multiplyAccumulates: Int { main.total(\.multiplyAccumulates) + shortcut.total(\.multiplyAccumulates) }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    let right = main.step(parameters: parameters, state: state, input: input, memory: input.workspace)
    // The layers may have used the memory of the input's list for something else.
    var input = input
    input.activeCount = nil
    let left = shortcut.step(
      parameters: parameters + main.parameterCount, state: state + main.stateCount, input: input,
      memory: input.workspace + main.workspaceCount)
    guard left.isDue, right.isDue else {
      output.isDue = false
      return
    }
    for index in 0..<outputWidth { output.values[index] = left.values[index] + right.values[index] }
    output.activeCount =
      emitsSpikes ? Scalar.listActive(output.values, width: outputWidth, into: output.active) : nil
  }

  /// The passes of both ways.
  private final class Ways {
    let main: ChainPass<Scalar>
    let shortcut: ChainPass<Scalar>

    init(_ residual: Residual, _ pass: LayerPass<Scalar>) {
      main = ChainPass(residual.main, pass, offset: 0)
      shortcut = ChainPass(residual.shortcut, pass, offset: residual.main.parameterCount)
    }
  }

  private func ways(_ pass: LayerPass<Scalar>) -> Ways { pass.tape { Ways(self, pass) } }

  public func inner(
    _ index: Int, of pass: LayerPass<Scalar>
  ) -> (layer: any Layer<Scalar>, pass: LayerPass<Scalar>)? {
    (inner[index], innerPass(index, of: pass))
  }

  private func innerPass(_ index: Int, of pass: LayerPass<Scalar>) -> LayerPass<Scalar> {
    let ways = ways(pass)
    let count = main.layers.count
    return index < count ? ways.main.passes[index] : ways.shortcut.passes[index - count]
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let ways = ways(pass)
    ways.main.forward(pass, offset: 0, seeds: 0)
    ways.shortcut.forward(pass, offset: pass.layout.samples * main.carriedCount, seeds: main.layers.count)
    add(
      ways.shortcut.output, ways.main.output, into: pass.output.values, count: pass.outputLayout.rows * outputWidth,
      pass.lanes)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let ways = ways(pass)
    ways.main.backward(pass, offset: 0)
    ways.shortcut.backward(pass, offset: pass.layout.samples * main.carriedCount)
    guard let target = pass.inputGradient, let right = ways.main.inputGradient else { return }
    add(
      ways.shortcut.inputGradient ?? pass.outputGradient, right, into: target, count: pass.layout.rows * inputWidth,
      pass.lanes)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func add(
    _ left: Buffer<Scalar>, _ right: Buffer<Scalar>, into sum: Buffer<Scalar>, count: Int, _ lanes: Lanes
  ) {
    lanes.run { lane in
      for index in count * lane / lanes.count..<count * (lane + 1) / lanes.count {
        sum.base[index] = left.base[index] + right.base[index]
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    for (index, layer) in inner.enumerated() { work += layer.work(of: innerPass(index, of: pass)) }
    work.units.additions += Double(pass.outputLayout.rows * outputWidth)
    return work
  }

  public func measurements(of pass: LayerPass<Scalar>) -> [String: Double] {
    var found: [String: Double] = [:]
    for (index, layer) in inner.enumerated() {
      for (name, value) in layer.measurements(of: innerPass(index, of: pass)) { found["\(index).\(name)"] = value }
    }
    return found
  }
}
