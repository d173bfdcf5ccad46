import Numerics

/// Whole batches. Samples with few active inputs are scattered; the rows of the others are laid together with what their
/// taps see and multiplied at once, some at a time, so that the matrix products are large however short the samples are.
extension Dense {
  /// Rows that are multiplied at once: as many as fit the caches beside their weights.
  private func blockRows(_ pass: LayerPass<Scalar>) -> Int {
    let fitting = (192 << 10) / (description.taps * inputs * MemoryLayout<Scalar>.size)
    return min(pass.layout.rows, 192, max(24, fitting / 6 * 6))
  }

  /// Whether a sample has rows enough to be multiplied alone, as they lie.
  private func isLarge(_ steps: Int) -> Bool { description.taps == 1 && steps >= 48 }

  /// Rows of a lane's samples that are taken together, and the memory they are laid out in.
  private struct Block {
    /// For each row its place in the batch, its step in its sample, and the sample.
    let places: UnsafeMutablePointer<UInt32>
    /// `[rows, taps, inputs]`.
    let columns: UnsafeMutablePointer<Scalar>
    /// `[rows, units]`.
    let products: UnsafeMutablePointer<Scalar>
    var rows = 0

    func row(_ index: Int) -> Int { Int(places[3 * index]) }
    func step(_ index: Int) -> Int { Int(places[3 * index + 1]) }
    func sample(_ index: Int) -> Int { Int(places[3 * index + 2]) }
  }

  /// The lanes' blocks; looked up before the lanes start, since the tape belongs to one thread.
  private func blocks(_ pass: LayerPass<Scalar>) -> [Block] {
    let depth = description.taps * inputs
    let (lanes, rows) = (pass.lanes.count, blockRows(pass))
    let places = tape(pass).places.sized(lanes * rows * 3).base
    let columns = tape(pass).columns.sized(lanes * rows * depth).base
    let products = tape(pass).products.sized(lanes * rows * units).base
    return (0..<lanes).map { lane in
      Block(
        places: places + lane * rows * 3, columns: columns + lane * rows * depth,
        products: products + lane * rows * units)
    }
  }

  /// Calls `body` for the rows of a lane's samples, as many at a time as a block holds.
  private func forEachBlock(
    _ pass: LayerPass<Scalar>, lane: Int, _ empty: Block, where isMeant: (_ sample: Int) -> Bool,
    _ body: (Block) -> Void
  ) {
    var block = empty
    let most = blockRows(pass)
    var sample = lane
    while sample < pass.layout.samples {
      if isMeant(sample) {
        let first = pass.layout.firstRow(of: sample)
        for step in 0..<pass.layout.steps(of: sample) {
          let place = block.places + 3 * block.rows
          (place[0], place[1], place[2]) = (UInt32(first + step), UInt32(step), UInt32(sample))
          block.rows += 1
          if block.rows == most {
            body(block)
            block.rows = 0
          }
        }
      }
      sample += pass.lanes.count
    }
    if block.rows > 0 { body(block) }
  }

