/// The first values of one column of a table, and what they could be.
struct SampleColumn: Sendable, Equatable {
  /// Values in order; NaN for what is no number.
  let values: [Double]
  /// Whether it is written as words: on, off, true, false.
  let hasWords: Bool
  /// Whether it is kept or written as floating point, whole values included.
  let isFloatingPoint: Bool

  /// Whether every value is a finite number.
  let isNumeric: Bool
  /// Whether every value is a whole number.
  let isWhole: Bool
  let least: Double
  let greatest: Double
  /// Steps from one value to the next that go down, and up.
  let falls: Int
  let rises: Int
  /// Different values; ends at ten.
  let distinct: Set<Double>

  init(_ values: [Double], hasWords: Bool = false, isFloatingPoint: Bool) {
    self.values = values
    self.hasWords = hasWords
    self.isFloatingPoint = isFloatingPoint
    isNumeric = values.allSatisfy(\.isFinite)
    isWhole = isNumeric && values.allSatisfy { $0 == $0.rounded() }
    least = values.min() ?? 0
    greatest = values.max() ?? 0
    var falls = 0
    var rises = 0
    for (before, after) in zip(values, values.dropFirst()) {
      if after < before { falls += 1 }
      if after > before { rises += 1 }
    }
    (self.falls, self.rises) = (falls, rises)
    var distinct: Set<Double> = []
    for value in values where distinct.count < 10 { distinct.insert(value) }
    self.distinct = distinct
  }

  /// A polarity has two values: 1, and 0 or -1, which may have lost its sign. Zeros and 255 are told apart later.
  var canBePolarity: Bool {
    isNumeric
      && (distinct.isSubset(of: [0, 1]) || distinct.isSubset(of: [-1, 1]) || distinct == [0, 255]
        || unsignedMinusOne != nil)
  }

  /// The two values of a polarity of which is not known which is brighter: 0 and 255, 1 and 2.
  var unclearPolarities: [Double]? {
    guard distinct.count == 2, isNumeric, !(canBePolarity && distinct.contains(1)) else { return nil }
    return distinct.sorted()
  }

  /// What stands for -1 in a column of polarities that have lost their sign, as text; nil in any other column.
  var unsignedMinusOne: String? {
    for bits in [8, 16, 32, 64] {
      let value = UInt64.max >> UInt64(64 - bits)
      if distinct == [Double(value), 1] || distinct == [Double(value)] { return "\(value)" }
    }
    return nil
  }

  /// Pixels are whole numbers inside the sensor.
  func canBePixel(below extent: Int) -> Bool {
    isWhole && !hasWords && !values.isEmpty && least >= 0 && greatest < Double(extent)
  }

  var canBeTime: Bool { isNumeric && !hasWords && !values.isEmpty }

  /// A running number of the rows, which some writers put in front.
  var isRunningNumber: Bool {
    values.count >= 3 && isWhole && zip(values, values.dropFirst()).allSatisfy { $1 == $0 + 1 }
  }

  /// Hardly ever falls, and does rise: as times do, steps back included.
  var isSteady: Bool { rises > 0 && 50 * falls <= values.count - 1 }

  /// Falls so often that it cannot be a time in order.
  var isRestless: Bool { 10 * falls >= max(values.count - 1, 1) }
}
