import CKernels
import Numerics

/// A layer of leaky integrate-and-fire neurons; see `NeuronDescription` for the equations.
///
/// Parameters: the logits of the learned decays (decay = sigmoid), then the recurrent weights `[units, units]` (from,
/// to). State: membrane, last spike, adaptation, synaptic current and refractory count of each unit.
public struct Neurons<Scalar: Real>: Layer {
  public let kind = "neurons"
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public var emitsSpikes: Bool { description.output == .spikes }
  let description: NeuronDescription
  let units: Int
  let neuron: ganglion_neuron
  /// Decay and input scale of each unit where they are not learned.
  private let fixedDecay: [Scalar]
  private let fixedScale: [Scalar]

  public init(_ description: NeuronDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    func require(_ condition: Bool, _ problem: String) throws(NetworkError) {
      guard condition else { throw .option(layer: layer, kind: "neurons", problem: problem) }
    }
    try require((0...1).contains(description.decay), "decay \(description.decay) is outside 0...1")
    try require(
      description.learnedDecay == .none || (description.decay > 0 && description.decay < 1),
      "a learned decay begins strictly between 0 and 1, not at \(description.decay)")
    try require(description.surrogateWidth > 0, "surrogateWidth \(description.surrogateWidth) is not positive")
    try require(description.threshold > 0, "threshold \(description.threshold) is not positive")
    try require(
      description.initialPotential.isFinite && description.initialPotential < description.threshold,
      "initialPotential \(description.initialPotential) is not under the threshold, \(description.threshold)")
    try require((0...100_000).contains(description.refractorySteps), "refractorySteps is outside 0...100000")
    try require((0..<1).contains(description.synapticDecay), "synapticDecay is outside 0..<1")
    try require((0...1).contains(description.adaptationDecay), "adaptationDecay is outside 0...1")
    try require(
      description.output == .spikes || (description.reset == .none && !description.recurrent),
      "output: membrane needs reset: none and no recurrence")
    self.description = description
    self.inputShape = inputShape
    units = inputShape.reduce(1, *)
    var neuron = ganglion_neuron()
    neuron.reset =
      switch description.reset {
      case .none: Int32(GANGLION_RESET_NONE)
      case .hard: Int32(GANGLION_RESET_HARD)
      case .soft: Int32(GANGLION_RESET_SOFT)
      case .softLate: Int32(GANGLION_RESET_SOFT_LATE)
      }
    neuron.surrogate = description.surrogate.kernelValue
    neuron.uniform = description.learnedDecay == .neuron ? 0 : 1
    neuron.recurrent = description.recurrent ? 1 : 0
    neuron.reset_detached = description.resetDetached ? 1 : 0
    neuron.refractory_steps = Int32(description.refractorySteps)
    neuron.silent_neurons_learn_nothing = description.silentNeuronsLearnNothing ? 1 : 0
    neuron.threshold = description.threshold
    neuron.surrogate_width = description.surrogateWidth
    neuron.adaptation_strength = description.adaptationStrength
    neuron.adaptation_decay = description.adaptationDecay
    neuron.synaptic_decay = description.synapticDecay
    self.neuron = neuron
    fixedDecay = [Scalar](repeating: Scalar(description.decay), count: units)
    fixedScale = [Scalar](repeating: Self.scale(of: Scalar(description.decay), description), count: units)
  }

  private static func scale(of decay: Scalar, _ description: NeuronDescription) -> Scalar {
    description.inputScale == .leaky ? 1 - decay : 1
  }

  var decayParameters: Int {
    switch description.learnedDecay {
    case .none: 0
    case .layer: 1
    case .neuron: units
    }
  }

  public var parameters: [ParameterSpecification] {
    var list: [ParameterSpecification] = []
    if decayParameters > 0 {
      let logit = Self.logit(description.decay)
      list.append(
        ParameterSpecification(
          name: "decayLogit", shape: [decayParameters], role: .gain, beginning: .constant(logit)))
    }
    if description.recurrent {
      // Small next to the feed-forward drive, so that activity neither dies nor runs away at the start.
      let bound = 0.5 * (3 / Double(units)).squareRoot()
      list.append(
        ParameterSpecification(
          name: "recurrent", shape: [units, units], role: .weight, beginning: .uniform(bound: bound)))
    }
    return list
  }

  // Whether a stream has begun, and the decays a step uses, so that it computes no exponential, are kept in front of the
  // neurons' state.
  private var derivedCount: Int { decayParameters > 0 ? 2 * units + 1 : initialPotential != 0 ? 1 : 0 }
  /// Membrane potential before the first step.
  var initialPotential: Scalar { Scalar(description.initialPotential) }

