import CKernels
import Events

/// A ZIP file: the arrays of an NPZ file, or a recording of any other format.
func openZip(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  let archive = try ZipArchive(SeekableFile(opened))
  if options.format == nil || options.format == .npz, archive.members.contains(where: { $0.name.hasSuffix(".npy") }) {
    return try openNPZ(archive, options)
  }
  return try openArchivedRecording(archive, options)
}

private func openNPZ(_ archive: ZipArchive, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader
{
  let group = options.group ?? options.stream
  func stem(_ member: ZipArchive.Member) -> Substring { member.name.dropLast(4) }
  let members = archive.members.filter { member in
    member.name.hasSuffix(".npy") && group.map { $0 == stem(member) || stem(member).hasPrefix($0) } ?? true
  }
  let names = members.map { ColumnName(stem($0)) }
  var places: [EventColumn: [Int]] = [:]
  for column in EventColumn.allCases { places[column] = column.indices(among: names) }
  if let pixels = names.firstIndex(where: { ColumnName.ofPixels.contains($0.base) }), places[.x] == [], places[.y] == []
  {
    places[.x] = [pixels]
    places[.y] = [pixels]
  }
  if EventColumn.allCases.allSatisfy({ places[$0]?.isEmpty == false }) {
    if let (column, several) = places.first(where: { $0.value.count > 1 }) {
      throw EventFormatError(
        .ambiguous, source: archive.file.name,
        reason:
          "several members are named as \(column.letter): \(several.map { members[$0].name }.joined(separator: ", "))",
        remedy: "say which events are meant", subject: .group)
    }
    let chosen = EventColumn.allCases.compactMap { places[$0]?.first }
    return try openColumns(archive, chosen.map { members[$0] }, names: chosen.map { names[$0] }, options)
  }
  return try openOneArray(archive, members, options)
}

/// Four members, each a column; x and y may be the two columns of one.
private func openColumns(
  _ archive: ZipArchive, _ members: [ZipArchive.Member], names: [ColumnName], _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var count: Int?
  var sources: [ColumnsDecoder.Source] = []
  var samples: [SampleColumn] = []
  for (column, member) in zip(EventColumn.allCases, members) {
    var input = InputBuffer(archive.open(member))
    let header = try NPYHeader(&input)
    let isPair = members.count { $0.name == member.name } == 2
    guard header.shape.count == (isPair ? 2 : 1), header.shape.last == 2 || !isPair, header.fields.count == 1,
      header.fields[0].type.kind >= 0, !isPair || !header.isFortranOrder
    else {
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
    let size = header.elementSize
    let place = ArrayColumn(
      offset: isPair && column == .y ? size : 0, stride: isPair ? 2 * size : size, type: header.fields[0].type)
    let rows = min(header.shape[0], ArrayColumn.samples)
    _ = try input.require(rows * place.stride)
    let bytes = input.prefix(rows * place.stride)
    samples.append(place.sample(bytes, rows: bytes.count / place.stride))
    sources.append(ColumnsDecoder.Source(input: input, place: place))
  }
  var known = options
  known.csv = CSVOptions()
  let finding = EventTableFinder(
    columns: samples, names: names, columnsAreNamed: true, options: known, geometry: options.geometry
  ).find()
  guard case .found(let reading) = finding else {
    guard case .unclear(let subject, let what) = finding else {
      throw EventFormatError(
        .unsupported, source: archive.file.name, reason: "the times are no numbers", remedy: "save them as numbers")
    }
    throw EventTableFinder.refusal(subject, what, of: archive.file.name)
  }
  return StreamingEventReader(
    input: InputBuffer(MemoryByteSource([], name: archive.file.name)),
    decoder: ColumnsDecoder(sources, count: count ?? 0, timeUnit: reading.timeUnit, fileSize: archive.file.size),
    format: .npz, encoding: "four columns, time in \(reading.timeUnit.rawValue)", geometry: options.geometry,
    metadata: [], guesses: reading.guesses, options: options)
}

/// The one member with a structured array, or with rows or columns of numbers.
private func openOneArray(
  _ archive: ZipArchive, _ members: [ZipArchive.Member], _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var found: [(member: ZipArchive.Member, reader: any EventReader)] = []
  var unclear: EventFormatError?
  var failure: EventFormatError?
  for member in members.prefix(ArchivedEventReader.mostMembers) {
    do throws(EventFormatError) {
      found.append((member, try openNPY(InputBuffer(archive.open(member)), options)))
    } catch {
      // Other arrays lie beside the events.
      if error.code == .ambiguous { unclear = unclear ?? error }
      failure = error
    }
  }
  guard found.count == 1 else {
    if found.isEmpty, let error = unclear ?? (members.count == 1 ? failure : nil) { throw error }
    if found.isEmpty {
      throw EventFormatError(
        .unsupported, source: archive.file.name,
        reason: "no member holds t, x, y and p (\(archive.members.prefix(20).map(\.name).joined(separator: ", ")))",
        remedy: "save columns with these names, or one structured array")
    }
    throw EventFormatError(
      .ambiguous, source: archive.file.name,
      reason: "several arrays hold events: \(found.map { String($0.member.name.dropLast(4)) }.joined(separator: ", "))",
      remedy: "say which is meant", subject: .group)
  }
  var reader = ArchivedEventReader(found[0].reader, member: found[0].member.name, of: archive, format: .npz)
  if members.count > 1 {
    reader.guesses.append(
      ReadingGuess(.group, found[0].member.name, because: "the only one of \(members.count) arrays with events"))
  }
  return reader
}
