import CKernels
import Numerics

extension ConvLSTM {
  /// What the forward pass leaves for the backward pass, one entry a row of the batch.
  struct Record {
    let gates: UnsafeMutablePointer<Scalar>
    let cells: UnsafeMutablePointer<Scalar>
    let hidden: UnsafeMutablePointer<Scalar>
    let tapes: UnsafeMutablePointer<Scalar>
    let zeros: UnsafePointer<Scalar>
  }

  var tapeCount: Int { attention?.tapeCount ?? 0 }

  /// The hidden state: what a unit fires by.
  public func membrane(of pass: LayerPass<Scalar>) -> Buffer<Scalar>? {
    emitsSpikes ? tape(pass).hidden.sized(pass.layout.rows * units) : pass.output.values
  }

  func record(_ pass: LayerPass<Scalar>) -> Record {
    let rows = pass.layout.rows
    let hidden = membrane(of: pass) ?? pass.output.values
    return Record(
      gates: tape(pass).gates.sized(rows * 4 * units).base,
      cells: tape(pass).cells.sized(rows * units).base, hidden: hidden.base,
      tapes: tape(pass).attention.sized(rows * tapeCount).base,
      zeros: UnsafePointer(tape(pass).zeros.sized(units).base))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    tape(pass).zeros.sized(units).fill(0)
    let record = record(pass)
    let kept = attention?.keptCount ?? 0
    let each = mapCount + roomCount + kept
    let scratch = tape(pass).scratch.sized(pass.lanes.count * each).base
    let lists = tape(pass).lists.sized(pass.lanes.count * (mapCount + inputWidth)).base
    let spikes = pass.input.areSpikes
    pass.forEachSample { lane, sample, row, steps in
      let map = scratch + lane * each
      let list = lists + lane * (mapCount + inputWidth)
      var memory = Memory(
        gates: record.gates, map: map, tape: record.tapes, workspace: map + mapCount, active: list,
        earlierHidden: record.zeros, hidden: record.hidden, earlierCell: record.zeros, cell: record.cells,
        kept: map + mapCount + roomCount)
      memory.kept.update(repeating: 0, count: kept)
      if let before = pass.carried.map({ $0.before + sample * carriedCount }) {
        memory.earlierHidden = before
        memory.earlierCell = before + units
        memory.kept.update(from: before + 2 * units, count: kept)
      }
      for step in row..<row + steps {
        memory.gates = record.gates + step * 4 * units
        memory.tape = record.tapes + step * tapeCount
        memory.cell = record.cells + step * units
        memory.hidden = record.hidden + step * units
        let input = pass.input.values.base + step * inputWidth
        let count = spikes ? fromInput.listed(input, into: list + mapCount) : nil
        advance(
          parameters: pass.parameters, input: input, active: list + mapCount, activeCount: count,
          smooth: pass.isSmooth, memory)
        if emitsSpikes { fire(memory.hidden, smooth: pass.isSmooth, into: pass.output.values.base + step * units) }
        memory.earlierHidden = UnsafePointer(memory.hidden)
        memory.earlierCell = UnsafePointer(memory.cell)
      }
      if let after = pass.carried.map({ $0.after + sample * carriedCount }) {
        after.update(from: memory.hidden, count: units)
        (after + units).update(from: memory.cell, count: units)
        (after + 2 * units).update(from: memory.kept, count: kept)
      }
    }
  }

  /// Working memory of one lane on the way back.
  private struct Scratch {
    let gateGradient, hiddenGradient, cellGradient, forgetGradient: UnsafeMutablePointer<Scalar>
    let map, mapGradient, carry, attention, workspace: UnsafeMutablePointer<Scalar>

    init(_ base: UnsafeMutablePointer<Scalar>, _ layer: ConvLSTM) {
      let units = layer.units
      gateGradient = base
      hiddenGradient = base + 4 * units
      cellGradient = base + 5 * units
      forgetGradient = base + 6 * units
      map = base + 7 * units
      mapGradient = map + layer.mapCount
      carry = mapGradient + layer.mapCount
      attention = carry + (layer.attention?.keptCount ?? 0)
      workspace = attention + (layer.attention?.scratchCount ?? 0)
    }

