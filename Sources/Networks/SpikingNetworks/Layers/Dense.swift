import Numerics

/// Dense synapses with taps over time; see `DenseDescription` for the equation.
///
/// Weights are `[taps, inputs, units]`, so that a spike adds one contiguous row to the currents. State: the inputs of
/// the last `(taps − 1) · dilation + 1` steps in a ring, behind its position.
public struct Dense<Scalar: Real>: Layer {
  public let kind = "dense"
  public var role: LayerRole { .dense }
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes = false
  public let backwardReadsOutput = false
  public let takesSequences = true
  let description: DenseDescription
  let inputs: Int
  let units: Int
  let history: Int

  /// Rows with fewer active inputs than this share are scattered; denser ones go through the dense kernel.
  static var sparseShare: Double { 0.25 }

  public init(_ description: DenseDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    guard description.units > 0, description.taps > 0, description.dilation > 0 else {
      throw .option(layer: layer, kind: kind, problem: "units, taps and dilation must be positive")
    }
    self.description = description
    self.inputShape = inputShape
    inputs = inputShape.reduce(1, *)
    units = description.units
    outputShape = [units]
    history = description.taps > 1 ? (description.taps - 1) * description.dilation + 1 : 0
  }

  public var parameters: [ParameterSpecification] {
    let fanIn = Double(inputs * description.taps)
    let weight = ParameterSpecification(
      name: "weight", shape: [description.taps, inputs, units], role: .weight,
      beginning: .uniform(bound: (3 / fanIn).squareRoot()))
    let bias = ParameterSpecification(name: "bias", shape: [units], role: .gain, beginning: .constant(0))
    return description.bias ? [weight, bias] : [weight]
  }

  public var stateCount: Int { history == 0 ? 0 : history * inputs + 1 }

  /// The last inputs of a stream, `[history, inputs]`, and where the newest lies among them.
  private struct State {
    let newest: CyclicCounter
    let ring: UnsafeMutablePointer<Scalar>

    init(_ scalars: UnsafeMutablePointer<Scalar>) { (newest, ring) = (CyclicCounter(scalars), scalars + 1) }
  }

  public var carriedCount: Int { past.count }

  public var multiplyAccumulates: Int { weightCount }

  var weightCount: Int { description.taps * inputs * units }

  func begin(_ output: UnsafeMutablePointer<Scalar>, rows: Int, parameters: UnsafePointer<Scalar>) {
    guard description.bias else {
      output.update(repeating: 0, count: rows * units)
      return
    }
    for row in 0..<rows { (output + row * units).update(from: parameters + weightCount, count: units) }
  }

  func isSparse(_ active: Int) -> Bool { Double(active) < Self.sparseShare * Double(inputs) }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    begin(output.values, rows: 1, parameters: parameters)
    output.activeCount = nil
    guard history > 0 else {
      add(input.values, input.active, input.activeCount, weights: parameters, to: output.values)
      return
    }
    let own = State(state)
    let (position, ring) = (own.newest.advance(of: history), own.ring)
    (ring + position * inputs).update(from: input.values, count: inputs)
    add(input.values, input.active, input.activeCount, weights: parameters, to: output.values)
    for tap in 1..<description.taps {
      let past = ring + (position + history - tap * description.dilation) % history * inputs
      // The input's list has been used: its memory serves the earlier steps now.
      let count = Scalar.listActive(past, width: inputs, into: input.active)
      add(past, input.active, count, weights: parameters + tap * inputs * units, to: output.values)
    }
  }

  private func add(
    _ row: UnsafePointer<Scalar>, _ active: UnsafePointer<UInt32>, _ count: Int?, weights: UnsafePointer<Scalar>,
    to output: UnsafeMutablePointer<Scalar>
  ) {
    if let count, isSparse(count) {
      Scalar.scatter(active: active, count: count, row, weights, width: units, into: output)
    } else {
      Scalar.multiply(
        row, inputStride: inputs, weights, rows: 1, depth: inputs, width: units, into: output, outputStride: units)
    }
  }
}
