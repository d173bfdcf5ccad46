import CKernels

/// Records of one size with the four columns at fixed places: structured arrays, and tables of some numbers a row.
struct NPYDecoder: BlockDecoder {
  let stride: Int
  let columns: [ArrayColumn]
  /// Records not yet decoded; what follows them is no part of the array.
  private var remaining: Int
  private var assembler: ColumnAssembler

  static var isCheapToCopy: Bool { false }
  var wordSize: Int { stride }
  var isWithinPacket: Bool { remaining > 0 }
  var mustHoldEvents: Bool { true }

  init(stride: Int, columns: [ArrayColumn], timeUnit: EventTimeUnit, count: Int) {
    self.stride = stride
    self.columns = columns
    remaining = count
    assembler = ColumnAssembler(
      timeUnit: timeUnit, minusOne: columns[EventColumn.polarity.rawValue].type.minusOne, count: count)
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into output: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var progress = DecodingProgress(consumed: 0, produced: 0, needed: stride)
    while remaining > 0 {
      let free = output.dropFirst(progress.produced)
      let count = min(
        remaining, (bytes.count - progress.consumed) / stride, assembler.blockSize, Int(free.capacity))
      guard count > 0 else { return progress }
      let block = UnsafeRawBufferPointer(rebasing: bytes[progress.consumed...])
      for (column, place) in zip(EventColumn.allCases, columns) {
        assembler.take(column, block, place, count: count)
      }
      progress.produced += assembler.assemble(
        count, into: free, offset: progress.consumed, rowSize: stride, report: &report)
      progress.consumed += count * stride
      remaining -= count
    }
    // Bytes after the array are none of its business, they are accounted for as padding.
    if bytes.count > progress.consumed {
      report.skip(.padding, count: Int64(bytes.count - progress.consumed))
      progress.consumed = bytes.count
    }
    return progress
  }
}
