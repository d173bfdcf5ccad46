import Events

/// Which column of a table holds what, counted from 0.
struct EventColumns: Sendable, Equatable {
  var time: Int
  var x: Int
  var y: Int
  var polarity: Int

  var all: [Int] { [time, x, y, polarity] }

  /// As people write it: `t=0 x=1 y=2 p=3`.
  var description: String {
    zip(EventColumn.allCases, all).map { "\($0.letter)=\($1)" }.joined(separator: " ")
  }
}

/// Tells the columns of a table without names by what their values can be: a polarity has two values, pixels are whole
/// numbers inside the sensor, and the time is what is left, or the one that does not fall.
struct ColumnFinder: Sendable {
  enum Finding: Sendable, Equatable {
    /// The only way to read the table, and why.
    case found(EventColumns, reason: String)
    /// There are several ways: what is not clear.
    case unclear(String)
    /// The table holds no events.
    case none
  }

  /// No event camera has more columns or rows: what reaches beyond is a time. A text from a larger one names its sensor.
  static let largestSensor = 4096

  let columns: [SampleColumn]
  /// What is known beforehand.
  let known: [EventColumn: Int]
  let sensor: SensorGeometry?

  init(_ columns: [SampleColumn], known: [EventColumn: Int] = [:], sensor: SensorGeometry? = nil) {
    self.columns = columns
    self.known = known
    self.sensor = sensor
  }

  func find() -> Finding {
    var ways = allWays()
    guard let first = ways.first else { return .none }
    var reason = "the only way in which the values fit"
    let times = Set(ways.map(\.time))
    if times.count > 1 {
      // A column that never changes may be the time of one frame.
      let steady = times.filter { columns[$0].isSteady }
      guard steady.count == 1, let time = steady.first,
        times.allSatisfy({ $0 == time || columns[$0].isRestless })
      else {
        return .unclear(
          "the time may be in column \(times.sorted().map(String.init).joined(separator: " or ")), counted from 0")
      }
      ways.removeAll { $0.time != time }
      reason = "column \(time) is the only one in order"
    }
    if ways.count == 1 { return .found(ways[0], reason: reason) }
    // Where the pixels are zeros and ones, too, the polarity stands where all writers put it.
    let usual = ways.filter { columns.count == 4 && Self.isUsual($0) }
    if usual.count == 1 { return .found(usual[0], reason: reason + ", and the usual order") }
    let places = Set(ways.map(\.polarity)).sorted().map(String.init)
    if places.count > 1 {
      return .unclear("the polarity may be in column \(places.joined(separator: " or ")), counted from 0")
    }
    let pixels = Set(ways.flatMap { [$0.x, $0.y] }).sorted().map(String.init)
    return .unclear(
      "with the time in column \(first.time), the pixels may be in columns \(pixels.joined(separator: " and ")), counted "
        + "from 0")
  }

  /// `t x y p`, `x y t p` and `x y p t`.
  private static func isUsual(_ way: EventColumns) -> Bool {
    [[0, 1, 2, 3], [2, 0, 1, 3], [3, 0, 1, 2]].contains(way.all)
  }

  /// Every way to read the table that no value contradicts.
  private func allWays() -> [EventColumns] {
    func candidates(_ column: EventColumn, _ fits: (SampleColumn) -> Bool) -> [Int] {
      if let place = known[column] { return columns.indices.contains(place) ? [place] : [] }
      let taken = Set(known.values)
      let isNumbered = columns.count > 4 && columns[0].isRunningNumber
      return columns.indices.filter { !taken.contains($0) && !(isNumbered && $0 == 0) && fits(columns[$0]) }
    }
    let width = sensor?.width ?? Self.largestSensor
    let height = sensor?.height ?? Self.largestSensor
    let larger = max(width, height)
    let polarities = candidates(.polarity, \.canBePolarity)
    let columnsOfX = candidates(.x) { $0.canBePixel(below: larger) }
    let columnsOfY = candidates(.y) { $0.canBePixel(below: larger) }
    func fits(_ x: Int, _ y: Int) -> Bool {
      (known[.x] != nil || columns[x].canBePixel(below: width))
        && (known[.y] != nil || columns[y].canBePixel(below: height))
    }
    let isOrderFree = known[.x] == nil && known[.y] == nil
    var ways: [EventColumns] = []
    for time in candidates(.time, \.canBeTime) {
      for polarity in polarities where polarity != time {
        for x in columnsOfX where x != time && x != polarity {
          for y in columnsOfY where y != time && y != polarity && y != x {
            // All writers put x in front of y: the other way only where the sensor asks for it.
            guard fits(x, y), !isOrderFree || x < y || !fits(y, x) else { continue }
            ways.append(EventColumns(time: time, x: x, y: y, polarity: polarity))
          }
        }
      }
    }
    return ways
  }
}
