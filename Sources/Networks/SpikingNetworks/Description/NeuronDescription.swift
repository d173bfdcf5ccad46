import Settings

/// A layer of leaky integrate-and-fire neurons in any of the field's dialects.
///
/// ```
/// i[t] = synapticDecay · i[t−1] + I[t] (+ V s[t−1] if recurrent)      i = I where synapticDecay is 0
/// u[t] = decay · v[t−1] + scale · i[t]
/// s[t] = 1 if u[t] ≥ θ + β a[t], a[t] = ρ a[t−1] + s[t−1], and the neuron is not refractory
/// v[t] = (1 − s) u  (hard)   u − θ s  (soft)   u, with θ s subtracted from u[t+1]  (softLate)   u  (none)
/// ```
/// Before the first step v is `initialPotential`, everything else zero.
///
/// With `maximumSpikes` above one a neuron sends a count: it is the same neuron run in as many finer steps, of which the
/// first takes leak and input and the others neither, with the step's threshold θ' = θ + β a[t] in all of them:
/// ```
/// s[t] = min(maximumSpikes, max(0, ⌊u / θ'⌋))      v[t] = u − θ' s      ds/du = Σₖ surrogate(u − k θ'), k in 1...maximumSpikes
/// ```
/// With `subthresholdStrength` α the adaptation is a current that the membrane drives as well, and θ' is θ (adLIF; Bittar
/// and Garner, Frontiers in Neuroscience 16, 2022): w[t] = ρ w[t−1] + α u[t−1] + β s[t−1] is taken from i[t], with u before
/// its reset and w[0] zero.
///
/// The backward pass puts the surrogate's slope in place of ds/du. With `output: membrane` the layer hands on `u`
/// instead of spikes: a non-spiking leaky integrator when `reset` is `none` (its threshold is then without effect).
public struct NeuronDescription: Codable, Sendable, Equatable {
  public enum Reset: String, Codable, Sendable, CaseIterable { case none, hard, soft, softLate }
  public enum Surrogate: String, Codable, Sendable, CaseIterable { case triangle, sigmoid, arctan, fastSigmoid }
  /// Which decays are learned: none, one for the layer, or one for each neuron (as PLIF, Fang et al. 2021).
  public enum LearnedDecay: String, Codable, Sendable, CaseIterable { case none, layer, neuron }
  /// Which thresholds are learned, as their logarithms, so that they stay positive.
  public enum LearnedThreshold: String, Codable, Sendable, CaseIterable { case none, layer, neuron }
  /// Weight of the input: 1, or `1 − decay` so that a constant input settles at its own value.
  public enum InputScale: String, Codable, Sendable, CaseIterable { case unit, leaky }
  public enum Output: String, Codable, Sendable, CaseIterable { case spikes, membrane }

  public var decay: Double
  public var learnedDecay: LearnedDecay
  /// Half the range of the logits of decays learned for each neuron at the beginning, drawn evenly about that of `decay`:
  /// with 1 and a decay of 0.8 they begin between 0.60 and 0.92.
  public var decaySpread: Double
  public var inputScale: InputScale
  public var threshold: Double
  public var learnedThreshold: LearnedThreshold
  /// Spikes that a neuron may send in one step.
  public var maximumSpikes: Int
  /// Membrane potential with which a stream begins, under the threshold; half of it rounds what a converted network counts
  /// in few steps instead of cutting it off (Bu et al. 2022).
  public var initialPotential: Double
  public var reset: Reset
  public var resetDetached: Bool
  public var surrogate: Surrogate
  /// Half-width of the triangle; steepness of the others.
  public var surrogateWidth: Double
  public var refractorySteps: Int
  /// β: rise of the threshold by one spike; 0 for a fixed threshold (ALIF otherwise).
  public var adaptationStrength: Double
  /// ρ: decay of that rise by a step.
  public var adaptationDecay: Double
  /// α: what the membrane adds to the adaptation, which is a current then; 0 for none (adLIF otherwise).
  public var subthresholdStrength: Double
  /// Decay of the synaptic current by a step; 0 for none (CuBa-LIF otherwise).
  public var synapticDecay: Double
  /// All-to-all recurrent synapses with a delay of one step.
  public var recurrent: Bool
  /// Neurons without a spike in the whole sequence get no gradient.
  public var silentNeuronsLearnNothing: Bool
  public var output: Output

