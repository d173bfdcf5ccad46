import Events

/// A recording inside a ZIP file, whose books are those of the file.
struct ArchivedEventReader: EventReader {
  /// Members that are looked at for events.
  static let mostMembers = 256

  let format: EventFormat
  var encoding: String { "\(member) in a ZIP file, \(reader.encoding)" }
  var geometry: SensorGeometry? { reader.geometry }
  var metadata: [EventMetadata] { reader.metadata }
  var guesses: [ReadingGuess]
  private var reader: any EventReader
  private let member: String
  private let fileSize: Int64

  init(_ reader: any EventReader, member: String, of archive: ZipArchive, format: EventFormat? = nil) {
    self.reader = reader
    self.member = member
    self.format = format ?? reader.format
    guesses = reader.guesses
    fileSize = archive.file.size
  }

  var accounting: EventAccounting {
    var accounting = reader.accounting
    accounting.bytesRead = fileSize
    return accounting
  }

  mutating func read(into batch: inout EventBatch, maximum: Int) throws(EventFormatError) -> Bool {
    let known = reader.guesses.count
    let isThere = try reader.read(into: &batch, maximum: maximum)
    if reader.guesses.count > known { guesses += reader.guesses[known...] }
    return isThere
  }
}

/// The one recording among the members of a ZIP file, of whatever format.
func openArchivedRecording(
  _ archive: ZipArchive, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  let wanted = options.stream ?? options.group
  let members = archive.members.filter { member in
    let parts = member.name.split(separator: "/")
    guard !member.name.hasSuffix("/"), parts.last?.hasPrefix(".") == false, parts.first != "__MACOSX" else {
      return false
    }
    return wanted.map { member.name == $0 || parts.last.map(String.init) == $0 } ?? true
  }
  var found: [ZipArchive.Member] = []
  for member in members.prefix(ArchivedEventReader.mostMembers) {
    var input = InputBuffer(archive.open(member))
    guard (try? input.require(EventFormat.detectionLength)) != nil else { continue }
    let beginning = input.prefix(EventFormat.detectionLength)
    // An archive in an archive may have no end.
    guard let format = EventFormat.detect(firstBytes: beginning, options: options), format != .npz,
      options.format == nil || options.format == format
    else { continue }
    found.append(member)
  }
  if found.isEmpty, options.format != nil, members.count == 1 { found = members }
  guard let member = found.first, found.count == 1 else {
    let names = (found.isEmpty ? members : found).prefix(20).map(\.name).joined(separator: ", ")
    throw EventFormatError(
      found.isEmpty ? .unrecognised : .ambiguous, source: archive.file.name,
      reason: found.isEmpty
        ? "no member is a recording of events (\(names))" : "several members are recordings of events: \(names)",
      remedy: found.isEmpty ? "name the format if you know it" : "say which is meant",
      subject: found.isEmpty ? .format : .stream)
  }
  var inner = options
  inner.stream = nil
  inner.group = nil
  var reader = ArchivedEventReader(
    try openEventReader(source: archive.open(member), options: inner), member: member.name, of: archive)
  if archive.members.count > 1 {
    reader.guesses.append(
      ReadingGuess(.stream, member.name, because: "the only recording of events in the ZIP file"))
  }
  return reader
}