  /// Lays out what the taps of a block's rows see, the newest step first.
  private func gather(_ block: Block, _ pass: LayerPass<Scalar>) {
    let input = pass.input.values.base
    let depth = description.taps * inputs
    for index in 0..<block.rows {
      let (row, step) = (block.row(index), block.step(index))
      let target = block.columns + index * depth
      for tap in 0..<description.taps {
        let delay = tap * description.dilation
        if delay <= step {
          (target + tap * inputs).update(from: input + (row - delay) * inputs, count: inputs)
        } else if let carried = pass.carried {
          let before = carried.before + block.sample(index) * carriedCount
          (target + tap * inputs).update(from: before + (past.reach + step - delay) * inputs, count: inputs)
        } else {
          (target + tap * inputs).update(repeating: 0, count: inputs)
        }
      }
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
      addPast(pass) { _ in false }
      return
    }
    let input = pass.input.values.base
    // Active inputs of every row, and how many: used here and again by the weight gradient.
    let active = tape(pass).active.sized(pass.input.areSpikes ? pass.layout.rows * inputs : 0).base
    let counts = tape(pass).counts.sized(pass.input.areSpikes ? pass.layout.rows : 0).base
    let density = tape(pass).density.sized(pass.layout.samples).base
    func multiplyAlone(row: Int, steps: Int) {
      guard isLarge(steps) else { return }
      begin(output + row * units, rows: steps, parameters: parameters)
      Scalar.multiply(
        input + row * inputs, inputStride: inputs, parameters, rows: steps, depth: inputs, width: units,
        into: output + row * units, outputStride: units)
    }
    pass.forEachSample { _, sample, row, steps in
      guard pass.input.areSpikes else {
        density[sample] = 1
        multiplyAlone(row: row, steps: steps)
        return
      }
      var total = 0
      for step in row..<row + steps {
        let count = Scalar.listActive(input + step * inputs, width: inputs, into: active + step * inputs)
        counts[step] = UInt32(count)
        total += count
        // Enough for the rest to be silent and the sample still not sparse.
        if !isSparse(total / steps) { break }
      }
      density[sample] = isSparse(total / max(steps, 1)) ? 0 : 1
      guard density[sample] == 0 else {
        multiplyAlone(row: row, steps: steps)
        return
      }
      begin(output + row * units, rows: steps, parameters: parameters)
      for tap in 0..<description.taps {
        let delay = tap * description.dilation
        guard delay < steps else { break }
        for step in row..<row + steps - delay {
          Scalar.scatter(
            active: active + step * inputs, count: Int(counts[step]), input + step * inputs,
            parameters + tap * inputs * units, width: units, into: output + (step + delay) * units)
        }
      }
    }
    let depth = description.taps * inputs
    let blocks = blocks(pass)
    pass.lanes.run { lane in
      let isMeant = { (sample: Int) in density[sample] != 0 && !isLarge(pass.layout.steps(of: sample)) }
      forEachBlock(pass, lane: lane, blocks[lane], where: isMeant) { block in
        gather(block, pass)
        begin(block.products, rows: block.rows, parameters: parameters)
        Scalar.multiply(
          block.columns, inputStride: depth, parameters, rows: block.rows, depth: depth, width: units,
          into: block.products, outputStride: units)
        for index in 0..<block.rows {
          (output + block.row(index) * units).update(from: block.products + index * units, count: units)
        }
      }
    }
    addPast(pass) { density[$0] != 0 }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let delta = pass.outputGradient.base
    let input = pass.input.values.base
    // Looked up before the lanes start: the tape itself belongs to one thread.
    let listed = pass.input.areSpikes && pass.input.sequences.isEmpty
    let active = tape(pass).active.sized(listed ? pass.layout.rows * inputs : 0).base
    let counts = tape(pass).counts.sized(listed ? pass.layout.rows : 0).base
    let density = tape(pass).density.sized(pass.layout.samples).base
    let lists = tape(pass).past.sized(pass.carried == nil ? 0 : pass.lanes.count * inputs).base
    let isSequence = !pass.input.sequences.isEmpty
    pass.forEachSample { lane, sample, row, steps in
      let gradient = pass.laneGradients[lane]
      if description.bias {
        let bias = gradient + weightCount
        for step in row..<row + steps {
          for unit in 0..<units { bias[unit] += delta[step * units + unit] }
        }
      }
      if let carried = pass.carried, past.reach > 0, isSequence || density[sample] == 0 {
        addPastWeightGradient(
          before: carried.before + sample * carriedCount, delta: delta + row * units, steps: steps,
          list: lists + lane * inputs, to: gradient)
      }
      if isSequence {
        forEachSpikeStep(pass.input.sequences[sample], steps: steps) { tap, later, channels, values, count in
          Scalar.addOuter(
            active: channels, count: count, values: values, delta + (row + later) * units, width: units,
            into: gradient + tap * inputs * units)
        }
      } else if density[sample] == 0 {
        addWeightGradient(
          row: row, steps: steps, input: input, active: active, counts: counts, delta: delta, into: gradient)
      }
      if isLarge(steps), !isSequence, density[sample] != 0 {
        Scalar.multiplyTransposedInput(
          input + row * inputs, delta + row * units, rows: steps, depth: inputs, width: units, into: gradient)
      }
      if let target = pass.inputGradient {
        (target.base + row * inputs).update(repeating: 0, count: steps * inputs)
        if isLarge(steps) {
          Scalar.multiplyTransposedWeights(
            delta + row * units, pass.parameters, rows: steps, depth: inputs, width: units,
            into: target.base + row * inputs)
        }
        if let carried = pass.carried, past.reach > 0 {
          past.moveBack(carried.gradient + sample * carriedCount, steps: steps, into: target.base + row * inputs)
        }
      }
    }
    if isSequence, pass.inputGradient == nil { return }
    let depth = description.taps * inputs
    let blocks = blocks(pass)
    pass.lanes.run { lane in
      let isSmall = { (sample: Int) in !isLarge(pass.layout.steps(of: sample)) }
      if !isSequence {
        forEachBlock(pass, lane: lane, blocks[lane], where: { density[$0] != 0 && isSmall($0) }) { block in
          gather(block, pass)
          gather(delta, into: block)
          Scalar.multiplyTransposedInput(
            block.columns, block.products, rows: block.rows, depth: depth, width: units,
            into: pass.laneGradients[lane])
        }
      }
      guard let target = pass.inputGradient else { return }
      forEachBlock(pass, lane: lane, blocks[lane], where: isSmall) { block in
        gather(delta, into: block)
        block.columns.update(repeating: 0, count: block.rows * depth)
        Scalar.multiplyTransposedWeights(
          block.products, pass.parameters, rows: block.rows, depth: depth, width: units, into: block.columns)
        spread(block, pass, into: target.base)
      }
    }
  }

