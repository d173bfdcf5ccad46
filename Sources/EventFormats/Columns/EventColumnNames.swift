import CKernels

/// The names under which tools keep the four columns of events.
enum EventColumn: Int, CaseIterable, Sendable {
  case time, x, y, polarity

  var names: [String] {
    switch self {
    case .time: ["t", "ts", "time", "times", "timestamp", "timestamps"]
    case .x: ["x", "xs", "col"]
    case .y: ["y", "ys", "row"]
    case .polarity: ["p", "ps", "pol", "polarity", "polarities", "on"]
    }
  }

  /// Which of some names holds this column.
  func name(among names: [String]) -> String? {
    self.names.lazy.compactMap { wanted in names.first { $0.lowercased() == wanted } }.first
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
}
