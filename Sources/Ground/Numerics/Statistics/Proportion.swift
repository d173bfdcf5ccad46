/// A share of right answers with its 95 % interval (Wilson 1927).
public struct Proportion: Sendable, Equatable, Codable {
  public let right: Int
  public let total: Int

  public init(right: Int, total: Int) {
    self.right = right
    self.total = total
  }

  public var share: Double { total == 0 ? 0 : Double(right) / Double(total) }

  /// Bounds of the share, each within 0...1.
  public var interval: ClosedRange<Double> { Self.interval(share: share, total: total) }

  /// Bounds of a share of so many, which may be a mean of several shares.
  public static func interval(share: Double, total: Int) -> ClosedRange<Double> {
    guard total > 0 else { return 0...1 }
    let z = 1.959964
    let n = Double(total)
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
  }

  /// For example `97.2 % (94.3 to 98.6)`.
  public var text: String {
    "\(Self.percent(share)) % (\(Self.percent(interval.lowerBound)) to \(Self.percent(interval.upperBound)))"
  }

  /// A share as per cent with one digit behind the point.
  public static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
