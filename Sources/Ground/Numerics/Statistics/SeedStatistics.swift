/// Mean of a figure over runs with different seeds, and its 95 % interval by Student's t.
public struct SeedStatistics: Sendable, Equatable {
  public let values: [Double]

  public init(_ values: [Double]) {
    self.values = values
  }

  public var mean: Double { values.reduce(0, +) / Double(max(values.count, 1)) }

  /// Half the width of the interval; nil for fewer than two runs, which say nothing about their spread.
  public var halfWidth: Double? {
    guard values.count > 1 else { return nil }
    let mean = mean
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return Self.quantile(freedom: values.count - 1) * (variance / Double(values.count)).squareRoot()
  }

  /// 97.5 % quantile of Student's t.
  static func quantile(freedom: Int) -> Double {
    let table = [
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
      2.110, 2.101, 2.093,
    ]
    // Beyond the table, the expansion's first terms are right to three digits.
    return freedom <= table.count
      ? table[freedom - 1] : 1.96 + 2.372 / Double(freedom) + 2.82 / Double(freedom * freedom)
  }

  /// For shares: `81.4 ± 2.3` in per cent.
  public var percentText: String {
    func tenths(_ value: Double) -> String {
      let rounded = Int((abs(value) * 1000).rounded())
      return "\(value < 0 && rounded > 0 ? "−" : "")\(rounded / 10).\(rounded % 10)"
    }
    return tenths(mean) + (halfWidth.map { " ± \(tenths($0))" } ?? "")
  }
}
