import CKernels
import Events

/// Unit of the time column of a text.
public enum EventTimeUnit: String, Sendable, Codable, CaseIterable {
  case nanoseconds = "ns"
  case microseconds = "us"
  case milliseconds = "ms"
  case seconds = "s"
}

/// How the columns of a text or array are to be read; what is nil is found by looking at the beginning.
public struct CSVOptions: Sendable, Equatable {
  /// One byte between fields; a blank stands for any run of white space.
  public var separator: Character?
  /// Columns counted from 0.
  public var timeColumn: Int?
  /// Column of the pixel's column, counted from 0.
  public var xColumn: Int?
  /// Column of the pixel's row, counted from 0.
  public var yColumn: Int?
  /// Column of the polarity, counted from 0.
  public var polarityColumn: Int?

  /// All of it is found.
  public init() {}

  /// The columns of time, x, y and polarity as `0,1,2,3`; nil unless all four are given.
  public var columns: String? {
    guard let timeColumn, let xColumn, let yColumn, let polarityColumn else { return nil }
    return "\(timeColumn),\(xColumn),\(yColumn),\(polarityColumn)"
  }

  /// Reads `0,1,2,3`: the columns of time, x, y and polarity, counted from 0; nil if it is anything else.
  public init?(columns text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let columns = parts.compactMap { Int($0.filter { $0 != " " }) }
    guard parts.count == 4, columns.count == 4, columns.allSatisfy({ $0 >= 0 }), Set(columns).count == 4 else {
      return nil
    }
    timeColumn = columns[0]
    xColumn = columns[1]
    yColumn = columns[2]
    polarityColumn = columns[3]
  }

  /// The columns that are given.
  var known: [EventColumn: Int] {
    var known: [EventColumn: Int] = [:]
    known[.time] = timeColumn
    known[.x] = xColumn
    known[.y] = yColumn
    known[.polarity] = polarityColumn
    return known
  }
}

/// The separator, columns, time unit and header of a text with one event a line.
struct CSVDialect: Sendable, Equatable {
  /// What the beginning of a text is.
  enum Finding: Sendable, Equatable {
    case found(CSVDialect)
    /// Events, but not how: what is not clear, and about what.
    case unclear(ReadingSubject, String)
    /// Nothing but comments so far.
    case onlyComments
    case noEvents
  }

  var separator: UInt8
  var columns: EventColumns
  var timeUnit: EventTimeUnit
  /// Bytes in front of the first row.
  var headerBytes: Int
  var geometry: SensorGeometry?
  /// What was taken by the looks of the values.
  var guesses: [ReadingGuess] = []

  /// Finds the dialect of a text by its beginning; without `isWhole`, more follows.
  static func find(_ found: [UInt8], options: EventReadingOptions, isWhole: Bool) -> Finding {
    let asked = options.csv.separator?.asciiValue
    let bytes = LoneReturns.endLines(in: found) ? LoneReturns.replaced(found) : found
    let isTextByName = options.format == .csv || options.csv.columns != nil
    guard options.csv.separator == nil || asked != nil,
      let table = TextTable(bytes, separator: asked, isWhole: isWhole, isTextByName: isTextByName)
    else { return .noEvents }
    if table.hasOnlyComments { return .onlyComments }
    var names = table.names
    if let found = names, table.width > 0, found.count != table.width {
      // R writes a name in front of every row, and none above them.
      guard found.count == table.width - 1 else {
        return .unclear(.columns, "the line of names has \(found.count) fields, the rows have \(table.width)")
      }
      names = [ColumnName("")] + found
    }
    let columns = table.columns()
    let finder = EventTableFinder(
      columns: columns, names: names, options: options, geometry: options.geometry ?? table.geometry)
    switch finder.find() {
    case .noEvents: return .noEvents
    case .unclear(let subject, let what): return .unclear(subject, what)
    case .found(let found):
      return .found(
        CSVDialect(
          separator: table.separator, columns: found.columns, timeUnit: found.timeUnit,
          headerBytes: table.headerBytes, geometry: table.geometry ?? found.geometry, guesses: found.guesses))
    }
  }

  /// The same for the kernel.
  var kernel: ganglion_csv_dialect {
    ganglion_csv_dialect(
      time_column: Int32(columns.time), x_column: Int32(columns.x), y_column: Int32(columns.y),
      polarity_column: Int32(columns.polarity), time_places: Int32(timeUnit.places), darker: 1, separator: separator)
  }
}
