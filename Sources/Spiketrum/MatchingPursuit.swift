import CKernels

/// One spike of the analogue code: `coefficient` times kernel number `kernel`, beginning at `sample` of the stream.
public struct Spike: Sendable, Equatable, Hashable, Codable {
  /// Number of the kernel in the dictionary.
  public var kernel: Int
  /// First sample of the kernel, since the start of the stream.
  public var sample: Int64
  /// Amplitude of the unit-norm kernel.
  public var coefficient: Float

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
/// A sliding window holds the residual and its correlation with every kernel at every start. Each time one more `hop` of
/// samples is complete and the window is full, the pursuit spends its budget on the greedy best atoms anywhere in the
/// window (over kernels and time), then closes the oldest hop: spikes that start there are final and are emitted in
/// stream order. An atom is closed `lookAhead` samples after the longest kernel that starts with it has arrived.
/// Results depend on the stream alone, never on how it was cut into pushes. Samples that are not finite count as zero.
///
/// Copying is cheap before the first push: make one pursuit and copy it for each recording, so that they share the
/// dictionary. Nothing is allocated in steady state while the look-ahead is bounded.
public struct MatchingPursuit: Sendable {
  /// When the pursuit stops explaining.
  public enum Budget: Sendable, Equatable {
    /// So many spikes in each second of the stream, by their time. A second's tokens accrue with its samples, serve only
    /// atoms that start in that second, may be spent until it closes, and then expire: no second holds more, and one
    /// holds fewer only if too few atoms reached the threshold. A second is rounded to the nearest hop; the budgets
    /// of all of them add up to `floor(rate * duration)`.
    case spikesPerSecond(Double)
    /// So many spikes in all; with an unbounded look-ahead these are the best of the whole recording.
    case count(Int)
    /// Every atom that reaches the threshold.
    case threshold
  }

  /// What a pursuit may do and how long it may wait.
  public struct Settings: Sendable, Equatable {
    public var budget: Budget
    /// Whether only positive coefficients are picked: then a spike needs no sign.
    public var positiveOnly: Bool
    /// Coefficient under which nothing is picked, in units of the sound's amplitude; positive.
    public var threshold: Float
    /// Samples an atom stays open after the longest kernel beginning with it has arrived; nil waits for the end.
    public var lookAhead: Int?

    public init(budget: Budget, positiveOnly: Bool = true, threshold: Float, lookAhead: Int?) {
      self.budget = budget
      self.positiveOnly = positiveOnly
      self.threshold = threshold
      self.lookAhead = lookAhead
    }
  }

  public let dictionary: GammatoneDictionary
  public let settings: Settings
  /// Samples between two decisions; a multiple of 32, about 4 ms.
  public let hop: Int

  var window: PursuitWindow
  /// Picked, not yet closed.
  private var open: [Spike] = []
  /// Closed together, to be put in stream order.
  private var closing: [Spike] = []
  private var budget: SpikeBudget
  /// Where the budget still allows picks: pairs of stream samples, first and end.
  private var ranges: [Int64] = []
  /// Length of the stream once ``finish(emit:)`` has run.
  private var length: Int64?

  /// Throws ``SpiketrumError`` when a setting is outside the range its documentation gives.
  public init(dictionary: GammatoneDictionary, settings: Settings) throws(SpiketrumError) {
    let rate = dictionary.parameters.sampleRate
    try SpiketrumError.require(
      settings.threshold > 0 && settings.threshold.isFinite, "threshold", settings.threshold, "positive and finite")
    if let lookAhead = settings.lookAhead {
      try SpiketrumError.require(
        (0...60 * rate).contains(lookAhead), "lookAhead", lookAhead, "in 0...\(60 * rate) samples, one minute")
    }
    switch settings.budget {
    case .spikesPerSecond(let spikes):
      try SpiketrumError.require(
        spikes > 0 && spikes <= Double(rate), "spikesPerSecond", spikes, "over 0 and at most the sample rate, \(rate)")
    case .count(let spikes):
      try SpiketrumError.require(spikes >= 0, "count", spikes, "0 or more")
    case .threshold: break
    }
    self.dictionary = dictionary
    self.settings = settings
    let block = Int(GANGLION_PURSUIT_BLOCK)
    hop = max(1, Int((Double(rate) * 0.004 / Double(block)).rounded())) * block
    budget = SpikeBudget(settings.budget, sampleRate: rate, hop: hop)
    window = PursuitWindow(dictionary, isSigned: !settings.positiveOnly)
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
    while window.first < end {
      spend(before: end)
      if settings.lookAhead == nil {
        close(through: end, emit)
      } else {
        close(through: min(end, window.first + Int64(hop)), emit)
      }
    }
  }

  private mutating func decide(_ emit: (Spike) -> Void) {
    window.correlate()
    budget.accrue(through: window.received)
    guard let latency = latencySamples, window.received - window.first >= Int64(latency) else { return }
    spend(before: .max)
    close(through: window.first + Int64(hop), emit)
  }

  /// Picks greedy best atoms that start before `end` as long as there is budget for their second.
  private mutating func spend(before end: Int64) {
    while true {
      budget.spendable(from: window.first, to: min(end, window.startsEnd), into: &ranges)
      if ranges.isEmpty { return }
      var isLast = false
      while !isLast {
        guard let spike = window.pick(in: ranges, threshold: settings.threshold) else { return }
        open.append(spike)
        isLast = budget.spend(at: spike.sample)
      }
    }
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
