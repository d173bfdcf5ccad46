import Numerics

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

  /// The delays, `[units]`, the last inputs of a stream, `[history, units]`, and where the newest lies among them.
  private struct State {
    let beginning: StreamBeginning
    let newest: CyclicCounter
    let delays: UnsafeMutablePointer<Scalar>
    let ring: UnsafeMutablePointer<Scalar>

    init(_ scalars: UnsafeMutablePointer<Scalar>, units: Int) {
      beginning = StreamBeginning(scalars)
      newest = CyclicCounter(scalars + 1)
      delays = scalars + 2
      ring = delays + units
    }
  }
  /// Steps before a window that its outputs may look at.
  private var reach: Int { maximum + 1 }
  public var carriedCount: Int { reach * units }

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
    let own = State(state, units: units)
    let (delays, ring) = (own.delays, own.ring)
    if own.beginning.take() { derive(parameters, into: delays) }
    let position = own.newest.advance(of: history)
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

  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    work.units.multiplications = Double(2 * pass.layout.rows * units)
    return work
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let delays = tape(pass).delays.sized(units).base
    derive(pass.parameters, into: delays)
    pass.forEachSample { _, sample, row, steps in
      let input = pass.input.values.base + row * units
      let output = pass.output.values.base + row * units
      // Behind the end of what was before the window.
      let past = pass.carried.map { $0.before + (sample + 1) * carriedCount }
      for step in 0..<steps {
        for unit in 0..<units {
          let whole = Int(delays[unit])
          let part = delays[unit] - Scalar(whole)
          let near = (step - whole) * units + unit
          let far = near - units
          output[step * units + unit] =
            (1 - part) * (near >= 0 ? input[near] : past?[near] ?? 0)
            + part * (far >= 0 ? input[far] : past?[far] ?? 0)
        }
      }
      if let carried = pass.carried {
        History(reach: reach, width: units).move(
          input, steps: steps, since: carried.before + sample * carriedCount,
          into: carried.after + sample * carriedCount)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let delays = tape(pass).delays.sized(units).base
    let history = History<Scalar>(reach: reach, width: units)
    pass.forEachSample { lane, sample, row, steps in
      let input = pass.input.values.base + row * units
      let delta = pass.outputGradient.base + row * units
      let target = pass.inputGradient.map { $0.base + row * units }
      target?.update(repeating: 0, count: steps * units)
      let before = pass.carried.map { $0.before + sample * carriedCount }
      let carried = pass.carried.map { $0.gradient + sample * carriedCount }
      if let carried { history.moveBack(carried, steps: steps, into: target) }
      // Behind the end of what was before the window.
      let past = before.map { $0 + carriedCount }
      let pastGradient = carried.map { $0 + carriedCount }
      for unit in 0..<units {
        let whole = Int(delays[unit])
        let part = delays[unit] - Scalar(whole)
        var slope: Scalar = 0
        for step in (past == nil ? min(whole, steps) : 0)..<steps {
          let change = delta[step * units + unit]
          let near = (step - whole) * units + unit
          let far = near - units
          if near >= 0 {
            slope -= change * input[near]
            target?[near] += (1 - part) * change
          } else if let past {
            slope -= change * past[near]
            pastGradient?[near] += (1 - part) * change
          }
          if far >= 0 {
            slope += change * input[far]
            target?[far] += part * change
          } else if let past {
            slope += change * past[far]
            pastGradient?[far] += part * change
          }
        }
        let share = delays[unit] / Scalar(maximum)
        pass.laneGradients[lane][unit] += slope * Scalar(maximum) * share * (1 - share)
      }
    }
  }
}

extension Delay {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    /// Of each unit, in steps.
    let delays = Buffer<Scalar>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
