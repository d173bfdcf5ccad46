/// Keeps events and triggers from one time up to, but without, another, microseconds.
public struct TimeSliceFilter: EventFilter {
  public let range: Range<Int64>
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private var seen: Int64 = 0
  private var first = Int64.max
  private var last = Int64.min

  public init(range: Range<Int64>, geometry: SensorGeometry?) {
    self.range = range
    self.geometry = geometry
  }

  public var name: String { "time=\(rangeText(range))" }

  public var emptiness: String? {
    guard seen > 0, removed == seen else { return nil }
    return "no event lies in \(name): those of the recording lie from \(first) to \(last) us"
  }

  public mutating func apply(_ batch: inout EventBatch) {
    let range = range
    seen += Int64(batch.count)
    for time in batch.times {
      first = min(first, time)
      last = max(last, time)
    }
    removed += batch.retain { range.contains($0.timeMicroseconds) }
    batch.triggers.removeAll { !range.contains($0.timeMicroseconds) }
  }
}

/// Keeps events by their number in the stream, from 0.
public struct CountSliceFilter: EventFilter {
  public let range: Range<Int64>
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  public var emptiness: String? {
    guard position > 0, removed == position else { return nil }
    return "there is no event in \(name): the recording has \(position), numbered from 0"
  }
  private var position: Int64 = 0

  public init(range: Range<Int64>, geometry: SensorGeometry?) {
    self.range = range
    self.geometry = geometry
  }

  public var name: String { "events=\(rangeText(range))" }

  public mutating func apply(_ batch: inout EventBatch) {
    var position = position
    let range = range
    removed += batch.retain { _ in
      defer { position += 1 }
      return range.contains(position)
    }
    self.position = position
  }
}

/// Adds to every time, microseconds.
public struct TimeShiftFilter: EventFilter {
  public let shiftMicroseconds: Int64
  public let geometry: SensorGeometry?
  public let removed: Int64 = 0

  public init(shiftMicroseconds: Int64, geometry: SensorGeometry?) {
    self.shiftMicroseconds = shiftMicroseconds
    self.geometry = geometry
  }

  public var name: String { "shift=\(shiftMicroseconds)" }

  public mutating func apply(_ batch: inout EventBatch) {
    batch.shiftTimes(by: shiftMicroseconds)
  }
}

/// Keeps at most so many events in every stretch of 1 ms, the first ones: a bound on the rate, as a camera's event rate
/// controller has.
public struct RateLimitFilter: EventFilter {
  public static let windowMicroseconds: Int64 = 1000

  /// Events a second.
  public let rate: Int64
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private var window: Int64?
  private var count: Int64 = 0

  public init(rate: Int64, geometry: SensorGeometry?) throws(EventFilterError) {
    guard rate >= 1000 else {
      throw EventFilterError(filter: "rate", reason: "a rate of \(rate) events a second is below 1000")
    }
    self.rate = rate
    self.geometry = geometry
  }

  public var name: String { "rate=\(rate)" }

  public mutating func apply(_ batch: inout EventBatch) {
    let allowed = rate * Self.windowMicroseconds / 1_000_000
    var (window, count) = (window, count)
    removed += batch.retain { event in
      let here = event.timeMicroseconds.floorDivided(by: Self.windowMicroseconds)
      if here != window {
        window = here
        count = 0
      }
      count += 1
      return count <= allowed
    }
    self.window = window
    self.count = count
  }
}

/// A range as people write it: open ends are empty.
private func rangeText(_ range: Range<Int64>) -> String {
  (range.lowerBound == .min ? "" : "\(range.lowerBound)") + ".."
    + (range.upperBound == .max ? "" : "\(range.upperBound)")
}

extension Int64 {
  /// Division rounded down, also below zero.
  func floorDivided(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
