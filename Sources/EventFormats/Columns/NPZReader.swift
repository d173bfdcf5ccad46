import CKernels

/// Four columns in four members of an NPZ file.
struct NPZDecoder: BlockDecoder {
  private struct Column: Sendable {
    var input: InputBuffer
    var type: ganglion_column_type
  }

  private var columns: [Column] = []
  private var remaining: Int
  private let timeUnit: EventTimeUnit
  /// Room for so many events: all of a small recording, or a block of a large one.
  private let blockSize: Int
  private var scratch: [Int64]
  private static let largestBlock = 1024

  static var isCheapToCopy: Bool { false }
  let wordSize = 1
  let bytesTaken: Int64?
  var isWithinPacket: Bool { remaining > 0 }

  init(
    _ archive: ZipArchive, members: [ZipArchive.Member], options: EventReadingOptions
  ) throws(EventFormatError) {
    bytesTaken = archive.file.size
    var count: Int?
    for member in members {
      var input = InputBuffer(archive.open(member))
      let header = try NPYHeader(&input)
      guard header.shape.count == 1, header.fields.count == 1, header.fields[0].type.kind >= 0 else {
        throw EventFormatError(
          .unsupported, source: input.name, reason: "a column of shape \(header.shape)",
          remedy: "save one-dimensional arrays of numbers")
      }
      if let count, count != header.shape[0] {
        throw EventFormatError(
          .malformedHeader, source: input.name, reason: "\(header.shape[0]) values where the first column has \(count)",
          remedy: "save columns of one length")
      }
      count = header.shape[0]
      columns.append(Column(input: input, type: header.fields[0].type))
    }
    remaining = count ?? 0
    blockSize = min(max(remaining, 1), Self.largestBlock)
    scratch = [Int64](repeating: 0, count: 4 * blockSize)
    timeUnit = EventFormats.timeUnit(of: columns[0].type, options: options)
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into output: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var progress = DecodingProgress(consumed: 0, produced: 0)
    while remaining > 0 {
      let free = output.dropFirst(progress.produced)
      var count = min(remaining, blockSize, Int(free.capacity))
      for index in columns.indices {
        let size = Int(columns[index].type.size)
        if try !columns[index].input.require(count * size) { count = min(count, columns[index].input.count / size) }
      }
      guard count > 0 else { return progress }
      let factors = timeUnit.factors
      for index in columns.indices {
        let type = columns[index].type
        columns[index].input.withBytes { bytes in
          scratch.withUnsafeMutableBufferPointer { scratch in
            _ = ganglion_convert_column(
              bytes.bytePointer, Int64(type.size), Int64(count), type, index == 0 ? factors.multiplier : 1,
              index == 0 ? factors.divisor : 1, scratch.baseAddress.map { $0 + index * blockSize })
          }
        }
        columns[index].input.consume(count * Int(type.size))
      }
      progress.produced += assemble(count, into: free, &report)
      remaining -= count
    }
    return progress
  }

  private func assemble(
    _ count: Int, into output: ganglion_event_columns, _ report: inout ganglion_event_report
  ) -> Int {
    var outside: Int64 = 0
    var first: Int64 = 0
    let produced = scratch.withUnsafeBufferPointer { scratch -> Int64 in
      guard let base = scratch.baseAddress else { return 0 }
      return ganglion_assemble_columns(
        base, base + blockSize, base + 2 * blockSize, base + 3 * blockSize, Int64(count), output,
        &outside, &first)
    }
    for _ in 0..<outside { report.violate(.addressOutOfRange, offset: 0) }
    return Int(produced)
  }
}

func openNPZ(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  let archive = try ZipArchive(SeekableFile(opened))
  let names = archive.members.map { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name }
  let members = EventColumn.allCases.compactMap { column in
    column.name(among: names).flatMap { name in archive.members.first { $0.name == name + ".npy" || $0.name == name } }
  }
  let empty = InputBuffer(MemoryByteSource([], name: opened.name))
  if members.count == 4 {
    return StreamingEventReader(
      input: empty, decoder: try NPZDecoder(archive, members: members, options: options), format: .npz,
      encoding: "four columns", geometry: options.geometry, metadata: [], options: options)
  }
  // One member with a structured array, or rows of four numbers.
  for member in archive.members {
    var input = InputBuffer(archive.open(member))
    let header = try NPYHeader(&input)
    guard let (stride, columns) = npyColumns(header, options: options) else { continue }
    return StreamingEventReader(
      input: input,
      decoder: NPYDecoder(
        stride: stride, columns: columns, timeUnit: timeUnit(of: columns[0].type, options: options),
        count: header.shape[0]), format: .npz, encoding: "array \(member.name)", geometry: options.geometry,
      metadata: [], options: options)
  }
  throw EventFormatError(
    .unsupported, source: opened.name, reason: "no member holds t, x, y and p (\(names.joined(separator: ", ")))",
    remedy: "save columns with these names, or one structured array")
}