  public init(
    decay: Double = 0.8, learnedDecay: LearnedDecay = .none, inputScale: InputScale = .unit, threshold: Double = 1,
    reset: Reset = .soft, resetDetached: Bool = true, surrogate: Surrogate = .triangle, surrogateWidth: Double = 1,
    refractorySteps: Int = 0, adaptationStrength: Double = 0, adaptationDecay: Double = 0.9, synapticDecay: Double = 0,
    recurrent: Bool = false, silentNeuronsLearnNothing: Bool = false, output: Output = .spikes,
    initialPotential: Double = 0, maximumSpikes: Int = 1, learnedThreshold: LearnedThreshold = .none,
    decaySpread: Double = 0, subthresholdStrength: Double = 0
  ) {
    self.decay = decay
    self.learnedDecay = learnedDecay
    self.inputScale = inputScale
    self.threshold = threshold
    self.initialPotential = initialPotential
    self.maximumSpikes = maximumSpikes
    self.learnedThreshold = learnedThreshold
    self.decaySpread = decaySpread
    self.subthresholdStrength = subthresholdStrength
    self.reset = reset
    self.resetDetached = resetDetached
    self.surrogate = surrogate
    self.surrogateWidth = surrogateWidth
    self.refractorySteps = refractorySteps
    self.adaptationStrength = adaptationStrength
    self.adaptationDecay = adaptationDecay
    self.synapticDecay = synapticDecay
    self.recurrent = recurrent
    self.silentNeuronsLearnNothing = silentNeuronsLearnNothing
    self.output = output
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case decay, learnedDecay, inputScale, threshold, initialPotential, reset, resetDetached, surrogate, surrogateWidth,
      refractorySteps
    case adaptationStrength, adaptationDecay, synapticDecay, recurrent, silentNeuronsLearnNothing, output
    case maximumSpikes, learnedThreshold, decaySpread, subthresholdStrength
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init()
    decay = try values.number(.decay, .from(0, to: 1), or: decay)
    learnedDecay = try values.choice(.learnedDecay, or: learnedDecay)
    inputScale = try values.choice(.inputScale, or: inputScale)
    threshold = try values.number(.threshold, .over(0, to: 1_000_000), or: threshold)
    initialPotential = try values.number(.initialPotential, .from(0, under: threshold), or: initialPotential)
    reset = try values.choice(.reset, or: reset)
    resetDetached = try values.flag(.resetDetached, or: resetDetached)
    surrogate = try values.choice(.surrogate, or: surrogate)
    surrogateWidth = try values.number(.surrogateWidth, LayerBounds.surrogateWidth, or: surrogateWidth)
    refractorySteps = try values.number(.refractorySteps, .from(0, to: 100_000), or: refractorySteps)
    adaptationStrength = try values.number(.adaptationStrength, .from(0, to: 1_000_000), or: adaptationStrength)
    adaptationDecay = try values.number(.adaptationDecay, .from(0, to: 1), or: adaptationDecay)
    synapticDecay = try values.number(.synapticDecay, .from(0, under: 1), or: synapticDecay)
    recurrent = try values.flag(.recurrent, or: recurrent)
    silentNeuronsLearnNothing = try values.flag(.silentNeuronsLearnNothing, or: silentNeuronsLearnNothing)
    output = try values.choice(.output, or: output)
    maximumSpikes = try values.number(.maximumSpikes, .from(1, to: 255), or: maximumSpikes)
    learnedThreshold = try values.choice(.learnedThreshold, or: learnedThreshold)
    decaySpread = try values.number(.decaySpread, .from(0, to: 10), or: decaySpread)
    subthresholdStrength = try values.number(
      .subthresholdStrength, .from(-1_000, to: 1_000), or: subthresholdStrength)
  }

  /// Writes options that came later only where they do something, so that programs which do not know them read the rest.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(decay, forKey: .decay)
    try values.encode(learnedDecay, forKey: .learnedDecay)
    try values.encode(inputScale, forKey: .inputScale)
    try values.encode(threshold, forKey: .threshold)
    if initialPotential != 0 { try values.encode(initialPotential, forKey: .initialPotential) }
    try values.encode(reset, forKey: .reset)
    try values.encode(resetDetached, forKey: .resetDetached)
    try values.encode(surrogate, forKey: .surrogate)
    try values.encode(surrogateWidth, forKey: .surrogateWidth)
    try values.encode(refractorySteps, forKey: .refractorySteps)
    try values.encode(adaptationStrength, forKey: .adaptationStrength)
    try values.encode(adaptationDecay, forKey: .adaptationDecay)
    try values.encode(synapticDecay, forKey: .synapticDecay)
    try values.encode(recurrent, forKey: .recurrent)
    try values.encode(silentNeuronsLearnNothing, forKey: .silentNeuronsLearnNothing)
    try values.encode(output, forKey: .output)
    if maximumSpikes != 1 { try values.encode(maximumSpikes, forKey: .maximumSpikes) }
    if learnedThreshold != .none { try values.encode(learnedThreshold, forKey: .learnedThreshold) }
    if decaySpread != 0 { try values.encode(decaySpread, forKey: .decaySpread) }
    if subthresholdStrength != 0 { try values.encode(subthresholdStrength, forKey: .subthresholdStrength) }
  }
}
