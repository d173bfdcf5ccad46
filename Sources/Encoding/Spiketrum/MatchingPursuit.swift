import CKernels
import Glibc
import SoundEncoders

/// One spike of the analogue code: `coefficient` times kernel number `kernel`, beginning at `sample` of the stream.
public struct Spike: Sendable, Equatable, Hashable, Codable {
  /// Number of the kernel in the dictionary.
  public var kernel: Int
  /// First sample of the kernel, since the start of the stream.
  public var sample: Int64
  /// Amplitude of the unit-norm kernel.
  public var coefficient: Float

  /// A kernel at a place.
  public init(kernel: Int, sample: Int64, coefficient: Float) {
    self.kernel = kernel
    self.sample = sample
    self.coefficient = coefficient
  }

  /// Stream order: by time, then by kernel, then the stronger first.
  static func precedes(_ a: Spike, _ b: Spike) -> Bool {
    if a.sample != b.sample { return a.sample < b.sample }
    if a.kernel != b.kernel { return a.kernel < b.kernel }
    return abs(a.coefficient) > abs(b.coefficient)
  }
}

/// Streaming matching pursuit: what is left of the sound is explained by the kernel that fits it best, again and again.
///
/// A sliding window holds the residual and its correlation with every kernel at every start. After every hop of samples
/// the pursuit takes, best first, each atom that is settled: known a sixth of its length ahead and unrivalled, which means
/// that no better atom within that time and 2.3 ERB competes for the same sound. An atom at the edge of what is known may
/// be the flank of one that is still arriving, and waits. The oldest hop then closes and its spikes are emitted in stream
/// order, `lookAhead` samples after the longest kernel beginning there has arrived; what still waits there is dropped.
/// Without a bound on the look-ahead, or once the stream has ended, everything is known and picks are the greedy best of
/// all. Results depend on the stream alone, never on how it was cut into pushes. Samples that are not finite count as zero.
///
/// Copying is cheap before the first push: make one pursuit and copy it for each recording, so that they share the
/// dictionary. Nothing is allocated in steady state while the look-ahead is bounded.
public struct MatchingPursuit: Sendable {
  /// When the pursuit stops explaining.
  public enum Budget: Sendable, Equatable {
    /// So many spikes in each second of the stream, by their time. A second's tokens accrue with its samples, serve only
    /// atoms that start in that second, may be spent until it closes, and then expire: no second holds more, and one
    /// holds fewer only if too few atoms reached the threshold. A second is rounded to the nearest hop; the budgets of all
    /// of them add up to `floor(rate * duration)`. Within a second, tokens are saved for what is loud: an atom has to
    /// reach a price that follows the tokens left.
    case spikesPerSecond(Double)
    /// Every atom that is no more than `decibels` under the running peak, which falls by so many decibels a second, and at
    /// most so many spikes in each second: what is quiet beside what was just heard costs nothing. Unlike a rate it never
    /// spends what is left over on noise.
    case belowPeak(decibels: Double, decayDecibelsPerSecond: Double, spikesPerSecond: Double)
    /// So many spikes in all; with an unbounded look-ahead these are the best of the whole recording.
    case count(Int)
    /// Every atom that reaches the threshold.
    case threshold
    /// Until what is left has so many decibels less energy than the sound. With an unbounded look-ahead that is the SNR of
    /// the whole recording. A stream keeps it locally, so that a loud second is decoded about as well as a quiet one: every
    /// half look-ahead it finds, on a copy of the open window, down to which coefficient greedy picks reach the SNR over
    /// the look-ahead and one hop, where the longest kernel may begin and has arrived, and picks down to that. What is
    /// decoded comes within about a decibel of it, unless that takes a spike for every four samples. The copies are the
    /// only allocations of a pursuit in steady state.
    case signalToNoise(decibels: Double)
  }

