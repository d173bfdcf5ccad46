import CKernels
import Numerics

/// A spiking convolutional LSTM with attention over its memory; see `ConvLSTMDescription` for the equations.
///
/// Parameters: the weights from the input and from the hidden state, `[height, width, inputs, 4 · channels]` each (the
/// kernel's extents; gates in the order input, forget, output, candidate), the bias, then the attention's. State: hidden
/// state, cell, and the membranes of the attention.
public struct ConvLSTM<Scalar: Real>: Layer {
  public let kind = "convLSTM"
  public var role: LayerRole { .cell }
  public let inputShape: [Int]
  public let outputShape: [Int]
  public var emitsSpikes: Bool { description.output == .spikes }
  let description: ConvLSTMDescription
  let attention: Attention<Scalar>?
  let fromInput: Convolution<Scalar>
  let fromHidden: Convolution<Scalar>
  let places: Int
  /// Units: places times channels.
  let units: Int

  public init(_ description: ConvLSTMDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    func require(_ condition: Bool, _ problem: String) throws(NetworkError) {
      guard condition else { throw .option(layer: layer, kind: "convLSTM", problem: problem) }
    }
    guard inputShape.count == 3 else {
      throw .shape(
        layer: layer, kind: kind, problem: "takes a map [height, width, channels], the layer before gives \(inputShape)"
      )
    }
    let recall = description.attention
    try require(description.channels > 0, "channels must be positive")
    let isOdd = [description.kernel.height, description.kernel.width].allSatisfy { $0 > 0 && $0 % 2 == 1 }
    try require(isOdd, "kernel \(description.kernel) is not odd")
    try require(recall.kernel > 0 && recall.kernel % 2 == 1, "the attention's kernel \(recall.kernel) is not odd")
    try require(recall.reduction > 0, "the attention's reduction \(recall.reduction) is not positive")
    try require((0..<1).contains(recall.decay), "the attention's decay \(recall.decay) is outside 0..<1")
    try require(description.surrogateWidth > 0, "surrogateWidth \(description.surrogateWidth) is not positive")
    self.description = description
    self.inputShape = inputShape
    let (height, width, channels) = (inputShape[0], inputShape[1], description.channels)
    outputShape = [height, width, channels]
    places = height * width
    units = places * channels
    func convolution(_ inputs: Int) -> Convolution<Scalar> {
      let kernel = (description.kernel.height, description.kernel.width)
      return Convolution(
        height: height, width: width, inputChannels: inputs, channels: 4 * channels, kernel: kernel,
        stride: (1, 1), padding: (kernel.0 / 2, kernel.1 / 2), groups: 1)
    }
    fromInput = convolution(inputShape[2])
    fromHidden = convolution(channels)
    attention =
      recall.kind == .none
      ? nil
      : Attention(
        recall, height: height, width: width, channels: recall.placement == .input ? inputShape[2] : channels,
        surrogate: description.surrogate, surrogateWidth: description.surrogateWidth)
  }

  var channels: Int { description.channels }

  public var parameters: [ParameterSpecification] {
    let bound = (3 / Double(fromInput.depth + fromHidden.depth)).squareRoot()
    return [
      .init(
        name: "inputWeight", shape: fromInput.weightShape, role: .weight,
        beginning: .uniform(bound: (3 / Double(fromInput.depth)).squareRoot())),
      .init(name: "hiddenWeight", shape: fromHidden.weightShape, role: .weight, beginning: .uniform(bound: bound)),
      .init(name: "inputBias", shape: [channels], role: .gain, beginning: .constant(0)),
      .init(
        name: "forgetBias", shape: [channels], role: .gain, beginning: .constant(description.forgetBias)),
      .init(name: "outputBias", shape: [channels], role: .gain, beginning: .constant(0)),
      .init(name: "candidateBias", shape: [channels], role: .gain, beginning: .constant(0)),
    ] + (attention?.parameters ?? [])
  }

  var hiddenWeightAt: Int { fromInput.weightCount }
  var biasAt: Int { fromInput.weightCount + fromHidden.weightCount }
  var attentionAt: Int { biasAt + 4 * channels }
  /// Whether attention acts on the map of that placement.
  func attends(_ placement: AttentionDescription.Placement) -> Bool {
    attention != nil && description.attention.placement == placement
  }
  /// Room for any map that attention may act on.
  var mapCount: Int { max(units, inputWidth) }
  var roomCount: Int { max(fromInput.stepRoom, fromHidden.stepRoom) }

  public var stateCount: Int { 2 * units + (attention?.keptCount ?? 0) }
  public var carriedCount: Int { stateCount }

