import CKernels
import Numerics

/// Dense synapses of which few exist: those alone are stored and looked at. Made of a `Dense` layer and its weights by
/// `Network.sparse(below:)`; it computes the same but for the order of its sums.
///
/// Where connections come in blocks of `GANGLION_BLOCK` neighbouring units, blocks are what is stored and added.
///
/// An input is not kept for its later taps: it is sent at once to the currents of all the steps it will reach.
///
/// Parameters: the weights that exist, input after input and tap after tap, then the bias. State: a position and, if there
/// is more than one tap, the currents of the coming steps, twice as many rows as an input reaches, so that they have to be
/// moved only when the position has gone through half of them.
public struct SparseDense<Scalar: Real>: Layer {
  public let kind = "dense"
  public var role: LayerRole { .dense }
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes = false
  public let backwardReadsOutput = false
  private let description: DenseDescription
  private let inputs: Int
  /// Steps that an input reaches, its own among them.
  private let reach: Int
  /// Neighbouring units that an entry stands for: one, or `GANGLION_BLOCK`.
  private let block: Int
  /// Where the entries of each input begin, and their number as last one.
  private let starts: [UInt32]
  /// Where each entry leads: steps ahead times units, and the unit.
  private let targets: [UInt16]

  /// Shares of the weights below which a step is quicker with those alone (`ganglion-lab benchmark sparse`). Single ones are
  /// added one at a time: small matrices, which lie in the nearest caches, are as quick with all of them, unless that
  /// spares listing inputs again for later taps.
  static func worthwhileShare(_ dense: Dense<Scalar>) -> Double {
    dense.description.taps > 1 ? 0.15 : dense.multiplyAccumulates >= 1 << 18 ? 0.1 : 0.02
  }
  static var worthwhileShareInBlocks: Double { 0.6 }

  /// The layer, of a dense layer with these parameters; nil where too many of them exist to be worth it, or where targets
  /// do not fit 16 bits.
  ///
  /// - Parameter share: of single connections fewer than this are worth it; what was measured when nil.
  init?(_ dense: Dense<Scalar>, parameters: ArraySlice<Scalar>, below share: Double? = nil) {
    let units = dense.units
    reach = (dense.description.taps - 1) * dense.description.dilation + 1
    guard reach * units <= Int(UInt16.max) + 1 else { return nil }
    description = dense.description
    inputShape = dense.inputShape
    outputShape = dense.outputShape
    inputs = dense.inputs
    let all = Double(dense.multiplyAccumulates)
    let present = Double(parameters.prefix(dense.multiplyAccumulates).count { $0 != 0 })
    let size = Int(GANGLION_BLOCK)
    var inBlocks = 0.0
    // Full layers, of which most networks are made, are not looked through.
    if units % size == 0, present < Self.worthwhileShareInBlocks * all {
      Self.forEachEntry(dense, parameters, block: size) { _, _, _ in inBlocks += Double(size) }
    }
    // Some weights of a block may happen to be zero.
    if inBlocks > 0, inBlocks <= 1.25 * present, inBlocks < Self.worthwhileShareInBlocks * all {
      block = size
    } else if present < (share ?? Self.worthwhileShare(dense)) * all {
      block = 1
    } else {
      return nil
    }
    var starts: [UInt32] = [0]
    var targets: [UInt16] = []
    Self.forEachEntry(dense, parameters, block: block) { input, tap, unit in
      while starts.count <= input { starts.append(UInt32(targets.count)) }
      targets.append(UInt16(tap * dense.description.dilation * units + unit))
    }
    while starts.count <= inputs { starts.append(UInt32(targets.count)) }
    self.starts = starts
    self.targets = targets
  }

  /// What of the dense layer's parameters this one keeps.
  func kept(_ dense: Dense<Scalar>, _ parameters: ArraySlice<Scalar>) -> [Scalar] {
    var kept: [Scalar] = []
    Self.forEachEntry(dense, parameters, block: block) { input, tap, unit in
      let first = parameters.startIndex + (tap * inputs + input) * units + unit
      kept += parameters[first..<first + block]
    }
    return kept + parameters.dropFirst(dense.multiplyAccumulates)
  }