  /// What a pursuit may do and how long it may wait.
  public struct Settings: Sendable, Equatable {
    /// When it stops to take kernels out.
    public var budget: Budget
    /// Whether only positive coefficients are picked: then a spike needs no sign.
    public var positiveOnly: Bool
    /// Coefficient under which nothing is picked, in units of the sound's amplitude; positive.
    public var threshold: Float
    /// Samples an atom stays open after the longest kernel beginning with it has arrived; nil waits for the end.
    public var lookAhead: Int?
    /// The coefficient that the rate is expected to reach down to, as a share of the running peak: where the price begins.
    /// Nil takes it from the first window, which misleads when a recording begins with silence. Matters for a rate and a
    /// bounded look-ahead only.
    public var startingPrice: Float?

    /// How it looks for kernels.
    public init(
      budget: Budget, positiveOnly: Bool = true, threshold: Float, lookAhead: Int?, startingPrice: Float? = nil
    ) {
      self.budget = budget
      self.positiveOnly = positiveOnly
      self.threshold = threshold
      self.lookAhead = lookAhead
      self.startingPrice = startingPrice
    }
  }

  /// The kernels that there are.
  public let dictionary: GammatoneDictionary
  /// How it looks for kernels.
  public let settings: Settings
  /// Samples between two decisions; a multiple of 32, about 4 ms.
  public let hop: Int

  var window: PursuitWindow
  /// Picked, not yet closed.
  private var open: [Spike] = []
  /// Closed together, to be put in stream order.
  private var closing: [Spike] = []
  private var budget: SpikeBudget
  /// Energy of the samples received of each hop that is still open, the oldest first.
  private var hopEnergies: [Double] = []
  private var energyBefore = 0.0
  /// Hops until the price of an SNR is found anew.
  private var hopsToTrial = 0
  /// Samples over which an open atom's rivals count for less and less.
  private var span: Int { settings.lookAhead ?? 0 }
  /// Where the budget still allows picks.
  private var ranges: [PickRange] = []
  /// Length of the stream once ``finish(emit:)`` has run.
  private var length: Int64?

  /// Throws ``EncoderError`` when a setting is outside the range its documentation gives.
  public init(dictionary: GammatoneDictionary, settings: Settings) throws(EncoderError) {
    let rate = dictionary.parameters.sampleRate
    try EncoderError.require(
      settings.threshold > 0 && settings.threshold.isFinite, "threshold", settings.threshold, "positive and finite")
    if let lookAhead = settings.lookAhead {
      try EncoderError.require(
        (0...60 * rate).contains(lookAhead), "lookAhead", lookAhead, "in 0...\(60 * rate) samples, one minute")
    }
    switch settings.budget {
    case .spikesPerSecond(let spikes):
      try EncoderError.require(
        spikes > 0 && spikes <= Double(rate), "spikesPerSecond", spikes, "over 0 and at most the sample rate, \(rate)")
    case .belowPeak(let decibels, let decay, let spikes):
      try EncoderError.require(decay >= 0 && decay.isFinite, "decayDecibelsPerSecond", decay, "0 or more")
      try EncoderError.require(decibels > 0 && decibels <= 120, "decibels", decibels, "over 0 and at most 120")
      try EncoderError.require(
        spikes > 0 && spikes <= Double(rate), "spikesPerSecond", spikes, "over 0 and at most the sample rate, \(rate)")
    case .count(let spikes):
      try EncoderError.require(spikes >= 0, "count", spikes, "0 or more")
    case .threshold: break
    case .signalToNoise(let decibels):
      try EncoderError.require(decibels > 0 && decibels <= 120, "decibels", decibels, "over 0 and at most 120")
    }
    self.dictionary = dictionary
    self.settings = settings
    let block = Int(GANGLION_PURSUIT_BLOCK)
    hop = max(1, Int((Double(rate) * 0.004 / Double(block)).rounded())) * block
    let meanLength = Int(dictionary.lengths.reduce(0, +)) / dictionary.count
    budget = SpikeBudget(
      settings.budget, floor: settings.threshold, sampleRate: rate, hop: hop, lead: meanLength * 7 / 6)
    window = PursuitWindow(dictionary, isSigned: !settings.positiveOnly, threshold: settings.threshold)
  }