  private func gather(_ delta: UnsafePointer<Scalar>, into block: Block) {
    for index in 0..<block.rows {
      (block.products + index * units).update(from: delta + block.row(index) * units, count: units)
    }
  }

  /// Adds the gradients of what the taps of a block's rows saw to the steps it came from.
  private func spread(_ block: Block, _ pass: LayerPass<Scalar>, into gradient: UnsafeMutablePointer<Scalar>) {
    let depth = description.taps * inputs
    for index in 0..<block.rows {
      let (row, step) = (block.row(index), block.step(index))
      for tap in 0..<description.taps {
        let delay = tap * description.dilation
        let source = block.columns + index * depth + tap * inputs
        if delay <= step {
          add(source, to: gradient + (row - delay) * inputs)
        } else if let carried = pass.carried {
          let history = carried.gradient + block.sample(index) * carriedCount
          add(source, to: history + (past.reach + step - delay) * inputs)
        }
      }
    }
  }

  private func add(_ source: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>) {
    for index in 0..<inputs { target[index] += source[index] }
  }

  private func addWeightGradient(
    row: Int, steps: Int, input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>,
    counts: UnsafePointer<UInt32>, delta: UnsafePointer<Scalar>, into gradient: UnsafeMutablePointer<Scalar>
  ) {
    for tap in 0..<description.taps {
      let delay = tap * description.dilation
      guard delay < steps else { break }
      for step in row..<row + steps - delay {
        Scalar.addOuter(
          active: active + step * inputs, count: Int(counts[step]), input + step * inputs,
          delta + (step + delay) * units, width: units, into: gradient + tap * inputs * units)
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

extension Dense {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    /// Of each lane.
    let places = Buffer<UInt32>()
    /// Of each lane.
    let columns = Buffer<Scalar>()
    /// Of each lane.
    let products = Buffer<Scalar>()
    let active = Buffer<UInt32>()
    /// Active inputs of each row.
    let counts = Buffer<UInt32>()
    /// Of each sample.
    let density = Buffer<Scalar>()
    /// Active inputs before a window, of each lane.
    let past = Buffer<UInt32>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
