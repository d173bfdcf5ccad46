import CKernels

/// Text with one event a line.
struct CSVDecoder: BlockDecoder {
  /// Longest line that is waited for; a longer one is malformed.
  static let maximumLine = 1 << 20

  var dialect: ganglion_csv_dialect
  var wordSize: Int { 1 }
  var mustHoldEvents: Bool { true }
  private var isInOverlongLine = false

  init(_ dialect: CSVDialect) {
    self.dialect = dialect.kernel
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    if isInOverlongLine {
      let end = bytes.firstIndex(of: 10)
      isInOverlongLine = end == nil && !isLast
      return DecodingProgress(consumed: end.map { $0 + 1 } ?? bytes.count, produced: 0)
    }
    let progress = ganglion_decode_csv(
      bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, &dialect, columns, &report)
    if progress.consumed == 0, progress.produced == 0, bytes.count > Self.maximumLine {
      report.violate(.malformedLine, offset: 0)
      isInOverlongLine = true
      return DecodingProgress(consumed: bytes.count, produced: 0)
    }
    return DecodingProgress(progress)
  }
}