  /// Samples from the start of an atom until it is final: the longest kernel, the look-ahead and one hop; nil when the
  /// pursuit waits for the end.
  public var latencySamples: Int? {
    settings.lookAhead.map { roundedUp(dictionary.longest + $0) + hop }
  }

  /// Samples received so far.
  public var received: Int64 { length ?? window.received }

  /// Whether ``finish(emit:)`` has run.
  public var isFinished: Bool { length != nil }

  /// Sample before which every spike has been emitted.
  public var closedThrough: Int64 { window.first }

  /// The coefficient that the rate reaches down to at present, as a share of the running peak: where
  /// ``Settings/startingPrice`` would begin for more of the same sound. Nil for other budgets, and before the first window
  /// is full.
  public var price: Float? { budget.currentShare }

  /// Multiply-accumulates so far: correlations, their corrections and what is subtracted, those of trials included.
  public var multiplications: Int64 { window.multiplications }

  /// Energy of the samples received: the sum of their squares.
  public var inputEnergy: Double { window.inputEnergy }

  /// Energy of what the emitted spikes leave unexplained, over the samples before ``closedThrough`` and, after the end,
  /// over the whole stream and the ringing of its last kernels.
  public var residualEnergy: Double { window.closedResidualEnergy }

  /// Ratio of ``inputEnergy`` to ``residualEnergy``, dB; meaningful once the stream has ended.
  public var signalToNoiseDecibels: Double { 10 * log10(inputEnergy / residualEnergy) }

  /// Takes samples of the stream and hands over, in stream order, the spikes that have become final.
  public mutating func push(_ samples: Span<Float>, emit: (Spike) -> Void) {
    precondition(!isFinished, "samples were pushed after the end of the stream")
    var taken = 0
    while taken < samples.count {
      // Decisions fall on fixed samples of the stream, so a push stops at each of them.
      let upToHop = hop - Int(window.received % Int64(hop))
      let count = min(upToHop, samples.count - taken)
      window.append(samples.extracting(taken..<taken + count))
      taken += count
      if window.received % Int64(hop) == 0 { decide(emit) }
    }
  }

  /// Ends the stream: decides everything that is still open and hands it over.
  public mutating func finish(emit: (Spike) -> Void) {
    guard !isFinished else { return }
    let end = window.received
    length = end
    budget.accrue(through: end)
    // Kernels may ring on past the end; what follows it is silence.
    let last = roundedUp(Int(end - window.first)) + roundedUp(dictionary.longest)
    window.appendSilence(last - Int(end - window.first))
    window.correlate(startsBefore: end)
    if case .signalToNoise = settings.budget { noteEnergy() }
    let target = residualTarget(hops: hopEnergies.count)
    budget.setPrice(settings.threshold)
    var left = Double.infinity
    while true {
      if target != nil, open.count > mostPicks(in: Int(end - window.first)) { break }
      if let target, left <= target || left == .infinity {
        // Measured anew where it counts: subtracting squares of coefficients gathers their rounding.
        left = window.openResidualEnergy(before: window.received)
        if left <= target { break }
      }
      guard budget.spendable(from: window.first, to: min(end, window.startsEnd), isLast: true, into: &ranges),
        let spike = window.pick(in: ranges)
      else { break }
      budget.spend(at: spike.sample, coefficient: spike.coefficient)
      open.append(spike)
      left -= Double(spike.coefficient) * Double(spike.coefficient)
    }
    close(through: end, emit)
    window.closeRinging()
  }

