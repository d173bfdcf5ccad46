import Numerics

/// Convolutional synapses; see `ConvDescription` for the layout of weights and maps.
public struct Conv<Scalar: Real>: Layer {
  public let kind: String
  public var role: LayerRole { .convolution }
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes = false
  public let backwardReadsOutput = false
  public let stateCount = 0
  let convolution: Convolution<Scalar>
  let bias: Bool

  public init(_ description: ConvDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    guard inputShape.count == 3 else {
      throw .shape(
        layer: layer, kind: "conv",
        problem: "takes a map [height, width, channels], the layer before gives \(inputShape)")
    }
    try self.init(description, kind: "conv", inputShape: inputShape, extent: inputShape, layer: layer)
  }

  /// A convolution along a row `[length, channels]` or `[length]`.
  public init(alongLength description: ConvDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    guard (1...2).contains(inputShape.count) else {
      throw .shape(
        layer: layer, kind: "conv1d", problem: "takes a row [length, channels], the layer before gives \(inputShape)")
    }
    let channels = inputShape.count == 2 ? inputShape[1] : 1
    try self.init(
      description, kind: "conv1d", inputShape: inputShape, extent: [1, inputShape[0], channels], layer: layer)
  }

  private init(
    _ description: ConvDescription, kind: String, inputShape: [Int], extent: [Int], layer: Int
  ) throws(NetworkError) {
    self.kind = kind
    let (kernel, stride, padding) = (description.kernel, description.stride, description.padding)
    guard description.channels > 0, kernel.isAtLeast(1), stride.isAtLeast(1), padding.isAtLeast(0),
      description.groups > 0
    else {
      throw .option(layer: layer, kind: kind, problem: "channels, kernel, stride and groups must be positive")
    }
    let isMap = inputShape.count == 3
    guard isMap || (kernel.isSquare && stride.isSquare && padding.isSquare) else {
      throw .option(layer: layer, kind: kind, problem: "a row has a length alone; write a single number")
    }
    guard extent[2] % description.groups == 0, description.channels % description.groups == 0 else {
      throw .option(
        layer: layer, kind: kind,
        problem: "\(description.groups) groups do not divide \(extent[2]) into \(description.channels) channels")
    }
    guard extent[1] + 2 * padding.width >= kernel.width, !isMap || extent[0] + 2 * padding.height >= kernel.height
    else {
      throw .shape(
        layer: layer, kind: kind, problem: "a kernel of \(kernel) does not fit \(extent[0]) x \(extent[1])")
    }
    self.inputShape = inputShape
    bias = description.bias
    convolution = Convolution(
      height: extent[0], width: extent[1], inputChannels: extent[2], channels: description.channels,
      kernel: (isMap ? kernel.height : 1, kernel.width), stride: (isMap ? stride.height : 1, stride.width),
      padding: (isMap ? padding.height : 0, padding.width), groups: description.groups)
    let (height, width) = (Int(convolution.shape.out_height), Int(convolution.shape.out_width))
    outputShape = isMap ? [height, width, description.channels] : [width, description.channels]
  }

  public var multiplyAccumulates: Int { convolution.outputs * convolution.depth }

  public var parameters: [ParameterSpecification] {
    let weight = ParameterSpecification(
      name: "weight", shape: convolution.weightShape, role: .weight,
      beginning: .uniform(bound: (3 / Double(convolution.depth)).squareRoot()))
    let shift = ParameterSpecification(
      name: "bias", shape: [convolution.channels], role: .gain, beginning: .constant(0))
    return bias ? [weight, shift] : [weight]
  }

  public var workspaceCount: Int { convolution.stepRoom }

  private func begin(_ output: UnsafeMutablePointer<Scalar>, parameters: UnsafePointer<Scalar>) {
    begin(output, places: convolution.places, parameters: parameters)
  }