    static func count(_ layer: ConvLSTM) -> Int {
      7 * layer.units + 2 * layer.mapCount + (layer.attention?.keptCount ?? 0) + (layer.attention?.scratchCount ?? 0)
        + max(layer.fromInput.trainingRoom, layer.fromHidden.trainingRoom)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let record = record(pass)
    let each = Scratch.count(self)
    let scratches = tape(pass).backward.sized(pass.lanes.count * each).base
    let room = max(4 * units, inputWidth)
    let lists = tape(pass).backwardLists.sized(pass.lanes.count * room).base
    let transposedInput = tape(pass).transposedInput.sized(fromInput.weightCount).base
    let transposedHidden = tape(pass).transposedHidden.sized(fromHidden.weightCount).base
    fromInput.transpose(pass.parameters, into: transposedInput)
    fromHidden.transpose(pass.parameters + hiddenWeightAt, into: transposedHidden)
    let kept = attention?.keptCount ?? 0
    pass.forEachSample { lane, sample, row, steps in
      let scratch = Scratch(scratches + lane * each, self)
      let list = lists + lane * room
      scratch.hiddenGradient.update(repeating: 0, count: units)
      scratch.cellGradient.update(repeating: 0, count: units)
      scratch.carry.update(repeating: 0, count: kept)
      let before = pass.carried.map { $0.before + sample * carriedCount }
      let carried = pass.carried.map { $0.gradient + sample * carriedCount }
      if let carried {
        scratch.hiddenGradient.update(from: carried, count: units)
        scratch.cellGradient.update(from: carried + units, count: units)
        scratch.carry.update(from: carried + 2 * units, count: kept)
      }
      for step in stride(from: row + steps - 1, through: row, by: -1) {
        let hidden = step > row ? UnsafePointer(record.hidden + (step - 1) * units) : before
        let cell = step > row ? UnsafePointer(record.cells + (step - 1) * units) : before.map { $0 + units }
        backThroughCell(pass, record, scratch, step: step, earlierCell: cell, gradient: pass.laneGradients[lane])
        backToInput(
          pass, record, scratch, step: step, transposed: transposedInput, list: list,
          gradient: pass.laneGradients[lane])
        backToHidden(
          pass, record, scratch, step: step, earlierHidden: hidden, transposed: transposedHidden, list: list,
          gradient: pass.laneGradients[lane])
      }
      if let carried {
        carried.update(from: scratch.hiddenGradient, count: units)
        (carried + units).update(from: scratch.cellGradient, count: units)
        (carried + 2 * units).update(from: scratch.carry, count: kept)
      }
    }
  }

  /// From the step's output to its gates, still before squashing.
  private func backThroughCell(
    _ pass: LayerPass<Scalar>, _ record: Record, _ scratch: Scratch, step: Int, earlierCell: UnsafePointer<Scalar>?,
    gradient: UnsafeMutablePointer<Scalar>
  ) {
    let gates = record.gates + step * 4 * units
    let delta = pass.outputGradient.base + step * units
    if emitsSpikes {
      Scalar.cellFireBack(
        count: units, hidden: record.hidden + step * units, surrogate: description.surrogate.kernelValue,
        width: description.surrogateWidth, threshold: description.threshold, delta: delta,
        into: scratch.hiddenGradient)
    } else {
      for unit in 0..<units { scratch.hiddenGradient[unit] += delta[unit] }
    }
    var forget = UnsafePointer(gates + channels)
    var stride = 4 * channels
    if attends(.forgetGate) {
      attendAgain(record, step: step, map: forget, stride: stride, smooth: pass.isSmooth, into: scratch.map)
      forget = UnsafePointer(scratch.map)
      stride = channels
    }
    Scalar.cellStateBack(
      places: places, channels: channels, gates: gates, forget: forget, forgetStride: stride,
      earlierCell: earlierCell,
      cell: record.cells + step * units, hiddenGradient: scratch.hiddenGradient, cellGradient: scratch.cellGradient,
      gateGradient: scratch.gateGradient, forgetGradient: scratch.forgetGradient)
    if attends(.forgetGate) {
      attendBack(
        pass, record, scratch, step: step, map: gates + channels, stride: 4 * channels, delta: scratch.forgetGradient,
        gradient: gradient)
    }
    Scalar.cellForgetBack(
      places: places, channels: channels, gates: gates, forgetGradient: scratch.forgetGradient,
      gateGradient: scratch.gateGradient)
    let bias = gradient + biasAt
    for place in 0..<places {
      let row = scratch.gateGradient + place * 4 * channels
      for gate in 0..<4 * channels { bias[gate] += row[gate] }
    }
  }

  private func backToInput(
    _ pass: LayerPass<Scalar>, _ record: Record, _ scratch: Scratch, step: Int,
    transposed: UnsafePointer<Scalar>, list: UnsafeMutablePointer<UInt32>, gradient: UnsafeMutablePointer<Scalar>
  ) {
    var input = UnsafePointer(pass.input.values.base + step * inputWidth)
    if attends(.input) {
      attendAgain(record, step: step, map: input, stride: inputShape[2], smooth: pass.isSmooth, into: scratch.map)
      input = UnsafePointer(scratch.map)
    }
    fromInput.addWeightGradient(
      input, active: list, delta: scratch.gateGradient, to: gradient, workspace: scratch.workspace)
    guard pass.inputGradient != nil || attends(.input) else { return }
    let target = scratch.mapGradient
    target.update(repeating: 0, count: inputWidth)
    fromInput.addInputGradient(
      delta: scratch.gateGradient, weights: pass.parameters, transposed: transposed, active: list, to: target,
      workspace: scratch.workspace)
    if attends(.input) {
      attendBack(
        pass, record, scratch, step: step, map: pass.input.values.base + step * inputWidth, stride: inputShape[2],
        delta: target, gradient: gradient)
    }
    if let inputGradient = pass.inputGradient {
      (inputGradient.base + step * inputWidth).update(from: target, count: inputWidth)
    }
  }

