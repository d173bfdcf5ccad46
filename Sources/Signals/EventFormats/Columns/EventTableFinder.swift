import Events

/// Settles how a table is read: by the options first, then by the names of its columns, and by its values last.
struct EventTableFinder: Sendable {
  struct Found: Sendable, Equatable {
    var columns: EventColumns
    var timeUnit: EventTimeUnit
    /// What the names say about the sensor.
    var geometry: SensorGeometry?
    /// What was taken by the looks of the values.
    var guesses: [ReadingGuess]
  }

  enum Finding: Sendable, Equatable {
    case found(Found)
    case unclear(ReadingSubject, String)
    case noEvents
  }

  /// The refusal of a recording that can be read in several ways.
  static func refusal(
    _ subject: ReadingSubject, _ what: String, of source: String, byteOffset: Int64? = nil
  ) -> EventFormatError {
    EventFormatError(
      .ambiguous, source: source, byteOffset: byteOffset, reason: what,
      remedy: subject == .polarity ? "write them as 0 and 1, or as -1 and 1" : "say how it is to be read",
      subject: subject)
  }

  let columns: [SampleColumn]
  /// Names of the columns, nil where they have none.
  var names: [ColumnName]?
  /// Whether the columns are time, x, y and polarity in this order, whatever their names are.
  var columnsAreNamed = false
  let options: EventReadingOptions
  /// Pixel array, nil where it is not known.
  var geometry: SensorGeometry?

  func find() -> Finding {
    var known = options.csv.known
    let hasAllColumns = known.count == EventColumn.allCases.count
    if columnsAreNamed {
      known = [.time: 0, .x: 1, .y: 2, .polarity: 3]
    } else if let names, !hasAllColumns {
      for column in EventColumn.allCases where known[column] == nil {
        let places = column.indices(among: names)
        guard places.count <= 1 else {
          return .unclear(
            .columns,
            "columns \(places.map { "\($0)" }.joined(separator: " and ")), counted from 0, are both named as "
              + "\(column.letter)")
        }
        known[column] = places.first
      }
      // A table with other names is none of events, whatever its values are.
      if known.isEmpty { return .noEvents }
    }
    let width = columns.isEmpty ? names?.count ?? 0 : columns.count
    guard known.values.allSatisfy({ $0 < width }) else {
      return hasAllColumns ? .unclear(.columns, "there are only \(width) columns") : .noEvents
    }
    var guesses: [ReadingGuess] = []
    let found: EventColumns
    if known.count == EventColumn.allCases.count {
      let places = EventColumn.allCases.compactMap { known[$0] }
      found = EventColumns(time: places[0], x: places[1], y: places[2], polarity: places[3])
    } else {
      guard width >= 4 else { return .noEvents }
      switch ColumnFinder(columns, known: known, sensor: geometry).find() {
      case .none: return .noEvents
      case .unclear(let what): return .unclear(.columns, what)
      case .found(let columns, let reason):
        found = columns
        guesses.append(ReadingGuess(.columns, found.description, because: reason))
      }
    }
    return settle(found, guesses: guesses, hasAllColumns: hasAllColumns)
  }

  private static func text(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? "\(value)" }

  private func settle(_ found: EventColumns, guesses: [ReadingGuess], hasAllColumns: Bool) -> Finding {
    var guesses = guesses
    func name(_ column: Int) -> ColumnName? { names.flatMap { $0.indices.contains(column) ? $0[column] : nil } }
    let times = columns.indices.contains(found.time) ? columns[found.time] : SampleColumn([], isFloatingPoint: false)
    // Named by its column or not: what holds no numbers is no time.
    if !hasAllColumns, !times.isNumeric { return .noEvents }
    if columns.indices.contains(found.polarity) {
      let polarities = columns[found.polarity]
      if let values = polarities.unclearPolarities {
        return .unclear(.polarity, "the polarities are \(values.map(Self.text).joined(separator: " and "))")
      }
      if let unsigned = polarities.unsignedMinusOne {
        guesses.append(
          ReadingGuess(.polarity, "\(unsigned) for darker", because: "-1 that was kept without its sign"))
      }
    }
    var unit = options.timeUnit ?? name(found.time)?.unit
    if unit == nil {
      switch TimeUnitFinder(times: times).find() {
      case .unclear(let what): return .unclear(.timeUnit, what)
      case .found(let likely, let reason):
        unit = likely
        guesses.append(ReadingGuess(.timeUnit, likely.rawValue, because: reason))
      }
    }
    var size: SensorGeometry?
    if let width = name(found.x)?.extent, let height = name(found.y)?.extent {
      let named = SensorGeometry(width: width, height: height)
      size = named.isValid ? named : nil
    }
    return .found(Found(columns: found, timeUnit: unit ?? .microseconds, geometry: size, guesses: guesses))
  }
}
