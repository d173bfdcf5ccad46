/// One of the four columns of events, and the names under which tools keep it.
enum EventColumn: Int, CaseIterable, Sendable {
  case time, x, y, polarity

  var names: [String] {
    switch self {
    case .time: ["t", "ts", "time", "times", "timestamp", "timestamps", "time stamp", "time_stamp"]
    case .x: ["x", "xs", "col", "cols", "column", "columns", "u", "x_pos", "pos_x", "x_addr", "addr_x", "pixel_x"]
    case .y: ["y", "ys", "row", "rows", "v", "y_pos", "pos_y", "y_addr", "addr_y", "pixel_y"]
    case .polarity: ["p", "ps", "pol", "pols", "polarity", "polarities", "on", "sign"]
    }
  }

  /// How it is written where columns are listed.
  var letter: String {
    switch self {
    case .time: "t"
    case .x: "x"
    case .y: "y"
    case .polarity: "p"
    }
  }

  /// Which of some names hold this column: more than one where a table has the time twice.
  func indices(among names: [ColumnName]) -> [Int] {
    names.indices.filter { self.names.contains(names[$0].base) }
  }
}

/// The name of a column taken apart: `Timestamp [ns]` is a `timestamp` in nanoseconds, `x@320` an `x` of 320.
struct ColumnName: Sendable, Equatable {
  /// Without unit, extent and what stands in brackets, in small letters.
  var base: String
  /// Unit of a time.
  var unit: EventTimeUnit?
  /// Number of columns or rows, behind an `@`.
  var extent: Int?

  init(_ written: some StringProtocol) {
    var text = Substring(written.lowercased())
    if let at = text.firstIndex(of: "@") {
      extent = Int(text[text.index(after: at)...].prefix { $0.isNumber })
      text = text[..<at]
    }
    if let bracket = text.firstIndex(where: { "[(<{".contains($0) }) {
      let inner = text[text.index(after: bracket)...].prefix { !"])>}".contains($0) }
      // `time (float s)`, `timestamp(int32 us)`.
      for word in inner.split(whereSeparator: { " ,;".contains($0) }) { unit = unit ?? Self.unit(named: word) }
      text = text[..<bracket]
    }
    let separators = " _-./:"
    text = text.drop { separators.contains($0) }
    while let last = text.last, separators.contains(last) { text.removeLast() }
    // `dataset_events_t`, `event.x`.
    for prefix in ["dataset", "events", "event"] where text.hasPrefix(prefix) {
      guard let next = text.dropFirst(prefix.count).first, separators.contains(next) else { continue }
      text = text.dropFirst(prefix.count + 1)
    }
    if let cut = text.lastIndex(where: { separators.contains($0) }),
      let named = Self.unit(named: text[cut...].dropFirst())
    {
      unit = unit ?? named
      text = text[..<cut]
      while let last = text.last, separators.contains(last) { text.removeLast() }
    }
    base = String(text)
  }

  /// What tools call an array that holds columns and rows.
  static let ofPixels: Set = ["xy", "xys", "coords", "coordinates"]

  /// The unit that a word stands for, in small letters.
  static func unit(named word: some StringProtocol) -> EventTimeUnit? {
    switch String(word) {
    case "s", "sec", "secs", "second", "seconds": .seconds
    case "ms", "msec", "msecs", "millis", "millisecond", "milliseconds": .milliseconds
    case "us", "usec", "usecs", "µs", "μs", "micros", "microsecond", "microseconds": .microseconds
    case "ns", "nsec", "nsecs", "nanos", "nanosecond", "nanoseconds": .nanoseconds
    default: nil
    }
  }
}

extension EventTimeUnit {
  /// Multiplier and divisor that make microseconds.
  var factors: (multiplier: Int64, divisor: Int64) {
    switch self {
    case .nanoseconds: (1, 1000)
    case .microseconds: (1, 1)
    case .milliseconds: (1000, 1)
    case .seconds: (1_000_000, 1)
    }
  }

  /// Powers of ten from the unit to a microsecond.
  var places: Int {
    switch self {
    case .nanoseconds: -3
    case .microseconds: 0
    case .milliseconds: 3
    case .seconds: 6
    }
  }

  /// Length in seconds.
  var seconds: Double {
    switch self {
    case .nanoseconds: 1e-9
    case .microseconds: 1e-6
    case .milliseconds: 1e-3
    case .seconds: 1
    }
  }
}
