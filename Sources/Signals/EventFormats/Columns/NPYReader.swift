import CKernels
import Events

/// How an array holds events: in records of fields, in rows of numbers, or one column after the other.
private enum NPYLayout {
  /// Bytes of a record or row, and how many there are.
  case rows(stride: Int, count: Int)
  /// Values of a column.
  case columns(count: Int)
}

/// One way to read an array, with all columns that it has.
private struct NPYTable {
  var layout: NPYLayout
  var places: [ArrayColumn]
  /// Names of the fields, nil for rows of numbers.
  var names: [ColumnName]?
  var encoding: String

  var count: Int {
    switch layout {
    case .rows(_, let count), .columns(let count): count
    }
  }
}

/// Longest row that is read; what headers claim beyond it would only be memory.
private let longestRow = 1 << 20
/// Most numbers of one event.
private let mostColumns = 32
/// Most bytes that are looked at, unless one row has more.
private let mostSampleBytes = 1 << 18

extension NPYHeader {
  /// The ways in which the array can hold events: two for one that is about as long as it is wide.
  fileprivate var tables: [NPYTable] {
    if shape.count == 1, fields.count >= 4, elementSize <= longestRow {
      let numbers = fields.filter { $0.type.kind >= 0 }
      return [
        NPYTable(
          layout: .rows(stride: elementSize, count: shape[0]),
          places: numbers.map { ArrayColumn(offset: $0.offset, stride: elementSize, type: $0.type) },
          names: numbers.map { ColumnName($0.name) }, encoding: "structured array")
      ]
    }
    guard shape.count == 2, fields.count == 1, let type = fields.first?.type, type.kind >= 0 else { return [] }
    return [(shape[0], shape[1], false), (shape[1], shape[0], true)].compactMap { count, width, isTurned in
      guard (4...mostColumns).contains(width) else { return nil }
      if isFortranOrder == isTurned {
        return NPYTable(
          layout: .rows(stride: width * elementSize, count: count),
          places: (0..<width).map {
            ArrayColumn(offset: $0 * elementSize, stride: width * elementSize, type: type)
          }, encoding: "rows of \(width)")
      }
      // More bytes than can be counted are in no file.
      guard count <= Int.max / (width * elementSize) else { return nil }
      return NPYTable(
        layout: .columns(count: count),
        places: (0..<width).map { column in
          ArrayColumn(offset: column * count * elementSize, stride: elementSize, type: type)
        }, encoding: "\(width) columns, one after the other")
    }
  }
}

func openNPY(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  var input = opened
  let header = try NPYHeader(&input)
  let tables = header.tables
  var unclear: (ReadingSubject, String)?
  var found: (table: NPYTable, reading: EventTableFinder.Found)?
  var file: SeekableFile?
  for table in tables {
    if case .columns = table.layout, file == nil { file = try seekable(input, options) }
    switch try find(table, &input, file, options) {
    case .noEvents: continue
    case .unclear(let subject, let what): unclear = unclear ?? (subject, what)
    case .found(let reading):
      if found != nil, options.csv.columns == nil {
        unclear = (.layout, "the array of shape \(header.shape) may hold events in its rows or in its columns")
        found = nil
        break
      }
      found = found ?? (table, reading)
    }
  }
  if let (table, settled) = found, unclear == nil || options.csv.columns != nil {
    var reading = settled
    if table.names == nil, tables.count > 1 || table.count != header.shape[0] {
      reading.guesses.append(ReadingGuess(.layout, table.encoding, because: "the only way in which the values fit"))
    }
    return try reader(of: table, reading, input, file, header, options)
  }
  if let (subject, what) = unclear {
    throw EventTableFinder.refusal(subject, what, of: input.name, byteOffset: 0)
  }
  if header.shape.contains(0) {
    throw EventFormatError(
      .unsupported, source: input.name, byteOffset: 0, reason: "the array of shape \(header.shape) is empty",
      remedy: "check that the recording was written")
  }
  let names = header.fields.map(\.name).filter { !$0.isEmpty }
  throw EventFormatError(
    .unsupported, source: input.name, byteOffset: 0,
    reason: "the array of shape \(header.shape)\(names.isEmpty ? "" : " with fields \(names)") holds no t, x, y and p",
    remedy: "save a structured array with these fields, or rows of four numbers", subject: .columns)
}

