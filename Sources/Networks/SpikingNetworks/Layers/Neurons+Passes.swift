import CKernels
import Numerics

extension Neurons {
  private var needsDrives: Bool { decayParameters > 0 && description.inputScale == .leaky }
  /// Whether the threshold rises and falls.
  private var adapts: Bool { description.adaptationStrength != 0 && description.subthresholdStrength == 0 }

  private func tapedThresholds(_ pass: LayerPass<Scalar>) -> UnsafeMutablePointer<Scalar>? {
    thresholdParameters > 0 ? tape(pass).thresholds.sized(units).base : nil
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let rows = pass.layout.rows
    let decay = tape(pass).decay.sized(units)
    let scale = tape(pass).scale.sized(units)
    if decayParameters > 0 {
      derive(pass.parameters, decay: decay.base, scale: scale.base)
    } else {
      decay.array = fixedDecay
      scale.array = fixedScale
    }
    let asMembrane = description.output == .membrane
    let membrane = asMembrane ? pass.output.values : tapedMembrane(pass)
    let spikes = asMembrane ? tape(pass).spikes.sized(rows * units) : pass.output.values
    let drives = needsDrives ? tape(pass).drives.sized(rows * units).base : nil
    let adaptations =
      adapts ? tape(pass).adaptations.sized(rows * units).base : nil
    let each = (Int(GANGLION_NEURON_STATE) + 1) * units
    let states = tape(pass).states.sized(pass.lanes.count * each)
    let active = tape(pass).active.sized(pass.lanes.count * units)
    let recurrent = description.recurrent ? UnsafePointer(pass.parameters + recurrentOffset) : nil
    let thresholds = tapedThresholds(pass)
    if let thresholds { deriveThresholds(pass.parameters, into: thresholds) }
    pass.forEachSample { lane, sample, row, steps in
      var neuron = neuron
      neuron.smooth = pass.isSmooth ? 1 : 0
      let state = states.base + lane * each
      if let before = pass.carried?.before {
        state.update(from: before + sample * carriedCount, count: each - units)
      } else {
        // Neurons that go in pieces keep nothing but the membrane.
        state.update(repeating: 0, count: goesInPieces ? units : each)
        state.update(repeating: initialPotential, count: units)
      }
      let at = row * units
      Scalar.runNeurons(
        &neuron, steps: steps, width: units, decay: decay.base, scale: scale.base, thresholds: thresholds,
        current: pass.input.values.base + at, recurrent: recurrent, state: state, membrane: membrane.base + at,
        spikes: spikes.base + at, drives: drives.map { $0 + at }, adaptations: adaptations.map { $0 + at },
        scratch: state + each - units, active: active.base + lane * units)
      if let carried = pass.carried {
        let after = carried.after + sample * carriedCount
        after.update(from: state, count: each - units)
        if description.silentNeuronsLearnNothing {
          countSpikes(
            spikes.base + at, steps: steps, since: carried.before + sample * carriedCount + each - units,
            into: after + each - units)
        }
      }
    }
  }

