import Events

/// Recordings that somebody is still writing: what is there is all there may be for hours.
extension EventFormat {
  /// Rows of a text without names that tell its columns by their values.
  private static let enoughRows = 16
  /// Bytes that tell N-MNIST, which has no signature.
  private static let enoughRecords = 64 * 5

  /// Waits until the first bytes of a live recording suffice to know its format; nil where it takes all that recognition
  /// looks at, or the recording ends before.
  static func awaitFormat(
    _ input: inout InputBuffer, _ options: EventReadingOptions
  ) throws(EventFormatError) -> EventFormat? {
    while true {
      if let format = early(input.prefix(detectionLength), options) { return format }
      guard input.count < detectionLength, !input.isAtEnd else { return nil }
      try input.fill(wanted: input.count + 1)
    }
  }

  /// The format by so few bytes that more will follow; nil while they leave it open.
  private static func early(_ bytes: [UInt8], _ options: EventReadingOptions) -> EventFormat? {
    if bytes.isEmpty { return nil }
    if let format = options.format { return format == .csv && !isSettledText(bytes, options) ? nil : format }
    if bytes.first == UInt8(ascii: "%"), !isWholePropheseeHeader(bytes) { return nil }
    guard let format = detect(firstBytes: bytes, options: options) else { return nil }
    switch format {
    case .csv: return isSettledText(bytes, options) ? .csv : nil
    case .nmnist: return bytes.count >= enoughRecords ? .nmnist : nil
    default: return format
    }
  }

  /// Whether something that is no line of the header follows it.
  private static func isWholePropheseeHeader(_ bytes: [UInt8]) -> Bool {
    var input = InputBuffer(MemoryByteSource(bytes))
    guard let header = try? PropheseeHeader(&input, isWhole: false) else { return false }
    return header.hasEnd || !input.endsWithinLine && input.count > 0
  }

  /// Whether the whole lines of a text tell its columns: by their names or by options, or by the values of many rows.
  private static func isSettledText(_ found: [UInt8], _ options: EventReadingOptions) -> Bool {
    let bytes = LoneReturns.endLines(in: found) ? LoneReturns.replaced(found) : found
    guard let end = bytes.lastIndex(of: 10) else { return false }
    let lines = Array(bytes[...end])
    guard case .found(let dialect) = CSVDialect.find(lines, options: options, isWhole: false) else { return false }
    let rows = lines[min(dialect.headerBytes, lines.count)...].count { $0 == 10 }
    return rows >= (dialect.guesses.contains { $0.subject == .columns } ? enoughRows : 1)
  }
}