  public var stateCount: Int { derivedCount + Int(GANGLION_NEURON_STATE) * units }
  // The kernel's state and, where silence in a whole sequence matters, how often each unit has fired.
  public var carriedCount: Int {
    (Int(GANGLION_NEURON_STATE) + (description.silentNeuronsLearnNothing ? 1 : 0)) * units
  }
  public var workspaceCount: Int { 2 * units }
  public let readsActive = false
  public let worksInPlace = true
  public var multiplyAccumulates: Int { description.recurrent ? units * units : 0 }

  private static func logit(_ decay: Double) -> Double { logarithm(decay / (1 - decay)) }

  /// Decay and input scale of each unit from the learned logits.
  private func derive(
    _ parameters: UnsafePointer<Scalar>, decay: UnsafeMutablePointer<Scalar>, scale: UnsafeMutablePointer<Scalar>
  ) {
    for unit in 0..<units {
      let logit = parameters[decayParameters == 1 ? 0 : unit]
      decay[unit] = 1 / (1 + Scalar(exponential(Double(-logit))))
      scale[unit] = Self.scale(of: decay[unit], description)
    }
  }

  /// What a stream has before its first step.
  private func begin(_ state: UnsafeMutablePointer<Scalar>, _ parameters: UnsafePointer<Scalar>) {
    if decayParameters > 0 { derive(parameters, decay: state + 1, scale: state + 1 + units) }
    (state + derivedCount).update(repeating: initialPotential, count: units)
    state[0] = 1
  }

  public func begin(_ carried: UnsafeMutablePointer<Scalar>, samples: Int) {
    for sample in 0..<samples { (carried + sample * carriedCount).update(repeating: initialPotential, count: units) }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    if derivedCount > 0, state[0] == 0 { begin(state, parameters) }
    let memory = state + derivedCount
    let scratch = input.workspace
    var neuron = neuron
    var current = UnsafePointer(input.values)
    if description.recurrent {
      let last = memory + units
      scratch.update(from: input.values, count: units)
      let count = Scalar.listActive(last, width: units, into: output.active)
      Scalar.scatter(
        active: output.active, count: count, last, parameters + decayParameters, width: units, into: scratch)
      current = UnsafePointer(scratch)
    }
    let membrane = scratch + units
    withDecays { decay, scale in
      Scalar.stepNeurons(
        &neuron, width: units, decay: decayParameters > 0 ? UnsafePointer(state + 1) : decay,
        scale: decayParameters > 0 ? UnsafePointer(state + 1 + units) : scale, current: current, state: memory,
        membrane: description.output == .membrane ? membrane : nil, spikes: output.values)
    }
    if description.output == .membrane {
      output.values.update(from: membrane, count: units)
      output.activeCount = nil
    } else {
      output.activeCount =
        output.isListWanted ? Scalar.listActive(output.values, width: units, into: output.active) : nil
    }
  }

  /// Whether units may be stepped a piece at a time: nothing but the membrane is kept, and no unit sees another.
  var goesInPieces: Bool {
    emitsSpikes && !description.recurrent && description.reset != .softLate && description.refractorySteps == 0
      && description.adaptationStrength == 0 && description.synapticDecay == 0
  }

  /// One step of `count` units from `first` on, all pieces of a layer for which `goesInPieces`.
  func stepPiece(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, first: Int, count: Int,
    current: UnsafePointer<Scalar>, spikes: UnsafeMutablePointer<Scalar>
  ) {
    if derivedCount > 0, state[0] == 0 { begin(state, parameters) }
    var neuron = neuron
    withDecays { decay, scale in
      Scalar.stepNeurons(
        &neuron, width: count, decay: (decayParameters > 0 ? UnsafePointer(state + 1) : decay) + first,
        scale: (decayParameters > 0 ? UnsafePointer(state + 1 + units) : scale) + first, current: current,
        state: state + derivedCount + first, membrane: nil, spikes: spikes)
    }
  }

  /// Whether `backward` has gradients of the layer's own parameters to find, or looks at a sequence as a whole.
  var learns: Bool { decayParameters > 0 || description.recurrent || description.silentNeuronsLearnNothing }

  /// Decay and input scale of each unit, where they are not learned.
  func withDecays(_ body: (_ decay: UnsafePointer<Scalar>, _ scale: UnsafePointer<Scalar>) -> Void) {
    fixedDecay.withUnsafeBufferPointer { fixedDecay in
      fixedScale.withUnsafeBufferPointer { fixedScale in
        // A layer without units cannot be made, so both arrays have memory.
        guard let decay = fixedDecay.baseAddress, let scale = fixedScale.baseAddress else { return }
        body(decay, scale)
      }
    }
  }

  /// The membranes take the place of the currents where nobody needs those any more.
  func tapedMembrane(_ pass: LayerPass<Scalar>) -> Buffer<Scalar> {
    pass.ownsInput ? pass.input.values : pass.tape.scalars("membrane", count: pass.layout.rows * units)
  }

