import CKernels

/// Four columns that are read side by side, each from bytes of its own: the members of an NPZ file, or an array that
/// holds one column after the other.
struct ColumnsDecoder: BlockDecoder {
  /// One column and the bytes it is read from.
  struct Source: Sendable {
    var input: InputBuffer
    var place: ArrayColumn
  }

  private var columns: [Source]
  private var remaining: Int
  private var assembler: ColumnAssembler

  static var isCheapToCopy: Bool { false }
  let wordSize = 1
  let bytesTaken: Int64?
  var isWithinPacket: Bool { remaining > 0 }
  var mustHoldEvents: Bool { true }

  /// The columns are time, x, y and polarity.
  init(_ columns: [Source], count: Int, timeUnit: EventTimeUnit, fileSize: Int64) {
    self.columns = columns
    remaining = count
    bytesTaken = fileSize
    assembler = ColumnAssembler(
      timeUnit: timeUnit, minusOne: columns[EventColumn.polarity.rawValue].place.type.minusOne, count: count)
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into output: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var progress = DecodingProgress(consumed: 0, produced: 0)
    while remaining > 0 {
      let free = output.dropFirst(progress.produced)
      var count = min(remaining, assembler.blockSize, Int(free.capacity))
      for index in columns.indices {
        let stride = columns[index].place.stride
        if try !columns[index].input.require(count * stride) { count = min(count, columns[index].input.count / stride) }
      }
      guard count > 0 else { return progress }
      for (column, index) in zip(EventColumn.allCases, columns.indices) {
        let place = columns[index].place
        columns[index].input.withBytes { assembler.take(column, $0, place, count: count) }
        columns[index].input.consume(count * place.stride)
      }
      progress.produced += assembler.assemble(count, into: free, report: &report)
      remaining -= count
    }
    return progress
  }
}