  public var multiplyAccumulates: Int {
    4 * units * (fromInput.depth + fromHidden.depth)
  }

  // The hidden state is graded.
  public var denseAccumulates: Int { 4 * units * fromHidden.depth }

  public var workspaceCount: Int {
    4 * units + mapCount + (attention?.tapeCount ?? 0) + roomCount
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    let gates = input.workspace
    let map = gates + 4 * units
    let tape = map + mapCount
    let memory = Memory(
      gates: gates, map: map, tape: tape, workspace: tape + (attention?.tapeCount ?? 0), active: output.active,
      earlierHidden: UnsafePointer(state), hidden: state, earlierCell: UnsafePointer(state + units),
      cell: state + units, kept: state + 2 * units)
    advance(
      parameters: parameters, input: input.values, active: input.active, activeCount: input.activeCount,
      smooth: false, memory)
    guard emitsSpikes else {
      output.values.update(from: state, count: units)
      output.activeCount = nil
      return
    }
    fire(state, smooth: false, into: output.values)
    output.activeCount =
      output.isListWanted ? Scalar.listActive(output.values, width: units, into: output.active) : nil
  }

  /// Where one step finds and leaves what it needs.
  struct Memory {
    var gates: UnsafeMutablePointer<Scalar>
    var map: UnsafeMutablePointer<Scalar>
    var tape: UnsafeMutablePointer<Scalar>
    var workspace: UnsafeMutablePointer<Scalar>
    /// Room for the active entries of an attended input or of the hidden state.
    var active: UnsafeMutablePointer<UInt32>
    var earlierHidden: UnsafePointer<Scalar>
    var hidden: UnsafeMutablePointer<Scalar>
    var earlierCell: UnsafePointer<Scalar>
    var cell: UnsafeMutablePointer<Scalar>
    var kept: UnsafeMutablePointer<Scalar>
  }

  /// One step of one stream, the same for `step` and `forward`.
  func advance(
    parameters: UnsafePointer<Scalar>, input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, activeCount: Int?,
    smooth: Bool, _ memory: Memory
  ) {
    for place in 0..<places {
      (memory.gates + place * 4 * channels).update(from: parameters + biasAt, count: 4 * channels)
    }
    let recall = parameters + attentionAt
    if attends(.input) {
      attend(recall, to: input, stride: inputShape[2], smooth: smooth, memory)
      let count = activeCount.map { _ in fromInput.listed(memory.map, into: memory.active) } ?? nil
      fromInput.add(
        memory.map, active: memory.active, activeCount: count, weights: parameters, to: memory.gates,
        workspace: memory.workspace)
    } else {
      fromInput.add(
        input, active: active, activeCount: activeCount, weights: parameters, to: memory.gates,
        workspace: memory.workspace)
    }
    var hidden = memory.earlierHidden
    if attends(.hidden) {
      attend(recall, to: hidden, stride: channels, smooth: smooth, memory)
      hidden = UnsafePointer(memory.map)
    }
    // At the beginning of a stream, and where attention is off, there is little in it to multiply.
    let count = fromHidden.listed(hidden, into: memory.active)
    fromHidden.add(
      hidden, active: memory.active, activeCount: count, weights: parameters + hiddenWeightAt, to: memory.gates,
      workspace: memory.workspace)
    Scalar.cellGates(places: places, channels: channels, memory.gates)
    var forget = UnsafePointer(memory.gates + channels)
    var stride = 4 * channels
    if attends(.forgetGate) {
      attend(recall, to: forget, stride: stride, smooth: smooth, memory)
      forget = UnsafePointer(memory.map)
      stride = channels
    }
    Scalar.cellState(
      places: places, channels: channels, gates: memory.gates, forget: forget, forgetStride: stride,
      earlierCell: memory.earlierCell, cell: memory.cell, hidden: memory.hidden)
  }

  private func attend(
    _ parameters: UnsafePointer<Scalar>, to map: UnsafePointer<Scalar>, stride: Int, smooth: Bool, _ memory: Memory
  ) {
    guard let attention else { return }
    var settings = attention.settings(smooth: smooth)
    Scalar.attend(
      &settings, parameters: parameters, map: map, stride: stride, kept: memory.kept, tape: memory.tape,
      into: memory.map)
  }

  func fire(_ hidden: UnsafePointer<Scalar>, smooth: Bool, into spikes: UnsafeMutablePointer<Scalar>) {
    Scalar.cellFire(
      count: units, hidden: hidden, surrogate: description.surrogate.kernelValue, smooth: smooth,
      width: description.surrogateWidth, threshold: description.threshold, into: spikes)
  }
}