  /// Calls `body` for every block that has a weight, with the first of its units.
  private static func forEachEntry(
    _ dense: Dense<Scalar>, _ parameters: ArraySlice<Scalar>, block: Int,
    _ body: (_ input: Int, _ tap: Int, _ unit: Int) -> Void
  ) {
    for input in 0..<dense.inputs {
      for tap in 0..<dense.description.taps {
        let row = parameters.startIndex + (tap * dense.inputs + input) * dense.units
        for unit in stride(from: 0, to: dense.units, by: block)
        where parameters[row + unit..<row + unit + block].contains(where: { $0 != 0 }) { body(input, tap, unit) }
      }
    }
  }

  private var units: Int { description.units }
  private var weightCount: Int { targets.count * block }

  public var parameters: [ParameterSpecification] {
    let weight = ParameterSpecification(
      name: "weight", shape: [weightCount], role: .weight, beginning: .constant(0))
    let bias = ParameterSpecification(name: "bias", shape: [units], role: .gain, beginning: .constant(0))
    return description.bias ? [weight, bias] : [weight]
  }

  public var stateCount: Int { reach == 1 ? 0 : 2 * reach * units + 1 }
  public var multiplyAccumulates: Int { weightCount }

  private func begin(_ output: UnsafeMutablePointer<Scalar>, _ parameters: UnsafePointer<Scalar>) {
    if description.bias {
      output.update(from: parameters + weightCount, count: units)
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
        if block == 1 {
          Scalar.scatter(active: active, count: count, row, starts: first, columns: target, weights, into: currents)
        } else {
          Scalar.scatterBlocks(
            active: active, count: count, row, starts: first, columns: target, weights, into: currents)
        }
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
    // The currents of the coming steps, and the place of this step's among them.
    let (place, rows) = (CyclicCounter(state), state + 1)
    let position = place.value
    let own = rows + position * units
    send(input.values, input.active, count, weights: parameters, to: own)
    for unit in 0..<units { output.values[unit] += own[unit] }
    if place.advance(of: reach) == 0 {
      rows.update(from: rows + reach * units, count: reach * units)
      (rows + reach * units).update(repeating: 0, count: reach * units)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let lists = tape(pass).active.sized(pass.lanes.count * inputs).base
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

  /// An input is sent at once through all its taps, those that reach beyond the last step among them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    let fan = (0..<inputs).map { input in
      (Int(starts[input]) * block..<Int(starts[input + 1]) * block).count { pass.parameters[$0] != 0 }
    }
    for row in 0..<pass.layout.rows {
      work.meet(pass.input.values.base + row * inputs, areCounts: pass.input.areCounts, fan: fan)
    }
    // Currents that were sent ahead are added to those of their step.
    if reach > 1 { work.units.additions = Double(pass.layout.rows * units) }
    return work
  }

  /// Calls `body` for every weight whose target lies before `end`, with its input, its place and its target.
  private func forEachTarget(step: Int, end: Int, _ body: (_ input: Int, _ place: Int, _ target: Int) -> Void) {
    for input in 0..<inputs {
      for entry in Int(starts[input])..<Int(starts[input + 1]) {
        let target = step * units + Int(targets[entry])
        guard target < end * units else { continue }
        for unit in 0..<block { body(input, entry * block + unit, target + unit) }
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
          for unit in 0..<units { gradient[weightCount + unit] += delta[step * units + unit] }
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
  /// The same network for inference with only the weights that exist stored, in every dense layer where that is quicker.
  /// The network itself where there is no such layer.
  ///
  /// - Parameter share: of single connections fewer than this are worth it; what was measured when nil.
  public func sparse(below share: Double? = nil) -> Network {
    var layers: [any Layer<Scalar>] = []
    var values: [Scalar] = []
    var isChanged = false
    for (index, layer) in self.layers.enumerated() {
      let own = parameters[parameterOffsets[index]..<parameterOffsets[index] + layer.parameterCount]
      if let dense = layer as? Dense<Scalar>, let few = SparseDense(dense, parameters: own, below: share) {
        layers.append(few)
        values += few.kept(dense, own)
        isChanged = true
      } else {
        layers.append(layer)
        values += own
      }
    }
    guard isChanged else { return self }
    var network = Network(description, layers: layers)
    network.parameters = values
    return network
  }
}

extension SparseDense {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    /// Of each lane.
    let active = Buffer<UInt32>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