  /// Leaves dL/d(hidden state of the step before) in `scratch.hiddenGradient`.
  private func backToHidden(
    _ pass: LayerPass<Scalar>, _ record: Record, _ scratch: Scratch, step: Int,
    earlierHidden: UnsafePointer<Scalar>?, transposed: UnsafePointer<Scalar>, list: UnsafeMutablePointer<UInt32>,
    gradient: UnsafeMutablePointer<Scalar>
  ) {
    scratch.hiddenGradient.update(repeating: 0, count: units)
    let earlier = earlierHidden ?? record.zeros
    if let earlierHidden {
      var hidden = earlierHidden
      if attends(.hidden) {
        attendAgain(record, step: step, map: hidden, stride: channels, smooth: pass.isSmooth, into: scratch.map)
        hidden = UnsafePointer(scratch.map)
      }
      fromHidden.addWeightGradient(
        hidden, active: list, delta: scratch.gateGradient, to: gradient + hiddenWeightAt,
        workspace: scratch.workspace)
      fromHidden.addInputGradient(
        delta: scratch.gateGradient, weights: pass.parameters + hiddenWeightAt, transposed: transposed, active: list,
        to: scratch.hiddenGradient, workspace: scratch.workspace)
    }
    if attends(.hidden) {
      attendBack(
        pass, record, scratch, step: step, map: earlier, stride: channels, delta: scratch.hiddenGradient,
        gradient: gradient)
    }
  }

  func attendAgain(
    _ record: Record, step: Int, map: UnsafePointer<Scalar>, stride: Int, smooth: Bool,
    into target: UnsafeMutablePointer<Scalar>
  ) {
    guard let attention else { return }
    var settings = attention.settings(smooth: smooth)
    Scalar.attendAgain(
      &settings, map: map, stride: stride, tape: record.tapes + step * tapeCount, into: target)
  }

  private func attendBack(
    _ pass: LayerPass<Scalar>, _ record: Record, _ scratch: Scratch, step: Int, map: UnsafePointer<Scalar>,
    stride: Int, delta: UnsafeMutablePointer<Scalar>, gradient: UnsafeMutablePointer<Scalar>
  ) {
    guard let attention else { return }
    var settings = attention.settings(smooth: pass.isSmooth)
    Scalar.attendBack(
      &settings, parameters: pass.parameters + attentionAt, map: map, stride: stride,
      tape: record.tapes + step * tapeCount, carry: scratch.carry, delta: delta, gradient: gradient + attentionAt,
      scratch: scratch.attention)
  }

  /// Of the channel map and of the spatial map over the last forward pass: the mean, with spikes the share that is on, and the
  /// share of the map's units that stay the same in all steps of all samples: where that is 1, attention is a constant
  /// factor. A map that is off is left out.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func measurements(of pass: LayerPass<Scalar>) -> [String: Double] {
    guard let attention, pass.layout.rows > 0 else { return [:] }
    let tapes = record(pass).tapes
    var found: [String: Double] = [:]
    func measure(_ map: String, _ first: Int, _ count: Int) {
      var (sum, constant) = (0.0, 0)
      for index in first..<first + count {
        var (lowest, highest) = (Double.infinity, -Double.infinity)
        for row in 0..<pass.layout.rows {
          let value = Double(tapes[row * tapeCount + index])
          sum += value
          (lowest, highest) = (min(lowest, value), max(highest, value))
        }
        // A soft map that moves by less than a hundredth tells nothing either.
        if highest - lowest < 0.01 { constant += 1 }
      }
      found["\(map)AttentionOn"] = sum / Double(pass.layout.rows * count)
      found["\(map)AttentionConstant"] = Double(constant) / Double(count)
    }
    if attention.hasChannel { measure("channel", 0, attention.channels) }
    if attention.hasSpatial { measure("spatial", attention.channels, attention.places) }
    return found
  }
}

extension ConvLSTM {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    let hidden = Buffer<Scalar>()
    let gates = Buffer<Scalar>()
    let cells = Buffer<Scalar>()
    /// Tapes of the attention, one a row.
    let attention = Buffer<Scalar>()
    let zeros = Buffer<Scalar>()
    /// Of each lane.
    let scratch = Buffer<Scalar>()
    /// Active inputs and hidden units, of each lane.
    let lists = Buffer<UInt32>()
    /// Of each lane.
    let backward = Buffer<Scalar>()
    /// Of each lane.
    let backwardLists = Buffer<UInt32>()
    let transposedInput = Buffer<Scalar>()
    let transposedHidden = Buffer<Scalar>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
