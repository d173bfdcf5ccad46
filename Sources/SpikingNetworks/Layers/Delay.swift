import Tensors

/// Learned axonal delays; see `DelayDescription` for the equation.
///
/// State: the delays (derived once), then the inputs of the last `maximum + 2` steps in a ring, behind its position.
public struct Delay<Scalar: Real>: Layer {
  public let kind = "delay"
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public let emitsSpikes: Bool
  let maximum: Int
  let units: Int

  public init(
    _ description: DelayDescription, inputShape: [Int], spikes: Bool, layer: Int
  ) throws(NetworkError) {
    guard (1...100_000).contains(description.maximum) else {
      throw .option(layer: layer, kind: kind, problem: "maximum \(description.maximum) is outside 1...100000 steps")
    }
    self.inputShape = inputShape
    emitsSpikes = spikes
    maximum = description.maximum
    units = inputShape.reduce(1, *)
  }

  public var parameters: [ParameterSpecification] {
    // Delays from a twentieth to nineteen twentieths of the longest.
    [.init(name: "delayLogit", shape: [units], role: .gain, beginning: .uniform(bound: 3))]
  }

  private var history: Int { maximum + 2 }
  public var stateCount: Int { 2 + units + history * units }

  private func derive(_ parameters: UnsafePointer<Scalar>, into delays: UnsafeMutablePointer<Scalar>) {
    for unit in 0..<units {
      delays[unit] = Scalar(maximum) / (1 + Scalar(exponential(Double(-parameters[unit]))))
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    let delays = state + 2
    let ring = delays + units
    if state[0] == 0 {
      derive(parameters, into: delays)
      state[0] = 1
    }
    let position = (Int(state[1]) + 1) % history
    state[1] = Scalar(position)
    (ring + position * units).update(from: input.values, count: units)
    for unit in 0..<units {
      let whole = Int(delays[unit])
      let part = delays[unit] - Scalar(whole)
      let near = ring[(position + history - whole) % history * units + unit]
      let far = ring[(position + history - whole - 1) % history * units + unit]
      output.values[unit] = (1 - part) * near + part * far
    }
    output.activeCount =
      emitsSpikes && output.isListWanted ? Scalar.listActive(output.values, width: units, into: output.active) : nil
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let delays = pass.tape.scalars("delays", count: units).base
    derive(pass.parameters, into: delays)
    pass.forEachSample { _, _, row, steps in
      let input = pass.input.values.base + row * units
      let output = pass.output.values.base + row * units
      for step in 0..<steps {
        for unit in 0..<units {
          let whole = Int(delays[unit])
          let part = delays[unit] - Scalar(whole)
          let near = whole <= step ? input[(step - whole) * units + unit] : 0
          let far = whole < step ? input[(step - whole - 1) * units + unit] : 0
          output[step * units + unit] = (1 - part) * near + part * far
        }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let delays = pass.tape.scalars("delays", count: units).base
    pass.forEachSample { lane, _, row, steps in
      let input = pass.input.values.base + row * units
      let delta = pass.outputGradient.base + row * units
      let target = pass.inputGradient.map { $0.base + row * units }
      target?.update(repeating: 0, count: steps * units)
      for unit in 0..<units {
        let whole = Int(delays[unit])
        let part = delays[unit] - Scalar(whole)
        var slope: Scalar = 0
        for step in whole..<max(whole, steps) {
          let change = delta[step * units + unit]
          let near = (step - whole) * units + unit
          slope -= change * input[near]
          target?[near] += (1 - part) * change
          guard step > whole else { continue }
          slope += change * input[near - units]
          target?[near - units] += part * change
        }
        let share = delays[unit] / Scalar(maximum)
        pass.laneGradients[lane][unit] += slope * Scalar(maximum) * share * (1 - share)
      }
    }
  }
}
