extension EventFormat {
  /// Text with one event a line.
  public static let csv = EventFormat(CSVFormat())
}

struct CSVFormat: EventFormatDefinition {
  let name = "csv"
  let title = "CSV"
  let endings = ["csv", "tsv", "txt"]
  /// Rows of a live text without names that tell its columns by their values.
  private static let enoughRows = 16

  func isLike(_ beginning: [UInt8], _ options: EventReadingOptions) -> Bool {
    let isWhole = beginning.count < EventFormat.detectionLength
    switch CSVDialect.find(beginning, options: options, isWhole: isWhole) {
    case .found, .unclear: return true
    case .onlyComments: return !isWhole
    case .noEvents: return false
    }
  }

  /// Whether the whole lines of a text tell its columns: by their names or by options, or by the values of many rows.
  func isSettled(_ found: [UInt8], _ options: EventReadingOptions) -> Bool {
    let bytes = LoneReturns.endLines(in: found) ? LoneReturns.replaced(found) : found
    guard let end = bytes.lastIndex(of: 10) else { return false }
    let lines = Array(bytes[...end])
    guard case .found(let dialect) = CSVDialect.find(lines, options: options, isWhole: false) else { return false }
    let rows = lines[min(dialect.headerBytes, lines.count)...].count { $0 == 10 }
    return rows >= (dialect.guesses.contains { $0.subject == .columns } ? Self.enoughRows : 1)
  }

  func refusal(of beginning: [UInt8], _ options: EventReadingOptions, source: String) -> EventFormatError? {
    ForeignText(beginning, options)?.refusal(of: source)
  }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openCSV(input, options)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    let encoder = CSVEncoder(separator: options.separatesWithTabs ? "\t" : ",")
    return try EncodingEventWriter(sink: sink, encoder: encoder, options: options)
  }
}
