import Tensors

/// Convolutional synapses; see `ConvDescription` for the layout of weights and maps.
public struct Conv<Scalar: Real>: Layer {
  public let kind = "conv"
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes = false
  public let stateCount = 0
  let convolution: Convolution<Scalar>
  let bias: Bool

  public init(_ description: ConvDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    guard inputShape.count == 3 else {
      throw .shape(
        layer: layer, kind: kind, problem: "takes a map [height, width, channels], the layer before gives \(inputShape)"
      )
    }
    guard description.channels > 0, description.kernel > 0, description.stride > 0, description.padding >= 0,
      description.groups > 0
    else {
      throw .option(layer: layer, kind: kind, problem: "channels, kernel, stride and groups must be positive")
    }
    guard inputShape[2] % description.groups == 0, description.channels % description.groups == 0 else {
      throw .option(
        layer: layer, kind: kind,
        problem: "\(description.groups) groups divide neither \(inputShape[2]) into \(description.channels) channels")
    }
    for extent in inputShape[..<2] where extent + 2 * description.padding < description.kernel {
      throw .shape(
        layer: layer, kind: kind,
        problem: "a kernel of \(description.kernel) does not fit a map of \(inputShape[0]) x \(inputShape[1])")
    }
    self.inputShape = inputShape
    bias = description.bias
    convolution = Convolution(
      height: inputShape[0], width: inputShape[1], inputChannels: inputShape[2], channels: description.channels,
      kernel: (description.kernel, description.kernel), stride: (description.stride, description.stride),
      padding: (description.padding, description.padding), groups: description.groups)
    outputShape = [Int(convolution.shape.out_height), Int(convolution.shape.out_width), description.channels]
  }

  public var parameters: [ParameterSpecification] {
    let weight = ParameterSpecification(
      name: "weight", shape: convolution.weightShape, role: .weight,
      beginning: .uniform(bound: (3 / Double(convolution.depth)).squareRoot()))
    let shift = ParameterSpecification(
      name: "bias", shape: [convolution.channels], role: .gain, beginning: .constant(0))
    return bias ? [weight, shift] : [weight]
  }

  public var workspaceCount: Int { convolution.stepColumns }

  private func begin(_ output: UnsafeMutablePointer<Scalar>, parameters: UnsafePointer<Scalar>) {
    guard bias else {
      output.update(repeating: 0, count: convolution.outputs)
      return
    }
    let channels = convolution.channels
    for place in 0..<convolution.places {
      (output + place * channels).update(from: parameters + convolution.weightCount, count: channels)
    }
  }

  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    begin(output.values, parameters: parameters)
    convolution.add(
      input.values, active: input.active, activeCount: input.activeCount, weights: parameters, to: output.values,
      columns: input.workspace)
    output.activeCount = nil
  }

  public func forward(_ pass: LayerPass<Scalar>) {
    let width = inputWidth
    let columns = pass.tape.scalars("columns", count: pass.lanes.count * convolution.trainingColumns).base
    let active = pass.tape.indices("active", count: pass.lanes.count * max(width, convolution.outputs)).base
    let spikes = pass.input.areSpikes
    pass.forEachSample { lane, _, row, steps in
      let list = active + lane * max(width, convolution.outputs)
      for step in row..<row + steps {
        let input = pass.input.values.base + step * width
        let output = pass.output.values.base + step * convolution.outputs
        begin(output, parameters: pass.parameters)
        convolution.add(
          input, active: list, activeCount: spikes ? Scalar.listActive(input, width: width, into: list) : nil,
          weights: pass.parameters, to: output, columns: columns + lane * convolution.trainingColumns)
      }
    }
  }

  public func backward(_ pass: LayerPass<Scalar>) {
    let width = inputWidth
    let columns = pass.tape.scalars("columns", count: pass.lanes.count * convolution.trainingColumns).base
    let active = pass.tape.indices("active", count: pass.lanes.count * max(width, convolution.outputs)).base
    let transposed = pass.tape.scalars("transposed", count: convolution.weightCount).base
    let spikes = pass.input.areSpikes
    if pass.inputGradient != nil { convolution.transpose(pass.parameters, into: transposed) }
    pass.forEachSample { lane, _, row, steps in
      let list = active + lane * max(width, convolution.outputs)
      let columns = columns + lane * convolution.trainingColumns
      let gradient = pass.laneGradients[lane]
      for step in row..<row + steps {
        let input = pass.input.values.base + step * width
        let delta = pass.outputGradient.base + step * convolution.outputs
        convolution.addWeightGradient(
          input, active: list, activeCount: spikes ? Scalar.listActive(input, width: width, into: list) : nil,
          delta: delta, to: gradient, columns: columns)
        if bias { addBiasGradient(delta, to: gradient + convolution.weightCount) }
        guard let inputGradient = pass.inputGradient else { continue }
        let target = inputGradient.base + step * width
        target.update(repeating: 0, count: width)
        convolution.addInputGradient(
          delta: delta, weights: pass.parameters, transposed: transposed, active: list, to: target, columns: columns)
      }
    }
  }

  private func addBiasGradient(_ delta: UnsafePointer<Scalar>, to gradient: UnsafeMutablePointer<Scalar>) {
    let channels = convolution.channels
    for place in 0..<convolution.places {
      for channel in 0..<channels { gradient[channel] += delta[place * channels + channel] }
    }
  }
}
