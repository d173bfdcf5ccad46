import CKernels
import Numerics

/// A layer of leaky integrate-and-fire neurons; see `NeuronDescription` for the equations.
///
/// Parameters: the logits of the learned decays (decay = sigmoid), the logarithms of the learned thresholds, then the
/// recurrent weights `[units, units]` (from, to). State: membrane, last spikes, adaptation, synaptic current and
/// refractory count of each unit.
public struct Neurons<Scalar: Real>: Layer {
  public let kind = "neurons"
  public var role: LayerRole { .neurons }
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public var emitsSpikes: Bool { description.output == .spikes }
  public func emitsCounts(from input: Bool) -> Bool { emitsSpikes && description.maximumSpikes > 1 }
  let description: NeuronDescription
  let units: Int
  let neuron: ganglion_neuron
  /// Learned decays and thresholds: none, one, or one for each unit.
  let decayParameters: Int
  let thresholdParameters: Int
  /// Decay and input scale of each unit where they are not learned.
  let fixedDecay: [Scalar]
  let fixedScale: [Scalar]

  public init(_ description: NeuronDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    func require(_ condition: Bool, _ problem: String) throws(NetworkError) {
      guard condition else { throw .option(layer: layer, kind: "neurons", problem: problem) }
    }
    let emits = description.output == .spikes
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
    try require((1...255).contains(description.maximumSpikes), "maximumSpikes is outside 1...255")
    try require(
      description.maximumSpikes == 1 || description.reset == .soft,
      "maximumSpikes \(description.maximumSpikes) needs reset: soft, which takes as many thresholds away, not "
        + "reset: \(description.reset.rawValue)")
    try require(
      description.maximumSpikes == 1 || description.refractorySteps == 0,
      "maximumSpikes \(description.maximumSpikes) needs refractorySteps: 0, as no step is left out between them")
    try require(
      description.learnedThreshold == .none || description.output == .spikes,
      "learnedThreshold needs neurons that fire, output: spikes")
    try require((0...10).contains(description.decaySpread), "decaySpread is outside 0...10")
    try require(
      description.decaySpread == 0 || description.learnedDecay == .neuron,
      "decaySpread needs learnedDecay: neuron, as a decay of its own is what each neuron begins with")
    try require(
      description.subthresholdStrength.isFinite && (description.subthresholdStrength == 0 || emits),
      "subthresholdStrength needs a finite number and output: spikes")
    self.description = description
    self.inputShape = inputShape
    units = inputShape.reduce(1, *)
    decayParameters = description.learnedDecay == .none ? 0 : description.learnedDecay == .layer ? 1 : units
    thresholdParameters =
      description.learnedThreshold == .none ? 0 : description.learnedThreshold == .layer ? 1 : units
    let learned = (decayParameters > 0 ? 2 * units : 0) + (thresholdParameters > 0 ? units : 0)
    derivedCount = learned > 0 || description.initialPotential != 0 ? learned + 1 : 0
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
    neuron.maximum_spikes = Int32(description.maximumSpikes)
    neuron.subthreshold_strength = description.subthresholdStrength
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

  /// Parameters in front of the recurrent weights.
  var recurrentOffset: Int { decayParameters + thresholdParameters }

  public var parameters: [ParameterSpecification] {
    var list: [ParameterSpecification] = []
    if decayParameters > 0 {
      let logit = Self.logit(description.decay)
      let spread = description.decaySpread
      list.append(
        ParameterSpecification(
          name: "decayLogit", shape: [decayParameters], role: .gain,
          beginning: spread == 0 ? .constant(logit) : .around(logit, bound: spread)))
    }
    if thresholdParameters > 0 {
      list.append(
        ParameterSpecification(
          name: "thresholdLogarithm", shape: [thresholdParameters], role: .gain,
          beginning: .constant(logarithm(description.threshold))))
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

  // Whether a stream has begun, and the decays and thresholds a step uses, so that it computes no exponential, are kept in
  // front of the neurons' state.
  private let derivedCount: Int
  private var derivedDecays: Int { decayParameters > 0 ? 2 * units : 0 }
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
  func derive(
    _ parameters: UnsafePointer<Scalar>, decay: UnsafeMutablePointer<Scalar>, scale: UnsafeMutablePointer<Scalar>
  ) {
    for unit in 0..<units {
      let logit = parameters[decayParameters == 1 ? 0 : unit]
      decay[unit] = 1 / (1 + Scalar(exponential(Double(-logit))))
      scale[unit] = Self.scale(of: decay[unit], description)
    }
  }

  /// Threshold of each unit from the learned logarithms.
  func deriveThresholds(_ parameters: UnsafePointer<Scalar>, into thresholds: UnsafeMutablePointer<Scalar>) {
    for unit in 0..<units {
      let logarithm = parameters[decayParameters + (thresholdParameters == 1 ? 0 : unit)]
      thresholds[unit] = Scalar(exponential(Double(logarithm)))
    }
  }

  /// Where a stream's state has the thresholds, if they are learned.
  private func thresholds(_ state: UnsafeMutablePointer<Scalar>) -> UnsafePointer<Scalar>? {
    thresholdParameters > 0 ? UnsafePointer(state + 1 + derivedDecays) : nil
  }

  /// What a stream has before its first step.
  private func begin(_ state: UnsafeMutablePointer<Scalar>, _ parameters: UnsafePointer<Scalar>) {
    if decayParameters > 0 { derive(parameters, decay: state + 1, scale: state + 1 + units) }
    if thresholdParameters > 0 { deriveThresholds(parameters, into: state + 1 + derivedDecays) }
    (state + derivedCount).update(repeating: initialPotential, count: units)
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
    if derivedCount > 0, StreamBeginning(state).take() { begin(state, parameters) }
    let memory = state + derivedCount
    let scratch = input.workspace
    var neuron = neuron
    var current = UnsafePointer(input.values)
    if description.recurrent {
      let last = memory + units
      scratch.update(from: input.values, count: units)
      let count = Scalar.listActive(last, width: units, into: output.active)
      Scalar.scatter(
        active: output.active, count: count, last, parameters + recurrentOffset, width: units, into: scratch)
      current = UnsafePointer(scratch)
    }
    let membrane = scratch + units
    withDecays { decay, scale in
      Scalar.stepNeurons(
        &neuron, width: units, decay: decayParameters > 0 ? UnsafePointer(state + 1) : decay,
        scale: decayParameters > 0 ? UnsafePointer(state + 1 + units) : scale, thresholds: thresholds(state),
        current: current, state: memory, membrane: description.output == .membrane ? membrane : nil,
        spikes: output.values)
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
      && description.adaptationStrength == 0 && description.subthresholdStrength == 0
      && description.synapticDecay == 0
  }

  /// One step of `count` units from `first` on, all pieces of a layer for which `goesInPieces`.
  func stepPiece(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, first: Int, count: Int,
    current: UnsafePointer<Scalar>, spikes: UnsafeMutablePointer<Scalar>
  ) {
    if derivedCount > 0, StreamBeginning(state).take() { begin(state, parameters) }
    var neuron = neuron
    withDecays { decay, scale in
      Scalar.stepNeurons(
        &neuron, width: count, decay: (decayParameters > 0 ? UnsafePointer(state + 1) : decay) + first,
        scale: (decayParameters > 0 ? UnsafePointer(state + 1 + units) : scale) + first,
        thresholds: thresholds(state).map { $0 + first }, current: current, state: state + derivedCount + first,
        membrane: nil, spikes: spikes)
    }
  }

  /// Whether `backward` has gradients of the layer's own parameters to find, or looks at a sequence as a whole.
  var learns: Bool { recurrentOffset > 0 || description.recurrent || description.silentNeuronsLearnNothing }

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
    pass.ownsInput ? pass.input.values : tape(pass).membrane.sized(pass.layout.rows * units)
  }

  public func membrane(of pass: LayerPass<Scalar>) -> Buffer<Scalar>? {
    emitsSpikes ? tapedMembrane(pass) : pass.output.values
  }
}