  private func countSpikes(
    _ spikes: UnsafePointer<Scalar>, steps: Int, since before: UnsafePointer<Scalar>,
    into counts: UnsafeMutablePointer<Scalar>
  ) {
    counts.update(from: before, count: units)
    for step in 0..<steps {
      for unit in 0..<units { counts[unit] += spikes[step * units + unit] }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    if description.output == .membrane {
      backwardThroughMembrane(pass, into: inputGradient)
      return
    }
    let rows = pass.layout.rows
    let decay = tape(pass).decay.sized(units).base
    let scale = tape(pass).scale.sized(units).base
    let membrane = tapedMembrane(pass).base
    let drives = needsDrives ? tape(pass).drives.sized(rows * units).base : nil
    let adaptations =
      adapts ? tape(pass).adaptations.sized(rows * units).base : nil
    let scratch = tape(pass).backward.sized(pass.lanes.count * Self.scratch * units)
    let thresholds = tapedThresholds(pass)
    let active = tape(pass).active.sized(pass.lanes.count * units)
    var transposed: UnsafePointer<Scalar>?
    if description.recurrent {
      let buffer = tape(pass).transposed.sized(units * units)
      let weights = pass.parameters + recurrentOffset
      for from in 0..<units {
        for to in 0..<units { buffer.base[to * units + from] = weights[from * units + to] }
      }
      transposed = UnsafePointer(buffer.base)
    }
    let learnsDecay = decayParameters > 0
    let beginning = beginning(pass)
    if recurrentOffset > 0 {
      for lane in 0..<pass.lanes.count {
        (scratch.base + (Self.scratch * lane + 8) * units).update(repeating: 0, count: 3 * units)
      }
    }
    pass.forEachSample { lane, sample, row, steps in
      var neuron = neuron
      let at = row * units
      let memory = scratch.base + lane * Self.scratch * units
      let fired = description.silentNeuronsLearnNothing ? Int(GANGLION_NEURON_STATE) * units : nil
      Scalar.runNeuronsBackward(
        &neuron, steps: steps, width: units, decay: decay, scale: scale,
        thresholds: thresholds.map { UnsafePointer($0) }, membrane: membrane + at,
        spikes: pass.output.values.base + at, drives: drives.map { $0 + at }, adaptations: adaptations.map { $0 + at },
        spikeGradient: pass.outputGradient.base + at, recurrentTransposed: transposed,
        recurrentGradient: description.recurrent ? pass.laneGradients[lane] + recurrentOffset : nil,
        currentGradient: inputGradient.base + at, decayGradient: learnsDecay ? memory + 8 * units : nil,
        scaleGradient: needsDrives ? memory + 9 * units : nil,
        thresholdGradient: thresholds == nil ? nil : memory + 10 * units,
        begin: pass.carried.map { $0.before + sample * carriedCount } ?? beginning,
        fired: pass.carried.flatMap { carried in fired.map { carried.end + sample * carriedCount + $0 } },
        carried: pass.carried.map { $0.gradient + sample * carriedCount }, scratch: memory,
        active: active.base + lane * units)
    }
    for lane in 0..<pass.lanes.count {
      let memory = scratch.base + lane * Self.scratch * units
      if learnsDecay {
        addDecayGradient(
          decay: decay, decayGradient: memory + 8 * units, scaleGradient: needsDrives ? memory + 9 * units : nil,
          into: pass.laneGradients[lane])
      }
      guard let thresholds else { continue }
      for unit in 0..<units {
        let place = decayParameters + (thresholdParameters == 1 ? 0 : unit)
        pass.laneGradients[lane][place] += thresholds[unit] * memory[10 * units + unit]
      }
    }
  }

  /// Blocks of working memory of a lane's way back: eight of the kernel's, and gradients of decays, scales, thresholds.
  private static var scratch: Int { 11 }

  /// State before the first step of sequences that are taken whole; nil where all of it is zero.
  private func beginning(_ pass: LayerPass<Scalar>) -> UnsafePointer<Scalar>? {
    guard initialPotential != 0 else { return nil }
    let state = tape(pass).beginning.sized(Int(GANGLION_NEURON_STATE) * units)
    state.fill(0)
    state.base.update(repeating: initialPotential, count: units)
    return UnsafePointer(state.base)
  }

  private func addDecayGradient(
    decay: UnsafePointer<Scalar>, decayGradient: UnsafePointer<Scalar>, scaleGradient: UnsafePointer<Scalar>?,
    into gradient: UnsafeMutablePointer<Scalar>
  ) {
    for unit in 0..<units {
      let slope = decay[unit] * (1 - decay[unit])
      let total = decayGradient[unit] - (scaleGradient?[unit] ?? 0)
      gradient[decayParameters == 1 ? 0 : unit] += slope * total
    }
  }

  /// A leaky integrator is linear: dL/du[t] = dL/dy[t] + decay · dL/du[t+1].
  private func backwardThroughMembrane(_ pass: LayerPass<Scalar>, into inputGradient: Buffer<Scalar>) {
    let decay = tape(pass).decay.sized(units).base
    let scale = tape(pass).scale.sized(units).base
    let drives = needsDrives ? tape(pass).drives.sized(pass.layout.rows * units).base : nil
    let sums = tape(pass).backward.sized(pass.lanes.count * 2 * units)
    let synapticDecay = Scalar(description.synapticDecay)
    sums.fill(0)
    let learnsDecay = decayParameters > 0
    let beginning = beginning(pass)
    pass.forEachSample { lane, sample, row, steps in
      let decaySum = sums.base + lane * 2 * units
      let begin = pass.carried.map { $0.before + sample * carriedCount } ?? beginning
      let later = pass.carried.map { $0.gradient + sample * carriedCount }
      for unit in 0..<units {
        // Gradients of the membrane and of the synaptic current in the step that follows.
        var carried: Scalar = later?[unit] ?? 0
        var synaptic: Scalar = later?[3 * units + unit] ?? 0
        for step in stride(from: row + steps - 1, through: row, by: -1) {
          let at = step * units + unit
          carried = pass.outputGradient.base[at] + decay[unit] * carried
          synaptic = carried * scale[unit] + synapticDecay * synaptic
          inputGradient.base[at] = synaptic
          guard learnsDecay else { continue }
          if step > row {
            decaySum[unit] += carried * pass.output.values.base[at - units]
          } else if let begin {
            decaySum[unit] += carried * begin[unit]
          }
          if let drives { decaySum[units + unit] += carried * drives[at] }
        }
        later?[unit] = carried
        later?[3 * units + unit] = synaptic
      }
    }
    guard learnsDecay else { return }
    for lane in 0..<pass.lanes.count {
      let memory = sums.base + lane * 2 * units
      addDecayGradient(
        decay: decay, decayGradient: memory, scaleGradient: needsDrives ? memory + units : nil,
        into: pass.laneGradients[lane])
    }
  }
}

extension Neurons {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    let decay = Buffer<Scalar>()
    let scale = Buffer<Scalar>()
    let thresholds = Buffer<Scalar>()
    /// Potentials before any reset, `[rows, units]`, where the input is not written over.
    let membrane = Buffer<Scalar>()
    let spikes = Buffer<Scalar>()
    let drives = Buffer<Scalar>()
    let adaptations = Buffer<Scalar>()
    /// Of each lane.
    let states = Buffer<Scalar>()
    let active = Buffer<UInt32>()
    let beginning = Buffer<Scalar>()
    /// Of each lane.
    let backward = Buffer<Scalar>()
    /// The recurrent weights, turned.
    let transposed = Buffer<Scalar>()
    /// Room of `PooledNeurons`, of each lane.
    let pieces = Buffer<Scalar>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
