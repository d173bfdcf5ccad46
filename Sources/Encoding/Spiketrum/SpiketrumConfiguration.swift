import SoundEncoders

/// Everything needed to rebuild a place-code encoder: it is stored with each model.
public struct SpiketrumConfiguration: Codable, Sendable, Equatable {
  /// What an intensity is measured against.
  public enum LevelReference: Codable, Sendable, Equatable {
    /// Level edges are coefficients, in units of the sound's amplitude.
    case absolute
    /// Level edges are decibels relative to a causal running peak of the coefficients (0 is the peak itself, edges are
    /// negative): the code then does not depend on how loud the recording is. The peak decays by so many decibels a
    /// second, never under the silence threshold.
    case runningPeak(decayDecibelsPerSecond: Double)
  }

  /// The version of the code's rules that this program follows. It changes whenever the same sound would give other
  /// spikes: a network trained on the spikes of one version recognises less in those of another.
  public static let currentVersion = 2

  /// The version of the rules that made the spikes; an encoder refuses any but ``currentVersion``.
  public var version = SpiketrumConfiguration.currentVersion
  /// Samples a second of the sound, Hz.
  public var sampleRate: Int
  /// Where the filter that takes a constant offset out of the sound takes away 3 dB, Hz; nil leaves the sound as it is, as
  /// models that do not name it were trained.
  public var highPassFrequency: Double?
  /// Number of gammatone kernels.
  public var channelCount: Int
  /// Centre frequency of the lowest kernel, Hz.
  public var lowestFrequency: Double
  /// Centre frequency of the highest kernel, Hz.
  public var highestFrequency: Double
  /// Order of the gammatones.
  public var order: Int
  /// Phase of the carrier at onset, radians.
  public var phase: Double
  /// Fraction of its envelope's maximum under which a kernel is cut.
  public var truncation: Double
  /// Spikes picked in each second of the stream, at most.
  public var spikesPerSecond: Double
  /// How far under the running peak spikes are picked, dB: the rate is then only a bound. Nil picks at the rate, exactly.
  /// Needs levels relative to a running peak, and follows the same.
  public var dynamicRangeDecibels: Double?
  /// Whether only positive coefficients are picked.
  public var positiveOnly: Bool
  /// How long an atom stays open after the longest kernel beginning with it has arrived; nil is one longest kernel.
  public var lookAheadMicroseconds: Int64?
  /// Coefficient under which nothing is ever picked, in units of the sound's amplitude: silence costs nothing.
  public var silenceThreshold: Float
  /// The coefficient that the rate is expected to reach down to on typical sound, as a share of the running peak; nil takes
  /// it from the first tenth of a second, which misleads when a recording begins with silence.
  public var startingPrice: Float?
  /// Length of a network step.
  public var binMicroseconds: Int64
  /// Most spikes of one input that count within a step.
  public var countClip: Float
  /// Edges between intensity levels, ascending; one fewer than there are levels.
  public var levelEdges: [Float]
  /// What the edges are measured against.
  public var levelReference: LevelReference
  /// Drops spikes more than so many decibels under the running peak; nil keeps all. Needs a running peak.
  public var dropBelowPeakDecibels: Float?

  /// Under everything that is heard, and above the wandering of an offset.
  public static let usualHighPassFrequency = 20.0

  /// A code of 40 channels and three levels relative to the running peak.
  public init(
    sampleRate: Int, highPassFrequency: Double? = usualHighPassFrequency, channelCount: Int = 40,
    lowestFrequency: Double = 100, highestFrequency: Double? = nil, order: Int = 4, phase: Double = 0,
    truncation: Double = 1e-3, spikesPerSecond: Double = 1000,
    positiveOnly: Bool = true, lookAheadMicroseconds: Int64? = nil, silenceThreshold: Float = 0.002,
    startingPrice: Float? = nil,
    binMicroseconds: Int64 = 10_000, countClip: Float = 3, levelEdges: [Float] = [-22, -14],
    levelReference: LevelReference = .runningPeak(decayDecibelsPerSecond: 20), dropBelowPeakDecibels: Float? = nil
  ) {
    self.sampleRate = sampleRate
    self.highPassFrequency = highPassFrequency
    self.channelCount = channelCount
    self.lowestFrequency = lowestFrequency
    self.highestFrequency = highestFrequency ?? 0.45 * Double(sampleRate)
    self.order = order
    self.phase = phase
    self.truncation = truncation
    self.spikesPerSecond = spikesPerSecond
    self.positiveOnly = positiveOnly
    self.lookAheadMicroseconds = lookAheadMicroseconds
    self.silenceThreshold = silenceThreshold
    self.startingPrice = startingPrice
    self.binMicroseconds = binMicroseconds
    self.countClip = countClip
    self.levelEdges = levelEdges
    self.levelReference = levelReference
    self.dropBelowPeakDecibels = dropBelowPeakDecibels
  }

