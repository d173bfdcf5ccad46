import Events

func openCSV(
  _ opened: InputBuffer, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var input = opened
  let beginning = input.prefix(EventFormat.detectionLength)
  if LoneReturns.endLines(in: beginning) { input = InputBuffer(LoneReturns(input)) }
  if options.isLive { _ = try input.require(beginning.count) }
  let dialect: CSVDialect
  do throws(EventFormatError) {
    dialect = try findDialect(&input, options)
  } catch {
    throw ForeignText(beginning, options)?.refusal(of: input.name) ?? error
  }
  if let kind = ForeignText(beginning, options, columns: dialect.columns) { throw kind.refusal(of: input.name) }
  input.consume(dialect.headerBytes)
  let separator = dialect.separator == 9 ? "tab" : String(UnicodeScalar(dialect.separator))
  return StreamingEventReader(
    input: input, decoder: CSVDecoder(dialect), format: .csv,
    encoding: "separator '\(separator)', time in \(dialect.timeUnit.rawValue), columns \(dialect.columns.description)",
    geometry: options.geometry ?? dialect.geometry, metadata: [], guesses: dialect.guesses, options: options)
}

/// Without the line that is still being written, where there is one.
private func wholeLines(_ bytes: [UInt8], _ isEarly: Bool) -> [UInt8] {
  guard isEarly, let end = bytes.lastIndex(of: 10) else { return bytes }
  return Array(bytes[...end])
}

/// Looks at as much of a text as it takes: a live one has no more than its first lines.
private func findDialect(
  _ input: inout InputBuffer, _ options: EventReadingOptions
) throws(EventFormatError) -> CSVDialect {
  var length = EventFormat.detectionLength
  while true {
    // Of a live text, what has told its format tells its columns.
    let isEarly =
      options.isLive && length == EventFormat.detectionLength && input.count <= length && !input.isAtEnd
    let isWhole = isEarly ? false : try !input.require(length + 1)
    let finding = CSVDialect.find(wholeLines(input.prefix(length), isEarly), options: options, isWhole: isWhole)
    if case .found(let dialect) = finding { return dialect }
    // Of a live text, only comments are waited for.
    if !isWhole, !options.isLive || finding == .onlyComments, length < 1 << 18 {
      length *= 8
      continue
    }
    switch finding {
    case .unclear(let subject, let what):
      throw EventTableFinder.refusal(subject, what, of: input.name, byteOffset: input.byteOffset)
    default:
      throw EventFormatError(
        .malformedHeader, source: input.name, byteOffset: input.byteOffset,
        reason: "no columns for time, x, y and polarity are found", remedy: "name the columns", subject: .columns)
    }
  }
}
