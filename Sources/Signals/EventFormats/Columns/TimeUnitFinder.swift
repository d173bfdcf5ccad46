/// Tells the unit of times by their values.
struct TimeUnitFinder: Sendable {
  enum Finding: Sendable, Equatable {
    case found(EventTimeUnit, reason: String)
    /// What is not clear.
    case unclear(String)
  }

  /// Times of clocks since 1970 lie in these years, in seconds: 1990 to 2103.
  private static let epoch = 6.3e8...4.2e9
  /// Events a second of a camera that looks at something.
  private static let rates = 10.0...1e9
  /// Fewer values say nothing about the rate.
  private static let enough = 50

  let times: SampleColumn

  func find() -> Finding {
    guard !times.values.isEmpty, times.isNumeric else {
      return .found(.microseconds, reason: "nothing else is said")
    }
    return times.isWhole ? findWhole() : findFractional()
  }

  private var magnitude: Double { max(abs(times.least), abs(times.greatest)) }

  /// Events a second if the times had this unit, without the longest pause; nil where there are too few of them.
  private func rate(_ unit: EventTimeUnit) -> Double? {
    guard times.values.count >= Self.enough else { return nil }
    let pauses = zip(times.values, times.values.dropFirst()).map { abs($1 - $0) }
    let span = times.greatest - times.least - (pauses.max() ?? 0)
    return span > 0 ? Double(times.values.count - 2) / (span * unit.seconds) : nil
  }

  private func isPlausible(_ unit: EventTimeUnit) -> Bool { rate(unit).map(Self.rates.contains) ?? true }

  /// Whether the times could be those of a clock since 1970.
  private func isEpoch(_ unit: EventTimeUnit) -> Bool { Self.epoch.contains(magnitude * unit.seconds) }

  private func findWhole() -> Finding {
    if magnitude > Self.epoch.upperBound * 1e6 {
      return .found(.nanoseconds, reason: "whole numbers of \(Self.digits(magnitude)) digits")
    }
    if isEpoch(.microseconds) {
      return .found(.microseconds, reason: "whole numbers of 16 digits, as of a clock since 1970")
    }
    if isEpoch(.milliseconds), rate(.milliseconds) == nil || isPlausible(.milliseconds) {
      return .unclear("the times may be milliseconds since 1970 or microseconds")
    }
    if times.isFloatingPoint, times.distinct.count < 5, times.distinct.count < 2 || magnitude < 1000 {
      return .unclear("the first times are whole numbers, kept as floating point: seconds or microseconds")
    }
    // Cameras count microseconds: in nanoseconds, their times are thousands.
    if let rate = rate(.microseconds), rate < 1000, times.distinct.count >= 10, areThousands {
      return .unclear("all times are thousands apart: microseconds, or nanoseconds")
    }
    return .found(.microseconds, reason: "whole numbers")
  }

  private var areThousands: Bool {
    guard let first = times.values.first else { return false }
    return times.values.allSatisfy { ($0 - first).truncatingRemainder(dividingBy: 1000) == 0 }
  }

  private func findFractional() -> Finding {
    for unit in [EventTimeUnit.seconds, .milliseconds, .microseconds, .nanoseconds] where isEpoch(unit) {
      if unit == .seconds { break }
      return .found(unit, reason: "numbers of that size, as of a clock since 1970")
    }
    let fitting = [EventTimeUnit.seconds, .milliseconds, .microseconds].filter { unit in
      isPlausible(unit) && magnitude * unit.seconds <= Self.epoch.upperBound
    }
    if fitting.first == .seconds { return .found(.seconds, reason: "numbers with fractions") }
    guard fitting.count == 1 else {
      return .unclear(
        "as seconds, the times would be \(rate(.seconds).map { $0 < 0.1 ? "less than 0.1" : "\(Self.short($0))" } ?? "few") "
          + "events a second")
    }
    return .found(fitting[0], reason: "as seconds, there would be hardly any event a second")
  }

  private static func digits(_ value: Double) -> Int { value < 9e18 ? String(Int64(value)).count : 19 }

  private static func short(_ value: Double) -> String { String(Double(Int64(value * 10)) / 10) }
}
