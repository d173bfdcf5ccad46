import Numerics

/// Dense synapses with taps over time; see `DenseDescription` for the equation.
///
/// Weights are `[taps, inputs, units]`, so that a spike adds one contiguous row to the currents. State: the inputs of
/// the last `(taps − 1) · dilation + 1` steps in a ring, behind its position.
public struct Dense<Scalar: Real>: Layer {
  public let kind = "dense"
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

  public var carriedCount: Int { past.count }

  public var multiplyAccumulates: Int { weightCount }

  private var weightCount: Int { description.taps * inputs * units }

  private func begin(_ output: UnsafeMutablePointer<Scalar>, rows: Int, parameters: UnsafePointer<Scalar>) {
    guard description.bias else {
      output.update(repeating: 0, count: rows * units)
      return
    }
    for row in 0..<rows { (output + row * units).update(from: parameters + weightCount, count: units) }
  }

  private func isSparse(_ active: Int) -> Bool { Double(active) < Self.sparseShare * Double(inputs) }

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
    let position = (Int(state[0]) + 1) % history
    state[0] = Scalar(position)
    let ring = state + 1
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

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let output = pass.output.values.base
    let parameters = pass.parameters
    if !pass.input.sequences.isEmpty {
      pass.forEachSample { _, sample, row, steps in
        begin(output + row * units, rows: steps, parameters: parameters)
        forEachSpikeStep(pass.input.sequences[sample], steps: steps) { tap, later, channels, values, count in
          Scalar.scatter(
            active: channels, count: count, values: values, parameters + tap * inputs * units, width: units,
            into: output + (row + later) * units)
        }
      }
      addPast(pass)
      return
    }
    let input = pass.input.values.base
    // Active inputs of every row, and how many: used here and again by the weight gradient.
    let active = pass.tape.indices("active", count: pass.input.areSpikes ? pass.layout.rows * inputs : 0).base
    let counts = pass.tape.indices("counts", count: pass.input.areSpikes ? pass.layout.rows : 0).base
    let density = pass.tape.scalars("density", count: pass.layout.samples).base
    pass.forEachSample { _, sample, row, steps in
      begin(output + row * units, rows: steps, parameters: parameters)
      var total = pass.input.areSpikes ? 0 : steps * inputs
      if pass.input.areSpikes {
        for step in row..<row + steps {
          let count = Scalar.listActive(input + step * inputs, width: inputs, into: active + step * inputs)
          counts[step] = UInt32(count)
          total += count
        }
      }
      let sparse = isSparse(total / max(steps, 1))
      density[sample] = sparse ? 0 : 1
      for tap in 0..<description.taps {
        let delay = tap * description.dilation
        guard delay < steps else { break }
        let weights = parameters + tap * inputs * units
        if sparse {
          for step in row..<row + steps - delay {
            Scalar.scatter(
              active: active + step * inputs, count: Int(counts[step]), input + step * inputs, weights, width: units,
              into: output + (step + delay) * units)
          }
        } else {
          Scalar.multiply(
            input + row * inputs, inputStride: inputs, weights, rows: steps - delay, depth: inputs, width: units,
            into: output + (row + delay) * units, outputStride: units)
        }
      }
    }
    addPast(pass)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let delta = pass.outputGradient.base
    let input = pass.input.values.base
    // Looked up before the lanes start: the tape itself belongs to one thread.
    let listed = pass.input.areSpikes && pass.input.sequences.isEmpty
    let active = pass.tape.indices("active", count: listed ? pass.layout.rows * inputs : 0).base
    let counts = pass.tape.indices("counts", count: listed ? pass.layout.rows : 0).base
    let density = pass.tape.scalars("density", count: pass.layout.samples).base
    let lists = pass.tape.indices("past", count: pass.carried == nil ? 0 : pass.lanes.count * inputs).base
    pass.forEachSample { lane, sample, row, steps in
      let gradient = pass.laneGradients[lane]
      if description.bias {
        let bias = gradient + weightCount
        for step in row..<row + steps {
          for unit in 0..<units { bias[unit] += delta[step * units + unit] }
        }
      }
      if !pass.input.sequences.isEmpty {
        forEachSpikeStep(pass.input.sequences[sample], steps: steps) { tap, later, channels, values, count in
          Scalar.addOuter(
            active: channels, count: count, values: values, delta + (row + later) * units, width: units,
            into: gradient + tap * inputs * units)
        }
      } else {
        addWeightGradient(
          row: row, steps: steps, input: input, active: density[sample] == 0 ? active : nil, counts: counts,
          delta: delta, into: gradient)
      }
      let carried = past.reach > 0 ? pass.carried : nil
      if let carried {
        addPastWeightGradient(
          before: carried.before + sample * carriedCount, delta: delta + row * units, steps: steps,
          list: lists + lane * inputs, to: gradient)
      }
      guard let inputGradient = pass.inputGradient else { return }
      (inputGradient.base + row * inputs).update(repeating: 0, count: steps * inputs)
      for tap in 0..<description.taps {
        let delay = tap * description.dilation
        guard delay < steps else { break }
        Scalar.multiplyTransposedWeights(
          delta + (row + delay) * units, pass.parameters + tap * inputs * units, rows: steps - delay, depth: inputs,
          width: units, into: inputGradient.base + row * inputs)
      }
      if let carried {
        addPastInputGradient(
          carried.gradient + sample * carriedCount, delta: delta + row * units, steps: steps,
          parameters: pass.parameters, to: inputGradient.base + row * inputs)
      }
    }
  }

  private func addWeightGradient(
    row: Int, steps: Int, input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>?,
    counts: UnsafePointer<UInt32>, delta: UnsafePointer<Scalar>, into gradient: UnsafeMutablePointer<Scalar>
  ) {
    for tap in 0..<description.taps {
      let delay = tap * description.dilation
      guard delay < steps else { break }
      let block = gradient + tap * inputs * units
      if let active {
        for step in row..<row + steps - delay {
          Scalar.addOuter(
            active: active + step * inputs, count: Int(counts[step]), input + step * inputs,
            delta + (step + delay) * units, width: units, into: block)
        }
      } else {
        Scalar.multiplyTransposedInput(
          input + row * inputs, delta + (row + delay) * units, rows: steps - delay, depth: inputs, width: units,
          into: block)
      }
    }
  }

  /// Calls `body` for every tap and every step whose spikes still reach a step of the sample through it.
  private func forEachSpikeStep(
    _ sequence: SpikeSequence, steps: Int,
    _ body: (
      _ tap: Int, _ laterStep: Int, _ channels: UnsafePointer<UInt32>, _ values: UnsafePointer<Float>, _ count: Int
    ) -> Void
  ) {
    sequence.channels.withUnsafeBufferPointer { channels in
      sequence.values.withUnsafeBufferPointer { values in
        // A sequence without a single spike has no memory to point at.
        guard let firstChannel = channels.baseAddress, let firstValue = values.baseAddress else { return }
        for tap in 0..<description.taps {
          let delay = tap * description.dilation
          guard delay < steps else { break }
          for step in 0..<steps - delay {
            let range = sequence.range(ofStep: step)
            body(tap, step + delay, firstChannel + range.lowerBound, firstValue + range.lowerBound, range.count)
          }
        }
      }
    }
  }
}
