import Glibc

/// A part of the stream in which atoms may be picked, and the score they have to reach there.
struct PickRange: Sendable, Equatable {
  var first: Int64
  var end: Int64
  var threshold: Float
}

/// The tokens a pursuit pays for spikes with, in stream time, and the price they set.
///
/// A price that follows the tokens left spreads a second's spikes over what is loud in it: with a share `left` of a
/// second's tokens unspent and a share `ahead` of its time to come, the price is `base * (left / ahead)^-0.5`, and nothing
/// once its time is over, so that what is left is spent before it closes. `base` is a share of the running peak of the
/// coefficients, so that the same sound costs the same however loud it is; the share follows within ten seconds, so that
/// the ratio stays near one.
struct SpikeBudget: Sendable {
  private let kind: MatchingPursuit.Budget
  private let sampleRate: Double
  private let floor: Float
  /// The coefficient that picks reach down to; the threshold unless an SNR decides.
  private var localPrice: Float
  /// Samples in one accounting second, a multiple of the hop.
  private let second: Int64
  private let hop: Int64
  /// Samples from an atom's start to its usual pick.
  private let lead: Int64
  /// Samples whose tokens have accrued.
  private var accrued: Int64 = 0
  /// Price of a spike when tokens and time are in balance, as a share of `peak`; nil until the first window has been seen.
  private var share: Double?
  /// Running peak of the coefficients, never under the threshold.
  private var peak: Double
  /// What is left of the peak after one hop.
  private let release: Double
  /// Number of the second whose spending is `spent[0]`.
  private var oldest: Int64 = 0
  /// Spikes picked in each second that is still open; for a count, the spikes picked in all.
  private var spent: [Int] = [0]

  init(_ kind: MatchingPursuit.Budget, floor: Float, sampleRate: Int, hop: Int, lead: Int) {
    self.kind = kind
    self.floor = floor
    localPrice = floor
    self.sampleRate = Double(sampleRate)
    self.hop = Int64(hop)
    self.lead = Int64(lead)
    peak = Double(floor)
    var decay = releaseDecibelsPerSecond
    if case .belowPeak(let decibels, let decayDecibelsPerSecond, _) = kind {
      share = pow(10, -decibels / 20)
      decay = decayDecibelsPerSecond
    }
    release = pow(10, -decay / 20 * Double(hop) / Double(sampleRate))
    second = Int64(max(1, (Double(sampleRate) / Double(hop)).rounded())) * Int64(hop)
  }

  /// Lets the tokens of all samples before `sample` accrue.
  mutating func accrue(through sample: Int64) {
    accrued = sample
  }

  /// Replaces `ranges` by the parts of the stream from `first` to `end` in which a spike can be paid for, with the
  /// price, or, when the stream has ended, at no price.
  mutating func spendable(from first: Int64, to end: Int64, isLast: Bool, into ranges: inout [PickRange]) -> Bool {
    ranges.removeAll(keepingCapacity: true)
    if first >= end { return false }
    switch kind {
    case .threshold, .signalToNoise:
      ranges.append(PickRange(first: first, end: end, threshold: localPrice))
    case .count(let count):
      if spent[0] < count { ranges.append(PickRange(first: first, end: end, threshold: floor)) }
    case .belowPeak(_, _, let rate):
      forget(before: first / second)
      for number in first / second...(end - 1) / second where spent(in: number) < allowance(of: number, rate) {
        ranges.append(
          PickRange(
            first: max(first, number * second), end: min(end, (number + 1) * second), threshold: leastPrice))
      }
    case .spikesPerSecond(let rate):
      forget(before: first / second)
      for number in first / second...(end - 1) / second where spent(in: number) < allowance(of: number, rate) {
        ranges.append(
          PickRange(
            first: max(first, number * second), end: min(end, (number + 1) * second),
            threshold: isLast ? floor : price(in: number, rate)))
      }
    }
    return !ranges.isEmpty
  }