  /// Number of intensity levels.
  public var levels: Int { levelEdges.count + 1 }

  /// The kernels this configuration asks for.
  public var dictionary: GammatoneDictionary.Parameters {
    GammatoneDictionary.Parameters(
      sampleRate: sampleRate, channelCount: channelCount, lowestFrequency: lowestFrequency,
      highestFrequency: highestFrequency, order: order, phase: phase, truncation: truncation)
  }

  /// When the pursuit stops.
  var budget: MatchingPursuit.Budget {
    guard let dynamicRangeDecibels, case .runningPeak(let decay) = levelReference else {
      return .spikesPerSecond(spikesPerSecond)
    }
    return .belowPeak(
      decibels: dynamicRangeDecibels, decayDecibelsPerSecond: decay, spikesPerSecond: spikesPerSecond)
  }

  /// The pursuit at the beginning of a stream.
  package func makePursuit(_ dictionary: GammatoneDictionary) throws(EncoderError) -> MatchingPursuit {
    let lookAhead = lookAheadMicroseconds.map { Int((Double($0) * Double(sampleRate) / 1e6).rounded()) }
    return try MatchingPursuit(
      dictionary: dictionary,
      settings: .init(
        budget: budget, positiveOnly: positiveOnly, threshold: silenceThreshold,
        lookAhead: lookAhead ?? dictionary.longest, startingPrice: startingPrice))
  }

  /// Throws ``EncoderError`` when the place code cannot be built; the dictionary and the pursuit check the rest.
  func checkPlaceCode() throws(EncoderError) {
    guard version == Self.currentVersion else {
      throw .version(encoder: Self.kind, found: version, known: Self.currentVersion)
    }
    if let startingPrice {
      try EncoderError.require(
        startingPrice > 0 && startingPrice <= 1, "startingPrice", startingPrice, "over 0 and at most 1")
    }
    if let highPassFrequency {
      try EncoderError.require(
        highPassFrequency > 0 && highPassFrequency < lowestFrequency, "highPassFrequency", highPassFrequency,
        "over 0 and under lowestFrequency")
    }
    try EncoderError.require(binMicroseconds > 0, "binMicroseconds", binMicroseconds, "positive")
    try EncoderError.require(countClip > 0, "countClip", countClip, "positive")
    try EncoderError.require(
      levelEdges.allSatisfy(\.isFinite) && zip(levelEdges, levelEdges.dropFirst()).allSatisfy(<),
      "levelEdges", levelEdges.description, "finite and strictly ascending")
    if let lookAheadMicroseconds {
      try EncoderError.require(
        lookAheadMicroseconds >= 0, "lookAheadMicroseconds", lookAheadMicroseconds, "0 or more")
    }
    if case .runningPeak(let decay) = levelReference {
      try EncoderError.require(decay >= 0 && decay.isFinite, "decayDecibelsPerSecond", decay, "0 or more")
    } else {
      try EncoderError.require(
        dropBelowPeakDecibels == nil, "dropBelowPeakDecibels", dropBelowPeakDecibels?.description ?? "nil",
        "nil unless levels are relative to the running peak")
      try EncoderError.require(
        dynamicRangeDecibels == nil, "dynamicRangeDecibels", dynamicRangeDecibels?.description ?? "nil",
        "nil unless levels are relative to the running peak")
    }
  }
}
