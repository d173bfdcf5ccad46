import Tensors

/// Dense synapses of which few exist: those alone are stored and looked at. Made of a `Dense` layer and its weights by
/// `Network.sparse(below:)`; it computes the same but for the order of its sums.
///
/// An input is not kept for its later taps: it is sent at once to the currents of all the steps it will reach.
///
/// Parameters: the weights that exist, input after input and tap after tap, then the bias. State: a position and, if there
/// is more than one tap, the currents of the coming steps, twice as many rows as an input reaches, so that they have to be
/// moved only when the position has gone through half of them.
public struct SparseDense<Scalar: Real>: Layer {
  public let kind = "dense"
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes = false
  public let backwardReadsOutput = false
  private let description: DenseDescription
  private let inputs: Int
  /// Steps that an input reaches, its own among them.
  private let reach: Int
  /// Where the weights of each input begin, and their number as last entry.
  private let starts: [UInt32]
  /// Where each weight leads: steps ahead times units, and the unit.
  private let targets: [UInt16]

  /// The layer and its parameters, of a dense layer with these; nil where targets do not fit 16 bits.
  init?(_ dense: Dense<Scalar>, parameters: ArraySlice<Scalar>) {
    let units = dense.units
    reach = (dense.description.taps - 1) * dense.description.dilation + 1
    guard reach * units <= Int(UInt16.max) + 1 else { return nil }
    description = dense.description
    inputShape = dense.inputShape
    outputShape = dense.outputShape
    inputs = dense.inputs
    var starts: [UInt32] = [0]
    var targets: [UInt16] = []
    Self.forEachWeight(dense, parameters) { input, tap, unit, _ in
      while starts.count <= input { starts.append(UInt32(targets.count)) }
      targets.append(UInt16(tap * dense.description.dilation * units + unit))
    }
    while starts.count <= inputs { starts.append(UInt32(targets.count)) }
    self.starts = starts
    self.targets = targets
  }

  /// What of a dense layer's parameters this one keeps.
  static func kept(_ dense: Dense<Scalar>, _ parameters: ArraySlice<Scalar>) -> [Scalar] {
    var kept: [Scalar] = []
    forEachWeight(dense, parameters) { kept.append($3) }
    return kept + parameters.dropFirst(dense.multiplyAccumulates)
  }

  private static func forEachWeight(
    _ dense: Dense<Scalar>, _ parameters: ArraySlice<Scalar>,
    _ body: (_ input: Int, _ tap: Int, _ unit: Int, _ weight: Scalar) -> Void
  ) {
    for input in 0..<dense.inputs {
      for tap in 0..<dense.description.taps {
        let row = parameters.startIndex + (tap * dense.inputs + input) * dense.units
        for unit in 0..<dense.units where parameters[row + unit] != 0 { body(input, tap, unit, parameters[row + unit]) }
      }
    }
  }

  private var units: Int { description.units }

  public var parameters: [ParameterSpecification] {
    let weight = ParameterSpecification(
      name: "weight", shape: [targets.count], role: .weight, beginning: .constant(0))
    let bias = ParameterSpecification(name: "bias", shape: [units], role: .gain, beginning: .constant(0))
    return description.bias ? [weight, bias] : [weight]
  }

  public var stateCount: Int { reach == 1 ? 0 : 2 * reach * units + 1 }
  public var multiplyAccumulates: Int { targets.count }

  private func begin(_ output: UnsafeMutablePointer<Scalar>, _ parameters: UnsafePointer<Scalar>) {
    if description.bias {
      output.update(from: parameters + targets.count, count: units)
    } else {
      output.update(repeating: 0, count: units)
    }
  }

  /// Sends a row of inputs on: `currents` are those of its own step, the coming ones behind them.
  private func send(
    _ row: UnsafePointer<Scalar>, _ active: UnsafePointer<UInt32>, _ count: Int, weights: UnsafePointer<Scalar>,
    to currents: UnsafeMutablePointer<Scalar>
  ) {
    starts.withUnsafeBufferPointer { starts in
      targets.withUnsafeBufferPointer { targets in
        // A layer that lost all its weights has no targets to point at, and nothing to send.
        guard let first = starts.baseAddress, let target = targets.baseAddress else { return }
        Scalar.scatter(active: active, count: count, row, starts: first, columns: target, weights, into: currents)
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
    let count = input.activeCount ?? Scalar.listActive(input.values, width: inputs, into: input.active)
    guard reach > 1 else {
      send(input.values, input.active, count, weights: parameters, to: output.values)
      return
    }
    let position = Int(state[0])
    let rows = state + 1
    let own = rows + position * units
    send(input.values, input.active, count, weights: parameters, to: own)
    for unit in 0..<units { output.values[unit] += own[unit] }
    if position + 1 < reach {
      state[0] = Scalar(position + 1)
    } else {
      state[0] = 0
      rows.update(from: rows + reach * units, count: reach * units)
      (rows + reach * units).update(repeating: 0, count: reach * units)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let lists = pass.tape.indices("active", count: pass.lanes.count * inputs).base
    pass.forEachSample { lane, _, row, steps in
      let list = lists + lane * inputs
      let output = pass.output.values.base
      for step in row..<row + steps { begin(output + step * units, pass.parameters) }
      for step in row..<row + steps {
        let input = pass.input.values.base + step * inputs
        if step + reach <= row + steps {
          let count = Scalar.listActive(input, width: inputs, into: list)
          send(input, list, count, weights: pass.parameters, to: output + step * units)
        } else {
          forEachTarget(step: step, end: row + steps) { input, place, target in
            output[target] += pass.parameters[place] * pass.input.values.base[step * inputs + input]
          }
        }
      }
    }
  }

  /// Calls `body` for every weight whose target lies before `end`, with its input, its place and its target.
  private func forEachTarget(step: Int, end: Int, _ body: (_ input: Int, _ place: Int, _ target: Int) -> Void) {
    for input in 0..<inputs {
      for place in Int(starts[input])..<Int(starts[input + 1]) {
        let target = step * units + Int(targets[place])
        if target < end * units { body(input, place, target) }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let delta = pass.outputGradient.base
    pass.forEachSample { lane, _, row, steps in
      let gradient = pass.laneGradients[lane]
      pass.inputGradient.map { ($0.base + row * inputs).update(repeating: 0, count: steps * inputs) }
      for step in row..<row + steps {
        if description.bias {
          for unit in 0..<units { gradient[targets.count + unit] += delta[step * units + unit] }
        }
        forEachTarget(step: step, end: row + steps) { input, place, target in
          gradient[place] += pass.input.values.base[step * inputs + input] * delta[target]
          if let inputGradient = pass.inputGradient {
            inputGradient.base[step * inputs + input] += pass.parameters[place] * delta[target]
          }
        }
      }
    }
  }
}

extension Network {
  /// The same network for inference with only the weights that exist stored, in every dense layer that has fewer of them
  /// than a share; 15 % is about where it begins to be quicker. The network itself where there is no such layer.
  public func sparse(below density: Double = 0.15) -> Network {
    var layers: [any Layer<Scalar>] = []
    var values: [Scalar] = []
    var isChanged = false
    for (index, layer) in self.layers.enumerated() {
      let own = parameters[parameterOffsets[index]..<parameterOffsets[index] + layer.parameterCount]
      if let dense = layer as? Dense<Scalar> {
        let weights = own.prefix(dense.multiplyAccumulates)
        if Double(weights.count { $0 != 0 }) < density * Double(weights.count),
          let few = SparseDense(dense, parameters: own)
        {
          layers.append(few)
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
