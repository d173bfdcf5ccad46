import CKernels

/// Records of one size with the four columns at fixed places: structured arrays, and tables of four numbers a row.
struct NPYDecoder: BlockDecoder {
  let stride: Int
  let columns: [NPYHeader.Field]
  let timeUnit: EventTimeUnit
  /// Records not yet decoded; what follows them is no part of the array.
  private var remaining: Int
  /// Room for so many records: all of a small array, or a block of a large one.
  private let blockSize: Int
  private var scratch: [Int64]
  private static let largestBlock = 1024

  static var isCheapToCopy: Bool { false }
  var wordSize: Int { stride }
  var isWithinPacket: Bool { remaining > 0 }

  init(stride: Int, columns: [NPYHeader.Field], timeUnit: EventTimeUnit, count: Int) {
    self.stride = stride
    self.columns = columns
    self.timeUnit = timeUnit
    remaining = count
    blockSize = min(max(count, 1), Self.largestBlock)
    scratch = [Int64](repeating: 0, count: 4 * blockSize)
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into output: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var progress = DecodingProgress(consumed: 0, produced: 0, needed: stride)
    while remaining > 0 {
      let free = output.dropFirst(progress.produced)
      let count = min(remaining, (bytes.count - progress.consumed) / stride, blockSize, Int(free.capacity))
      guard count > 0 else { return progress }
      let block = UnsafeRawBufferPointer(rebasing: bytes[progress.consumed...])
      var outside: Int64 = 0
      var first: Int64 = 0
      let factors = timeUnit.factors
      progress.produced += scratch.withUnsafeMutableBufferPointer { scratch in
        guard let base = scratch.baseAddress, let start = block.bytePointer else { return 0 }
        for (index, column) in columns.enumerated() {
          ganglion_convert_column(
            start + column.offset, Int64(stride), Int64(count), column.type,
            index == 0 ? factors.multiplier : 1, index == 0 ? factors.divisor : 1, base + index * blockSize)
        }
        return Int(
          ganglion_assemble_columns(
            base, base + blockSize, base + 2 * blockSize, base + 3 * blockSize, Int64(count), free,
            &outside, &first))
      }
      if outside > 0 {
        for _ in 0..<outside { report.violate(.addressOutOfRange, offset: progress.consumed + Int(first) * stride) }
      }
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

/// Longest row that is read; what headers claim beyond it would only be memory.
private let longestRow = 1 << 20

/// Columns by name in a structured type, or by position in a table of rows; nil where there are none, or rows are longer
/// than any camera's.
func npyColumns(_ header: NPYHeader, options: EventReadingOptions) -> (stride: Int, columns: [NPYHeader.Field])? {
  if header.shape.count == 1, header.fields.count >= 4 {
    let names = header.fields.map(\.name)
    let columns = EventColumn.allCases.compactMap { column in
      column.name(among: names).flatMap { name in header.fields.first { $0.name == name } }
    }
    guard columns.count == 4, columns.allSatisfy({ $0.type.kind >= 0 }), header.elementSize <= longestRow else {
      return nil
    }
    return (header.elementSize, columns)
  }
  guard header.shape.count == 2, header.shape[1] >= 4, header.fields.count == 1, !header.isFortranOrder else {
    return nil
  }
  let width = header.shape[1]
  guard width <= longestRow / header.elementSize else { return nil }
  let csv = options.csv
  let order = [csv.timeColumn ?? 0, csv.xColumn ?? 1, csv.yColumn ?? 2, csv.polarityColumn ?? 3]
  guard order.allSatisfy({ (0..<width).contains($0) }) else { return nil }
  return (
    width * header.elementSize,
    order.map { NPYHeader.Field(name: "", offset: $0 * header.elementSize, type: header.fields[0].type) }
  )
}

/// Seconds for a floating-point time, microseconds for an integer, unless the options say otherwise.
func timeUnit(of type: ganglion_column_type, options: EventReadingOptions) -> EventTimeUnit {
  options.timeUnit ?? (type.kind == Int32(GANGLION_COLUMN_FLOAT) ? .seconds : .microseconds)
}

func openNPY(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  var input = opened
  let header = try NPYHeader(&input)
  guard let (stride, columns) = npyColumns(header, options: options) else {
    throw EventFormatError(
      .unsupported, source: input.name, byteOffset: 0,
      reason: "the array of shape \(header.shape) with fields \(header.fields.map(\.name)) holds no t, x, y and p",
      remedy: "save a structured array with these fields, or rows of four numbers")
  }
  return StreamingEventReader(
    input: input,
    decoder: NPYDecoder(
      stride: stride, columns: columns, timeUnit: timeUnit(of: columns[0].type, options: options),
      count: header.shape[0]), format: .npy,
    encoding: header.shape.count == 1 ? "structured array" : "rows of \(header.shape[1])", geometry: options.geometry,
    metadata: [], options: options)
}
