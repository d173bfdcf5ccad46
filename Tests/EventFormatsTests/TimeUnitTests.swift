import Testing

@testable import EventFormats

/// Which unit times have by their values.
@Suite struct TimeUnitTests {
  private func find(_ times: [Double], isFloatingPoint: Bool = false) -> EventTimeUnit? {
    let column = SampleColumn(times, isFloatingPoint: isFloatingPoint)
    guard case .found(let unit, let reason) = TimeUnitFinder(times: column).find() else { return nil }
    #expect(!reason.isEmpty)
    return unit
  }

  /// 200 events, so many a second of the unit, a little apart from each other.
  private func steps(_ step: Double, from start: Double = 0) -> [Double] {
    (0..<200).map { start + (Double($0) + Double($0 * 7 % 5) / 10) * step }
  }

  @Test func wholeNumbersAreMicroseconds() {
    #expect(find([100, 250, 3_000_001]) == .microseconds)
    #expect(find(steps(130).map { $0.rounded() }) == .microseconds)
    #expect(find([1_600_000_000_000_000, 1_600_000_000_000_090]) == .microseconds)
    #expect(find([57_922_807_588]) == .microseconds)
    #expect(find([-40_000, 100]) == .microseconds)
  }

  @Test func clocksSince1970AreToldByTheirDigits() {
    #expect(find([1_468_939_993_068_567_040]) == .nanoseconds)
    #expect(find([1_468_939_993_068_567_040], isFloatingPoint: true) == .nanoseconds)
    #expect(find([1_504_645_177.42]) == .seconds)
    #expect(find([1_504_645_177_421.5]) == .milliseconds)
    #expect(find([1_504_645_177_421_086.5]) == .microseconds)
    // 13 digits are milliseconds, or a camera that has run for weeks.
    #expect(find([1_504_645_177_421]) == nil)
    // As milliseconds, these would be two events a second.
    #expect(find(steps(500, from: 1_504_645_177_421).map { $0.rounded() }) == .microseconds)
  }

  @Test func fractionsAreSecondsWhereTheRateAllowsIt() {
    #expect(find([1.5, 1.75, 2.25], isFloatingPoint: true) == .seconds)
    #expect(find(steps(0.00013), isFloatingPoint: true) == .seconds)
    // 7 events a second, or 7000: not safe.
    #expect(find(steps(0.14), isFloatingPoint: true) == nil)
    // 0.007 events a second, 7, or 7000.
    #expect(find(steps(140.3), isFloatingPoint: true) == .microseconds)
  }

  @Test func wholeFloatingPointIsWhatManyOfThemAre() {
    #expect(find([255, 446, 599, 680, 773], isFloatingPoint: true) == .microseconds)
    #expect(find([1000, 1250, 3_000_001], isFloatingPoint: true) == .microseconds)
    #expect(find([1, 2], isFloatingPoint: true) == nil)
    #expect(find([0, 0, 0], isFloatingPoint: true) == nil)
  }

  @Test func thousandsMayBeNanoseconds() {
    #expect(find(steps(13).map { 1000 * $0.rounded() }) == nil)
    // Every millisecond an event, or more of them: a simulation's steps.
    #expect(find((0..<200).map { 1000 * Double($0) }) == .microseconds)
  }
}