  /// What `places` outputs are before any input is added.
  func begin(_ output: UnsafeMutablePointer<Scalar>, places: Int, parameters: UnsafePointer<Scalar>) {
    let channels = convolution.channels
    guard bias else {
      output.update(repeating: 0, count: places * channels)
      return
    }
    for place in 0..<places {
      (output + place * channels).update(from: parameters + convolution.weightCount, count: channels)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    begin(output.values, parameters: parameters)
    convolution.add(
      input.values, active: input.active, activeCount: input.activeCount, weights: parameters, to: output.values,
      workspace: input.workspace)
    output.activeCount = nil
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let width = inputWidth
    let workspace = tape(pass).workspace.sized(pass.lanes.count * convolution.trainingRoom).base
    let active = tape(pass).active.sized(pass.lanes.count * max(width, convolution.outputs)).base
    let spikes = pass.input.areSpikes
    pass.forEachSample { lane, _, row, steps in
      let list = active + lane * max(width, convolution.outputs)
      for step in row..<row + steps {
        let input = pass.input.values.base + step * width
        let output = pass.output.values.base + step * convolution.outputs
        begin(output, parameters: pass.parameters)
        convolution.add(
          input, active: list, activeCount: spikes ? convolution.listed(input, into: list) : nil,
          weights: pass.parameters, to: output, workspace: workspace + lane * convolution.trainingRoom)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let width = inputWidth
    let workspace = tape(pass).workspace.sized(pass.lanes.count * convolution.trainingRoom).base
    let active = tape(pass).active.sized(pass.lanes.count * max(width, convolution.outputs)).base
    let transposed = tape(pass).transposed.sized(convolution.weightCount).base
    if pass.inputGradient != nil { convolution.transpose(pass.parameters, into: transposed) }
    let together = convolution.gatheredSteps
    let room = convolution.places * convolution.depth
    let gathered = tape(pass).gathered.sized(pass.lanes.count * together * room).base
    let spikes = pass.input.areSpikes
    pass.forEachSample { lane, _, row, steps in
      let list = active + lane * max(width, convolution.outputs)
      let workspace = workspace + lane * convolution.trainingRoom
      let gradient = pass.laneGradients[lane]
      // Dense maps in a row, the last of them just before `step`, whose weight gradient is still to come.
      let columns = gathered + lane * together * room
      var waiting = 0
      func add(before step: Int) {
        if waiting > 0 {
          convolution.addWeightGradient(
            columns: columns, delta: pass.outputGradient.base + (step - waiting) * convolution.outputs, maps: waiting,
            to: gradient)
        }
        waiting = 0
      }
      for step in row..<row + steps {
        let input = pass.input.values.base + step * width
        let delta = pass.outputGradient.base + step * convolution.outputs
        if together > 0, !spikes || convolution.isDense(input, into: list) {
          convolution.gather(input, into: columns + waiting * room, workspace: workspace)
          waiting += 1
          if waiting == together || step == row + steps - 1 { add(before: step + 1) }
        } else {
          add(before: step)
          convolution.addWeightGradient(input, active: list, delta: delta, to: gradient, workspace: workspace)
        }
        if bias { addBiasGradient(delta, to: gradient + convolution.weightCount) }
        guard let inputGradient = pass.inputGradient else { continue }
        let target = inputGradient.base + step * width
        target.update(repeating: 0, count: width)
        convolution.addInputGradient(
          delta: delta, weights: pass.parameters, transposed: transposed, active: list, to: target,
          workspace: workspace)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    let fan = convolution.fan(pass.parameters)
    for row in 0..<pass.layout.rows {
      work.meet(pass.input.values.base + row * inputWidth, areCounts: pass.input.areCounts, fan: fan)
    }
    return work
  }

  private func addBiasGradient(_ delta: UnsafePointer<Scalar>, to gradient: UnsafeMutablePointer<Scalar>) {
    let channels = convolution.channels
    for place in 0..<convolution.places {
      for channel in 0..<channels { gradient[channel] += delta[place * channels + channel] }
    }
  }
}

extension Conv {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    /// Of each lane.
    let workspace = Buffer<Scalar>()
    let active = Buffer<UInt32>()
    /// The weights, turned.
    let transposed = Buffer<Scalar>()
    /// Of each lane.
    let gathered = Buffer<Scalar>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