/// A file in which columns that follow each other can be read side by side.
private func seekable(
  _ input: InputBuffer, _ options: EventReadingOptions
) throws(EventFormatError) -> SeekableFile {
  guard !options.isLive else {
    throw EventFormatError(
      .unsupported, source: input.name,
      reason: "an array that holds one column after the other can be read only when all of it is there",
      remedy: "send rows of time, x, y and polarity")
  }
  let file = try SeekableFile(input)
  file.forgetName()
  return file
}

/// Where in the file of `seekable` the array begins: of a pipe, only what followed its header was kept.
private func start(_ input: InputBuffer) -> Int64 { input.source.path == nil ? 0 : input.byteOffset }

/// Looks at the first rows of one way to read an array, at more of them where few do not settle it.
private func find(
  _ table: NPYTable, _ input: inout InputBuffer, _ file: SeekableFile?, _ options: EventReadingOptions
) throws(EventFormatError) -> EventTableFinder.Finding {
  var limit = ArrayColumn.samples
  while true {
    let rowSize = table.places.reduce(1) { max($0, $1.stride) }
    let rows = min(table.count, limit, max(1, mostSampleBytes / rowSize))
    var columns: [SampleColumn] = []
    var isWhole = rows == table.count
    switch table.layout {
    case .rows(let stride, _):
      isWhole = try !input.require(rows * stride) || isWhole
      let bytes = input.prefix(rows * stride)
      let there = min(rows, bytes.count / stride)
      columns = table.places.map { $0.sample(bytes, rows: there) }
    case .columns:
      for place in table.places {
        guard let file,
          let bytes = try file.bytes(at: start(input) &+ Int64(place.offset), count: rows * place.stride)
        else { return .noEvents }
        columns.append(ArrayColumn(offset: 0, stride: place.stride, type: place.type).sample(bytes, rows: rows))
      }
    }
    let finding = EventTableFinder(
      columns: columns, names: table.names, options: options, geometry: options.geometry
    ).find()
    guard case .unclear = finding, !isWhole, rows == limit, !options.isLive, limit < 64 * ArrayColumn.samples else {
      return finding
    }
    limit *= 8
  }
}

private func reader(
  of table: NPYTable, _ reading: EventTableFinder.Found, _ input: InputBuffer, _ file: SeekableFile?,
  _ header: NPYHeader, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  let places = reading.columns.all.map { table.places[$0] }
  let encoding =
    "\(table.encoding), time in \(reading.timeUnit.rawValue)"
    + (table.names == nil ? ", columns \(reading.columns.description)" : "")
  switch table.layout {
  case .rows(let stride, let count):
    return StreamingEventReader(
      input: input, decoder: NPYDecoder(stride: stride, columns: places, timeUnit: reading.timeUnit, count: count),
      format: .npy, encoding: encoding, geometry: options.geometry, metadata: [], guesses: reading.guesses,
      options: options)
  case .columns(let count):
    guard let file else { preconditionFailure("columns are read from a file that was opened before") }
    let sources = places.map { place in
      ColumnsDecoder.Source(
        input: InputBuffer(
          FileRangeSource(file, offset: start(input) + Int64(place.offset), count: Int64(count) * Int64(place.stride))),
        place: ArrayColumn(offset: 0, stride: place.stride, type: place.type))
    }
    return StreamingEventReader(
      input: InputBuffer(MemoryByteSource([], name: input.name)),
      decoder: ColumnsDecoder(
        sources, count: count, timeUnit: reading.timeUnit,
        fileSize: input.source.path == nil ? input.byteOffset + file.size : file.size),
      format: .npy, encoding: encoding, geometry: options.geometry, metadata: [], guesses: reading.guesses,
      options: options)
  }
}