  public func membrane(of pass: LayerPass<Scalar>) -> Buffer<Scalar>? {
    emitsSpikes ? tapedMembrane(pass) : pass.output.values
  }

  private var needsDrives: Bool { decayParameters > 0 && description.inputScale == .leaky }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let rows = pass.layout.rows
    let decay = pass.tape.scalars("decay", count: units)
    let scale = pass.tape.scalars("scale", count: units)
    if decayParameters > 0 {
      derive(pass.parameters, decay: decay.base, scale: scale.base)
    } else {
      decay.array = fixedDecay
      scale.array = fixedScale
    }
    let asMembrane = description.output == .membrane
    let membrane = asMembrane ? pass.output.values : tapedMembrane(pass)
    let spikes = asMembrane ? pass.tape.scalars("spikes", count: rows * units) : pass.output.values
    let drives = needsDrives ? pass.tape.scalars("drives", count: rows * units).base : nil
    let adaptations =
      description.adaptationStrength != 0 ? pass.tape.scalars("adaptations", count: rows * units).base : nil
    let each = (Int(GANGLION_NEURON_STATE) + 1) * units
    let states = pass.tape.scalars("states", count: pass.lanes.count * each)
    let active = pass.tape.indices("active", count: pass.lanes.count * units)
    let recurrent = description.recurrent ? UnsafePointer(pass.parameters + decayParameters) : nil
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
        &neuron, steps: steps, width: units, decay: decay.base, scale: scale.base,
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
    let decay = pass.tape.scalars("decay", count: units).base
    let scale = pass.tape.scalars("scale", count: units).base
    let membrane = tapedMembrane(pass).base
    let drives = needsDrives ? pass.tape.scalars("drives", count: rows * units).base : nil
    let adaptations =
      description.adaptationStrength != 0 ? pass.tape.scalars("adaptations", count: rows * units).base : nil
    let scratch = pass.tape.scalars("backward", count: pass.lanes.count * 10 * units)
    let active = pass.tape.indices("active", count: pass.lanes.count * units)
    var transposed: UnsafePointer<Scalar>?
    if description.recurrent {
      let buffer = pass.tape.scalars("transposed", count: units * units)
      let weights = pass.parameters + decayParameters
      for from in 0..<units {
        for to in 0..<units { buffer.base[to * units + from] = weights[from * units + to] }
      }
      transposed = UnsafePointer(buffer.base)
    }
    let learnsDecay = decayParameters > 0
    let beginning = beginning(pass)
    if learnsDecay {
      for lane in 0..<pass.lanes.count {
        (scratch.base + (10 * lane + 8) * units).update(repeating: 0, count: 2 * units)
      }
    }
    pass.forEachSample { lane, sample, row, steps in
      var neuron = neuron
      let at = row * units
      let memory = scratch.base + lane * 10 * units
      let fired = description.silentNeuronsLearnNothing ? Int(GANGLION_NEURON_STATE) * units : nil
      Scalar.runNeuronsBackward(
        &neuron, steps: steps, width: units, decay: decay, scale: scale, membrane: membrane + at,
        spikes: pass.output.values.base + at, drives: drives.map { $0 + at }, adaptations: adaptations.map { $0 + at },
        spikeGradient: pass.outputGradient.base + at, recurrentTransposed: transposed,
        recurrentGradient: description.recurrent ? pass.laneGradients[lane] + decayParameters : nil,
        currentGradient: inputGradient.base + at, decayGradient: learnsDecay ? memory + 8 * units : nil,
        scaleGradient: needsDrives ? memory + 9 * units : nil,
        begin: pass.carried.map { $0.before + sample * carriedCount } ?? beginning,
        fired: pass.carried.flatMap { carried in fired.map { carried.end + sample * carriedCount + $0 } },
        carried: pass.carried.map { $0.gradient + sample * carriedCount }, scratch: memory,
        active: active.base + lane * units)
    }
    guard learnsDecay else { return }
    for lane in 0..<pass.lanes.count {
      let memory = scratch.base + lane * 10 * units
      addDecayGradient(
        decay: decay, decayGradient: memory + 8 * units, scaleGradient: needsDrives ? memory + 9 * units : nil,
        into: pass.laneGradients[lane])
    }
  }

  /// State before the first step of sequences that are taken whole; nil where all of it is zero.
  private func beginning(_ pass: LayerPass<Scalar>) -> UnsafePointer<Scalar>? {
    guard initialPotential != 0 else { return nil }
    let state = pass.tape.scalars("beginning", count: Int(GANGLION_NEURON_STATE) * units)
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
    let decay = pass.tape.scalars("decay", count: units).base
    let scale = pass.tape.scalars("scale", count: units).base
    let drives = needsDrives ? pass.tape.scalars("drives", count: pass.layout.rows * units).base : nil
    let sums = pass.tape.scalars("backward", count: pass.lanes.count * 2 * units)
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