  private mutating func decide(_ emit: (Spike) -> Void) {
    window.correlate()
    budget.accrue(through: window.received)
    if case .signalToNoise = settings.budget { noteEnergy() }
    guard let latency = latencySamples, window.received - window.first >= Int64(latency) else { return }
    window.tolerance = correctionShare * budget.leastPrice
    if budget.needsShare { budget.setShare(settings.startingPrice ?? firstPrice()) }
    var isFirst = true
    var end = window.startsEnd
    if case .signalToNoise(let decibels) = settings.budget {
      end = min(end, window.first + Int64(judgedHops * hop))
      if hopsToTrial == 0 {
        budget.setPrice(price(reaching: decibels))
        hopsToTrial = max(1, span / hop / 2)
      }
      hopsToTrial -= 1
    }
    while budget.spendable(from: window.first, to: end, isLast: false, into: &ranges),
      let spike = window.pickSettled(in: ranges, span: span, isFirst: isFirst)
    {
      isFirst = false
      budget.spend(at: spike.sample, coefficient: spike.coefficient)
      open.append(spike)
    }
    budget.follow(isSilent: !window.reaches(settings.threshold))
    close(through: window.first + Int64(hop), emit)
    if case .signalToNoise = settings.budget { hopEnergies.removeFirst() }
  }

  /// Keeps the energy of the samples that have come since the last hop.
  private mutating func noteEnergy() {
    hopEnergies.append(window.inputEnergy - energyBefore)
    energyBefore = window.inputEnergy
  }

  /// How much energy may be left of the oldest hops; nil unless an SNR is to be reached.
  private func residualTarget(hops: Int) -> Double? {
    guard case .signalToNoise(let decibels) = settings.budget else { return nil }
    return hopEnergies.prefix(hops).reduce(0, +) * pow(10, -decibels / 10)
  }

  /// An SNR that takes more picks than a quarter of the samples is out of reach: each further one explains next to nothing,
  /// so that there would be no end of them.
  private func mostPicks(in samples: Int) -> Int { samples / 4 + 1 }

  /// Hops from the oldest open one in which the longest kernel may begin and has arrived.
  private var judgedHops: Int { span / hop + 1 }

  /// The coefficient down to which greedy picks bring what is left of the oldest hops under their energy by so many
  /// decibels; none is needed, and the price infinite, where it is already.
  private mutating func price(reaching decibels: Double) -> Float {
    let end = window.first + Int64(judgedHops * hop)
    guard let target = residualTarget(hops: judgedHops), window.openResidualEnergy(before: end) > target else {
      return .infinity
    }
    var trial = window
    let range = [PickRange(first: window.first, end: min(end, window.startsEnd), threshold: settings.threshold)]
    var price = Float.infinity
    defer { window.multiplications = trial.multiplications }
    for _ in 0..<mostPicks(in: judgedHops * hop) {
      guard trial.openResidualEnergy(before: end) > target, let spike = trial.pick(in: range) else { break }
      price = min(price, abs(spike.coefficient))
    }
    return price
  }

  /// The share of their peak that the tokens of the first window reach down to when they are spent on it greedily.
  private mutating func firstPrice() -> Float {
    guard case .spikesPerSecond(let rate) = settings.budget else { return 1 }
    var trial = window
    let range = [PickRange(first: window.first, end: window.startsEnd, threshold: settings.threshold)]
    var (price, peak) = (settings.threshold, settings.threshold)
    defer { window.multiplications = trial.multiplications }
    for _ in 0..<Int(rate * Double(window.received) / Double(dictionary.parameters.sampleRate)) {
      guard let spike = trial.pick(in: range) else { return settings.threshold / peak }
      price = abs(spike.coefficient)
      peak = max(peak, price)
    }
    return price / peak
  }

  private mutating func close(through end: Int64, _ emit: (Spike) -> Void) {
    closing.removeAll(keepingCapacity: true)
    var kept = 0
    for index in open.indices {
      if open[index].sample < end {
        closing.append(open[index])
      } else {
        open[kept] = open[index]
        kept += 1
      }
    }
    open.removeLast(open.count - kept)
    closing.sort(by: Spike.precedes)
    for spike in closing { emit(spike) }
    window.close(through: end)
  }
}

/// Rounds a number of samples up to whole blocks of the tree of maxima.
func roundedUp(_ samples: Int) -> Int {
  let block = Int(GANGLION_PURSUIT_BLOCK)
  return (samples + block - 1) / block * block
}

/// Share of the smallest coefficient in sight under which a stream does not correct correlations. A coefficient may then
/// be off by about that share of the smallest, and the energy by its square, a millionth.
private let correctionShare: Float = 1e-3
