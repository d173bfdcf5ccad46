/// The tokens a pursuit pays for spikes with, in stream time.
struct SpikeBudget: Sendable {
  private let kind: MatchingPursuit.Budget
  private let sampleRate: Double
  /// Samples in one accounting second, a multiple of the hop.
  private let second: Int64
  /// Samples whose tokens have accrued.
  private var accrued: Int64 = 0
  /// Number of the second whose spending is `spent[0]`.
  private var oldest: Int64 = 0
  /// Spikes picked in each second that is still open; for a count, the spikes picked in all.
  private var spent: [Int] = [0]

  init(_ kind: MatchingPursuit.Budget, sampleRate: Int, hop: Int) {
    self.kind = kind
    self.sampleRate = Double(sampleRate)
    second = Int64(max(1, (Double(sampleRate) / Double(hop)).rounded())) * Int64(hop)
  }

  /// Lets the tokens of all samples before `sample` accrue.
  mutating func accrue(through sample: Int64) {
    accrued = sample
  }

  /// Replaces `ranges` by the parts of the stream from `first` to `end` in which a spike can be paid for.
  mutating func spendable(from first: Int64, to end: Int64, into ranges: inout [Int64]) {
    ranges.removeAll(keepingCapacity: true)
    if first >= end { return }
    switch kind {
    case .threshold:
      ranges.append(first)
      ranges.append(end)
    case .count(let count):
      if spent[0] < count {
        ranges.append(first)
        ranges.append(end)
      }
    case .spikesPerSecond(let rate):
      forget(before: first / second)
      for number in first / second...(end - 1) / second where spent(in: number) < allowance(of: number, rate) {
        let from = max(first, number * second)
        if ranges.last == from {
          ranges[ranges.count - 1] = min(end, (number + 1) * second)
        } else {
          ranges.append(from)
          ranges.append(min(end, (number + 1) * second))
        }
      }
    }
  }

  /// Pays for a spike; true when that was the last token for its part of the stream.
  mutating func spend(at sample: Int64) -> Bool {
    switch kind {
    case .threshold: return false
    case .count(let count):
      spent[0] += 1
      return spent[0] >= count
    case .spikesPerSecond(let rate):
      let number = sample / second
      let slot = Int(number - oldest)
      while spent.count <= slot { spent.append(0) }
      spent[slot] += 1
      return spent[slot] >= allowance(of: number, rate)
    }
  }

  private func spent(in number: Int64) -> Int {
    let slot = Int(number - oldest)
    return slot < spent.count ? spent[slot] : 0
  }

  private func allowance(of number: Int64, _ rate: Double) -> Int {
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
