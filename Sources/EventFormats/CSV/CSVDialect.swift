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
  public var xColumn: Int?
  public var yColumn: Int?
  public var polarityColumn: Int?

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
}

/// The separator, columns, time unit and header of a text with one event a line.
struct CSVDialect: Sendable, Equatable {
  var separator: UInt8
  var timeColumn: Int
  var xColumn: Int
  var yColumn: Int
  var polarityColumn: Int
  var timeUnit: EventTimeUnit
  var hasHeader: Bool
  var geometry: SensorGeometry?

  /// Finds the dialect of a text by its first lines; nil when they hold no events.
  ///
  /// Without names in a first line: the polarity is the column in which only 0, 1 and -1 occur, the time the one that
  /// never falls and ends highest, x and y the other two in order. A time with a point is in seconds.
  init?(_ bytes: [UInt8], options: EventReadingOptions = EventReadingOptions()) {
    guard !bytes.isEmpty, bytes.allSatisfy(isTextByte) else { return nil }
    var lines = bytes.split(separator: 10)
    // The last line of a prefix may be cut.
    if bytes.last != 10, lines.count > 1 { lines.removeLast() }
    lines = lines.filter { line in
      guard let first = line.first(where: { !Self.isBlank($0) }) else { return false }
      return first != UInt8(ascii: "#") && first != UInt8(ascii: "%")
    }
    guard let first = lines.first else { return nil }
    if let asked = options.csv.separator {
      guard let byte = asked.asciiValue else { return nil }
      separator = byte
    } else {
      separator = ",;\t".utf8.first { first.contains($0) } ?? Self.anyBlank
    }
    let rows = lines.prefix(256).map { [separator] in Self.fields($0, separator: separator) }
    guard let head = rows.first, head.count >= 4 else { return nil }
    let names = head.map { $0.lowercased() }
    hasHeader = names.contains { Self.number($0) == nil && !Self.polarityWords.contains($0) }
    let data = hasHeader ? Array(rows.dropFirst()) : rows
    guard let columns = Self.columns(names: hasHeader ? names : nil, rows: data, options: options.csv) else {
      return nil
    }
    (timeColumn, xColumn, yColumn, polarityColumn) = columns
    let times = data.compactMap { $0.count > columns.0 ? $0[columns.0] : nil }
    if !hasHeader || data.count > 0 {
      guard times.allSatisfy({ Self.number($0) != nil }) else { return nil }
    }
    if let unit = options.timeUnit {
      timeUnit = unit
    } else if hasHeader, let unit = Self.unit(inName: names[timeColumn]) {
      timeUnit = unit
    } else {
      let hasPoint = times.contains { time in
        time.utf8.contains(UInt8(ascii: ".")) && !time.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") }
      }
      timeUnit = hasPoint ? .seconds : .microseconds
    }
    geometry = hasHeader ? Self.geometry(names: names, xColumn, yColumn) : nil
  }

  /// The same for the kernel.
  var kernel: ganglion_csv_dialect {
    let (places, divisor): (Int32, Int64) =
      switch timeUnit {
      case .nanoseconds: (0, 1000)
      case .microseconds: (0, 1)
      case .milliseconds: (3, 1)
      case .seconds: (6, 1)
      }
    return ganglion_csv_dialect(
      time_column: Int32(timeColumn), x_column: Int32(xColumn), y_column: Int32(yColumn),
      polarity_column: Int32(polarityColumn), time_places: places, time_divisor: divisor, separator: separator)
  }

  private static let polarityWords: Set<String> = ["true", "false", "on", "off"]

  private static func number(_ text: String) -> Double? {
    guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return nil }
    return Double(text)
  }

  /// As a separator, a blank stands for any run of white space.
  private static let anyBlank = UInt8(ascii: " ")

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  private static func fields(_ line: ArraySlice<UInt8>, separator: UInt8) -> [String] {
    let parts =
      separator == anyBlank
      ? line.split(whereSeparator: isBlank) : line.split(separator: separator, omittingEmptySubsequences: false)
    return parts.map { part in
      var text = part.drop(while: isBlank)
      while let last = text.last, isBlank(last) { text.removeLast() }
      return String(decoding: text, as: UTF8.self)
    }
  }

  private static func columns(
    names: [String]?, rows: [[String]], options: CSVOptions
  ) -> (Int, Int, Int, Int)? {
    var time = options.timeColumn
    var x = options.xColumn
    var y = options.yColumn
    var polarity = options.polarityColumn
    if let names {
      for (index, name) in names.enumerated() {
        var base = name.prefix { $0 != "@" && $0 != "[" && $0 != "(" && $0 != " " }
        if let suffix = ["_ns", "_us", "_ms", "_s"].first(where: { base.hasSuffix($0) }) {
          base = base.dropLast(suffix.count)
        }
        switch base {
        case "t", "ts", "time", "timestamp", "timestamps":
          time = time ?? index
        case "x", "col", "column": x = x ?? index
        case "y", "row": y = y ?? index
        case "p", "pol", "polarity", "on": polarity = polarity ?? index
        default: break
        }
      }
    } else {
      let width = rows.map(\.count).min() ?? 0
      guard width >= 4, rows.count >= 2 || time != nil else { return nil }
      let columns = (0..<width).map { column in rows.map { number($0[column]) } }
      func isPolarity(_ column: Int) -> Bool {
        rows.allSatisfy { row in
          ["0", "1", "-1"].contains(row[column]) || polarityWords.contains(row[column].lowercased())
        }
      }
      func rises(_ column: Int) -> Bool {
        let values = columns[column].compactMap { $0 }
        return values.count == rows.count && zip(values, values.dropFirst()).allSatisfy { $0 <= $1 }
          && values.first != values.last
      }
      let rising = (0..<width).filter { $0 != polarity && rises($0) }
      // Pixels have no fractions: a column with points is the time.
      let fractional = rising.first { column in
        rows.contains { $0[column].utf8.contains(UInt8(ascii: ".")) }
      }
      func end(_ column: Int) -> Double { columns[column].last.flatMap { $0 } ?? 0 }
      time = time ?? fractional ?? rising.max { end($0) < end($1) }
      polarity = polarity ?? (0..<width).last { $0 != time && isPolarity($0) }
      let rest = (0..<width).filter { $0 != time && $0 != polarity && $0 != x && $0 != y }
      guard rows.allSatisfy({ row in rest.prefix(2).allSatisfy { number(row[$0]) != nil } }) else { return nil }
      var free = rest[...]
      if x == nil { x = free.popFirst() }
      if y == nil { y = free.popFirst() }
    }
    guard let time, let x, let y, let polarity else { return nil }
    return (time, x, y, polarity)
  }

  private static func unit(inName name: String) -> EventTimeUnit? {
    for (suffix, unit) in [
      ("ns", EventTimeUnit.nanoseconds), ("us", .microseconds), ("ms", .milliseconds), ("s", .seconds),
    ] where name.hasSuffix("_" + suffix) || name.hasSuffix("[\(suffix)]") || name.hasSuffix("(\(suffix))") {
      return unit
    }
    return nil
  }

  private static func geometry(names: [String], _ x: Int, _ y: Int) -> SensorGeometry? {
    func extent(_ name: String) -> Int? {
      name.split(separator: "@").dropFirst().first.flatMap { Int($0) }
    }
    guard let width = extent(names[x]), let height = extent(names[y]) else { return nil }
    let geometry = SensorGeometry(width: width, height: height)
    return geometry.isValid ? geometry : nil
  }
}
