/// How often durations fell under each of some bounds, as Prometheus counts them.
struct DurationHistogram: Equatable, Sendable {
  /// Upper bounds, microseconds; everything above the last is counted, too.
  static let bounds: [Int64] = [
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
  ]

  /// How many fell under each bound and not under the one before; the last place is for those above all.
  private var counts = [Int64](repeating: 0, count: bounds.count + 1)
  private(set) var sumMicroseconds: Int64 = 0

  mutating func add(_ microseconds: Int64) {
    counts[Self.bounds.firstIndex { microseconds <= $0 } ?? Self.bounds.count] += 1
    sumMicroseconds += microseconds
  }

  /// How many durations are no longer than each bound.
  var cumulative: [(bound: Int64, count: Int64)] {
    var sum: Int64 = 0
    return zip(Self.bounds, counts).map { bound, count in
      sum += count
      return (bound, sum)
    }
  }

  var total: Int64 { counts.reduce(0, +) }
}