  /// Pays for a spike.
  mutating func spend(at sample: Int64, coefficient: Float) {
    peak = max(peak, Double(abs(coefficient)))
    switch kind {
    case .threshold, .signalToNoise: return
    case .count: spent[0] += 1
    case .spikesPerSecond, .belowPeak:
      let slot = Int(sample / second - oldest)
      while spent.count <= slot { spent.append(0) }
      spent[slot] += 1
    }
  }

  /// Whether a first guess of the price is wanted.
  var needsShare: Bool { if case .spikesPerSecond = kind { share == nil } else { false } }

  /// The coefficient that the rate reaches down to at present, as a share of the running peak; nil before the first window,
  /// and for other budgets.
  var currentShare: Float? { share.map { Float($0) } }

  /// The price in sight, or the threshold where there is none.
  var leastPrice: Float {
    guard let share else { return floor }
    return max(floor, Float(share * peak))
  }

  /// Sets the price, as a share of the running peak.
  mutating func setShare(_ share: Float) {
    self.share = min(1, max(leastShare, Double(share)))
  }

  /// Lets peak and price follow, once a hop. In silence there is nothing to buy at any price, so it does not fall: a word
  /// costs the same after a minute without sound as after a second.
  mutating func follow(isSilent: Bool) {
    peak = max(Double(floor), peak * release)
    guard case .spikesPerSecond(let rate) = kind, let share else { return }
    let number = max(0, accrued - lead) / second
    let balance = balance(in: number, rate)
    if isSilent && balance > 1 { return }
    let step = pow(balance, -elasticity * Double(hop) / (10 * sampleRate))
    self.share = min(1, max(leastShare, share * step))
  }

  private func price(in number: Int64, _ rate: Double) -> Float {
    guard let share else { return floor }
    let ratio = balance(in: number, rate)
    return ratio.isFinite ? max(floor, Float(share * peak * pow(ratio, -elasticity))) : floor
  }

  /// Sets the coefficient that picks reach down to where an SNR decides.
  mutating func setPrice(_ price: Float) {
    localPrice = max(floor, price)
  }

  /// Tokens left over time left, both as fractions of a second.
  private func balance(in number: Int64, _ rate: Double) -> Double {
    let whole = allowance(of: number, rate, accrued: .max)
    let left = Double(whole - spent(in: number)) / Double(max(1, whole))
    let ahead = Double((number + 1) * second + lead - accrued) / Double(second)
    if ahead <= 0 { return .infinity }
    return max(0.02, left) / min(1, max(0.3, ahead))
  }

  private func spent(in number: Int64) -> Int {
    let slot = Int(number - oldest)
    return slot >= 0 && slot < spent.count ? spent[slot] : 0
  }

  private func allowance(of number: Int64, _ rate: Double) -> Int {
    allowance(of: number, rate, accrued: accrued)
  }

  private func allowance(of number: Int64, _ rate: Double, accrued: Int64) -> Int {
    let first = number * second
    let end = max(first, min(accrued, first + second))
    return Int(Double(end) * rate / sampleRate) - Int(Double(first) * rate / sampleRate)
  }

  private mutating func forget(before number: Int64) {
    let closed = min(Int(number - oldest), spent.count)
    if closed > 0 { spent.removeFirst(closed) }
    oldest = max(oldest, number)
  }
}

/// How steeply the price falls with tokens to spare: half as steeply as the coefficients of speech fall with their rank,
/// so that the price neither lags behind a loud sound nor swings within it.
private let elasticity = 0.5

/// How fast the running peak forgets a loud sound where a rate is to be kept: slowly enough that the price hardly moves within a word, fast enough
/// that a quiet voice is heard seconds after a loud one.
private let releaseDecibelsPerSecond = 6.0

/// The price never falls under the peak by more than 100 dB.
private let leastShare = 1e-5
