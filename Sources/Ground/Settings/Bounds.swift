/// What a number may be: an interval whose ends count or not. No interval holds what is no number.
package struct Bounds<Number: Comparable & Sendable>: Sendable, CustomStringConvertible {
  package let lower: Number
  package let upper: Number
  private let holdsLower: Bool
  private let holdsUpper: Bool

  private init(_ lower: Number, _ holdsLower: Bool, _ upper: Number, _ holdsUpper: Bool) {
    self.lower = lower
    self.upper = upper
    self.holdsLower = holdsLower
    self.holdsUpper = holdsUpper
  }

  /// Both ends count.
  package static func from(_ lower: Number, to upper: Number) -> Self { .init(lower, true, upper, true) }
  /// The lower end counts.
  package static func from(_ lower: Number, under upper: Number) -> Self { .init(lower, true, upper, false) }
  /// The upper end counts.
  package static func over(_ lower: Number, to upper: Number) -> Self { .init(lower, false, upper, true) }
  /// Neither end counts.
  package static func over(_ lower: Number, under upper: Number) -> Self { .init(lower, false, upper, false) }

  package func contains(_ number: Number) -> Bool {
    (holdsLower ? lower <= number : lower < number) && (holdsUpper ? number <= upper : number < upper)
  }

  /// As people say it: `over 0 and at most 1`.
  package var description: String {
    (holdsLower ? "at least " : "over ") + shownNumber(lower) + (holdsUpper ? " and at most " : " and under ")
      + shownNumber(upper)
  }
}

/// A number as people write it: `1` rather than `1.0`.
func shownNumber(_ number: some Any) -> String {
  let text = "\(number)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
