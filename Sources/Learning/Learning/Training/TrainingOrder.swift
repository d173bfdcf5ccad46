import Foundation
import Numerics

/// In which order an epoch takes the recordings.
enum TrainingOrder {
  /// Every recording once, or, with a balance, as many drawn with replacement in proportion to their label's count to the
  /// power of −`balance`: with 1 all labels come as often.
  static func drawn(targets: [Int], balance: Double, _ random: inout RandomStream) -> [Int] {
    guard balance > 0 else {
      var order = Array(targets.indices)
      random.shuffle(&order)
      return order
    }
    var counts: [Int: Int] = [:]
    for target in targets { counts[target, default: 0] += 1 }
    var sums: [Double] = []
    for target in targets { sums.append((sums.last ?? 0) + pow(Double(counts[target, default: 1]), -balance)) }
    let total = sums.last ?? 0
    return sums.indices.map { _ in
      let drawn = random.uniform() * total
      // The first whose sum lies above.
      var (low, high) = (0, sums.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if sums[middle] > drawn { high = middle } else { low = middle + 1 }
      }
      return low
    }
  }
}
