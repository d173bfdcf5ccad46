extension EventFormat {
  /// Bytes that recognition looks at.
  static let detectionLength = 4096

  /// The format of a recording by its first bytes, 4096 or all of them; nil for anything else.
  ///
  /// Formats without a signature are looked for where no other has signed the bytes. A text that the options make one of
  /// events is recognised, too.
  public static func detect(
    firstBytes bytes: some RandomAccessCollection<UInt8>, options: EventReadingOptions = EventReadingOptions()
  ) -> EventFormat? {
    let bytes = Array(bytes.prefix(detectionLength))
    if let format = allCases.first(where: { $0.definition.isSigned(bytes) }) { return format }
    if allCases.contains(where: { $0.definition.family?.isIn(bytes) == true }) { return nil }
    return allCases.first { $0.definition.isLike(bytes, options) }
  }

  /// Waits until the first bytes of a recording that somebody is still writing suffice to know its format: what is there
  /// is all there may be for hours. Nil where it takes all that recognition looks at, or the recording ends before.
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
    if let format = options.format { return format.definition.isSettled(bytes, options) ? format : nil }
    if allCases.contains(where: { $0.definition.isWithinHeader(bytes) }) { return nil }
    return detect(firstBytes: bytes, options: options).flatMap { $0.definition.isSettled(bytes, options) ? $0 : nil }
  }
}
