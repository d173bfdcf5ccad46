import Tensors

/// Dense synapses of which few exist: those alone are stored and looked at. Made of a `Dense` layer and its weights by
/// `Network.sparse(below:)`; it computes the same.
///
/// Parameters: the weights that exist, input after input, then the bias. State: that of the `Dense` layer.
public struct SparseDense<Scalar: Real>: Layer {
  public let kind = "dense"
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes = false
  public let backwardReadsOutput = false
  private let description: DenseDescription
  private let inputs: Int
  private let history: Int
  /// Where the weights of each input begin, tap after tap, and their number as last entry.
  private let starts: [UInt32]
  /// The unit each weight leads to.
  private let columns: [UInt16]

  /// The layer and its parameters, of a dense layer with these.
  init(_ dense: Dense<Scalar>, parameters: ArraySlice<Scalar>) {
    description = dense.description
    inputShape = dense.inputShape
    outputShape = dense.outputShape
    inputs = dense.inputs
    history = dense.history
    let units = dense.units
    var starts: [UInt32] = [0]
    var columns: [UInt16] = []
    for row in 0..<dense.description.taps * dense.inputs {
      for unit in 0..<units where parameters[parameters.startIndex + row * units + unit] != 0 {
        columns.append(UInt16(unit))
      }
      starts.append(UInt32(columns.count))
    }
    self.starts = starts
    self.columns = columns
  }

  /// What of a dense layer's parameters this one keeps.
  static func kept(_ dense: Dense<Scalar>, _ parameters: ArraySlice<Scalar>) -> [Scalar] {
    let weights = dense.description.taps * dense.inputs * dense.units
    return parameters.prefix(weights).filter { $0 != 0 } + parameters.dropFirst(weights)
  }

  private var units: Int { description.units }

  public var parameters: [ParameterSpecification] {
    let weight = ParameterSpecification(
      name: "weight", shape: [columns.count], role: .weight, beginning: .constant(0))
    let bias = ParameterSpecification(name: "bias", shape: [units], role: .gain, beginning: .constant(0))
    return description.bias ? [weight, bias] : [weight]
  }

  public var stateCount: Int { history == 0 ? 0 : history * inputs + 1 }
  public var multiplyAccumulates: Int { columns.count }

  private func begin(_ output: UnsafeMutablePointer<Scalar>, _ parameters: UnsafePointer<Scalar>) {
    if description.bias {
      output.update(from: parameters + columns.count, count: units)
    } else {
      output.update(repeating: 0, count: units)
    }
  }

  private func add(
    _ row: UnsafePointer<Scalar>, _ active: UnsafePointer<UInt32>, _ count: Int, tap: Int,
    weights: UnsafePointer<Scalar>, to output: UnsafeMutablePointer<Scalar>
  ) {
    starts.withUnsafeBufferPointer { starts in
      columns.withUnsafeBufferPointer { columns in
        // A layer that lost all its weights has no columns to point at, and nothing to add.
        guard let first = starts.baseAddress, let column = columns.baseAddress else { return }
        Scalar.scatter(
          active: active, count: count, row, starts: first + tap * inputs, columns: column, weights, into: output)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    begin(output.values, parameters)
    output.activeCount = nil
    let position = history > 0 ? (Int(state[0]) + 1) % history : 0
    if history > 0 {
      state[0] = Scalar(position)
      (state + 1 + position * inputs).update(from: input.values, count: inputs)
    }
    let present = input.activeCount ?? Scalar.listActive(input.values, width: inputs, into: input.active)
    add(input.values, input.active, present, tap: 0, weights: parameters, to: output.values)
    for tap in 1..<max(description.taps, 1) {
      let past = state + 1 + (position + history - tap * description.dilation) % history * inputs
      // The input's list has been used: its memory serves the earlier steps now.
      let count = Scalar.listActive(past, width: inputs, into: input.active)
      add(past, input.active, count, tap: tap, weights: parameters, to: output.values)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let lists = pass.tape.indices("active", count: pass.lanes.count * inputs).base
    pass.forEachSample { lane, _, row, steps in
      let list = lists + lane * inputs
      for step in row..<row + steps { begin(pass.output.values.base + step * units, pass.parameters) }
      for step in row..<row + steps {
        let input = pass.input.values.base + step * inputs
        let count = Scalar.listActive(input, width: inputs, into: list)
        for tap in 0..<description.taps where step + tap * description.dilation < row + steps {
          add(
            input, list, count, tap: tap, weights: pass.parameters,
            to: pass.output.values.base + (step + tap * description.dilation) * units)
        }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let count = columns.count
    pass.forEachSample { lane, _, row, steps in
      let gradient = pass.laneGradients[lane]
      if let inputGradient = pass.inputGradient {
        (inputGradient.base + row * inputs).update(repeating: 0, count: steps * inputs)
      }
      for step in row..<row + steps {
        let own = pass.outputGradient.base + step * units
        if description.bias {
          for unit in 0..<units { gradient[count + unit] += own[unit] }
        }
        for tap in 0..<description.taps where step + tap * description.dilation < row + steps {
          let delta = pass.outputGradient.base + (step + tap * description.dilation) * units
          for input in 0..<inputs {
            let value = pass.input.values.base[step * inputs + input]
            var sum: Scalar = 0
            for place in Int(starts[tap * inputs + input])..<Int(starts[tap * inputs + input + 1]) {
              gradient[place] += value * delta[Int(columns[place])]
              sum += pass.parameters[place] * delta[Int(columns[place])]
            }
            if let inputGradient = pass.inputGradient { inputGradient.base[step * inputs + input] += sum }
          }
        }
      }
    }
  }
}

extension Network {
  /// The same network for inference with only the weights that exist stored, in every dense layer that has fewer of them
  /// than a share. States of both fit each other. The network itself where there is no such layer.
  public func sparse(below density: Double = 0.25) -> Network {
    var layers: [any Layer<Scalar>] = []
    var values: [Scalar] = []
    var isChanged = false
    for (index, layer) in self.layers.enumerated() {
      let own = parameters[parameterOffsets[index]..<parameterOffsets[index] + layer.parameterCount]
      if let dense = layer as? Dense<Scalar>, dense.units <= Int(UInt16.max) + 1 {
        let weights = own.prefix(dense.multiplyAccumulates)
        if Double(weights.count { $0 != 0 }) < density * Double(weights.count) {
          layers.append(SparseDense(dense, parameters: own))
          values += SparseDense.kept(dense, own)
          isChanged = true
          continue
        }
      }
      layers.append(layer)
      values += own
    }
    guard isChanged else { return self }
    var network = Network(description, layers: layers)
    network.parameters = values
    return network
  }
}
