import Events

/// Opens a recording from any source, its format recognised by content unless the options name it.
public func openEventReader(
  source: any ByteSource, options: EventReadingOptions = EventReadingOptions()
) throws(EventFormatError) -> any EventReader {
  StartingEventReader(try openReader(source, options), options: options)
}

private func openReader(
  _ source: any ByteSource, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var input = try unpacked(InputBuffer(source))
  let early = options.isLive ? try EventFormat.awaitFormat(&input, options) : nil
  if early == nil { _ = try input.require(EventFormat.detectionLength) }
  guard input.count > 0 else {
    throw EventFormatError(
      .unrecognised, source: input.name, reason: "is empty", remedy: "check that the recording was written")
  }
  let beginning = input.prefix(EventFormat.detectionLength)
  guard let format = early ?? options.format ?? EventFormat.detect(firstBytes: beginning, options: options) else {
    if let kind = ForeignText(beginning, options) { throw kind.refusal(of: input.name) }
    if let packing = ForeignPacking(beginning) { throw packing.refusal(of: input.name) }
    throw EventFormatError(
      .unrecognised, source: input.name, byteOffset: 0, reason: "is no event recording that is recognised by content",
      remedy: "name the format if you know it", subject: .format)
  }
  let isZip = beginning.starts(with: EventFormat.zipMagic)
  if options.isLive, format.isReadWhole || isZip {
    let title = isZip ? "a ZIP file" : format.title
    throw EventFormatError(
      .unsupported, source: input.name, reason: "\(title) can be read only when all of it is there",
      remedy: "send a format that is read front to back, such as EVT or AEDAT")
  }
  // A recording of any format may be packed.
  if isZip { return try openZip(input, options) }
  switch format {
  case .aedat1, .aedat2: return try openAEDAT2(input, format, options)
  case .aedat3: return try openAEDAT3(input, options)
  case .aedat4: return try openAEDAT4(input, options)
  case .evt2, .evt21, .evt3, .evt4: return try openEVT(input, format, options)
  case .dat1, .dat2: return try openDAT(input, format, options)
  case .eventStream: return try openEventStream(input, options)
  case .nmnist: return try openNMNIST(input, options)
  case .csv: return try openCSV(input, options)
  case .npy: return try openNPY(input, options)
  case .npz: return try openZip(input, options)
  case .hdf5: return try openHDF5(input, options)
  case .rosbag1: return try openROS1Bag(input, options)
  case .rosbag2: return try openROS2Bag(input, options)
  case .mcap: return try openMCAP(input, options)
  }
}

private func openEVT(
  _ opened: InputBuffer, _ format: EventFormat, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var input = opened
  if format != .evt3 { try options.refuseStream(of: input.name) }
  let header = try PropheseeHeader(&input)
  let geometry = options.geometry ?? header.geometry
  var guesses: [ReadingGuess] = []
  func reader(_ decoder: some BlockDecoder, _ encoding: String) -> any EventReader {
    StreamingEventReader(
      input: input, decoder: decoder, format: format, encoding: encoding, geometry: geometry, metadata: header.lines,
      guesses: guesses, options: options)
  }
  switch format {
  case .evt2: return reader(EVT2Decoder(), "EVT2")
  case .evt3: return reader(try EVT3Decoder(name: input.name, options: options), "EVT3")
  case .evt4: return reader(EVT4Decoder(), "EVT4")
  default:
    let isLegacy: Bool
    switch header.formatOption("endianness") ?? header.value("endianness") {
    case "legacy": isLegacy = true
    case "little": isLegacy = false
    default:
      _ = try input.require(options.isLive ? EVT21Decoder.enoughLiveBytes : EventFormat.detectionLength)
      isLegacy = EVT21Decoder.looksLegacy(input.prefix(EventFormat.detectionLength))
    }
    if header.formatOption("endianness") == nil, header.value("endianness") == nil {
      guesses.append(
        ReadingGuess(
          .layout, isLegacy ? "legacy words" : "current words",
          because: "the header does not say, and this is where words of time have their type"))
    }
    return reader(EVT21Decoder(isLegacy: isLegacy), isLegacy ? "EVT21, legacy word layout" : "EVT21")
  }
}

private func openDAT(
  _ opened: InputBuffer, _ format: EventFormat, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var input = opened
  try options.refuseStream(of: input.name)
  let header = try PropheseeHeader(&input)
  guard try input.require(2) else {
    throw EventFormatError(
      .malformedHeader, source: input.name, byteOffset: input.byteOffset,
      reason: "the bytes for event type and size are missing", remedy: "the file was cut, record it again")
  }
  let kind = input.prefix(2)
  guard kind[1] == 8 else {
    throw EventFormatError(
      .unsupported, source: input.name, byteOffset: input.byteOffset + 1,
      reason: "events of \(kind[1]) bytes, 8 are read", remedy: "convert it with the camera's own tools")
  }
  guard [0, 12, 14].contains(kind[0]) else {
    throw EventFormatError(
      .unsupported, source: input.name, byteOffset: input.byteOffset,
      reason: "events of type \(kind[0]), read are 0 and 12 (change detection) and 14 (triggers)",
      remedy: "export the change detection events")
  }
  input.consume(2)
  let version = format == .dat1 ? 1 : 2
  return StreamingEventReader(
    input: input, decoder: DATDecoder(version: version, eventType: kind[0]), format: format,
    encoding: "version \(version), event type \(kind[0])", geometry: options.geometry ?? header.geometry,
    metadata: header.lines, options: options)
}

private func openEventStream(
  _ opened: InputBuffer, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var input = opened
  try options.refuseStream(of: input.name)
  func malformed(_ reason: String) -> EventFormatError {
    EventFormatError(
      .malformedHeader, source: input.name, byteOffset: input.byteOffset, reason: reason,
      remedy: "check that this is an Event Stream recording")
  }
  guard try input.require(16) else { throw malformed("the header is cut") }
  let head = input.prefix(16)
  guard head[12] == 2 else {
    throw EventFormatError(
      .unsupported, source: input.name, byteOffset: 12, reason: "Event Stream version \(head[12]), 2 is read",
      remedy: "convert it with the tools it was written with")
  }
  guard let kind = EventStreamDecoder.Kind(rawValue: head[15]) else {
    throw malformed("events of type \(head[15]), known are 0, 1, 2 and 4")
  }
  input.consume(16)
  var geometry: SensorGeometry?
  if kind != .generic {
    guard try input.require(4) else { throw malformed("the header is cut") }
    let size = input.prefix(4)
    let found = SensorGeometry(width: Int(size[0]) | Int(size[1]) << 8, height: Int(size[2]) | Int(size[3]) << 8)
    guard found.isValid else { throw malformed("a sensor of \(found)") }
    geometry = found
    input.consume(4)
  }
  return StreamingEventReader(
    input: input, decoder: EventStreamDecoder(kind: kind, height: geometry?.height ?? 1), format: .eventStream,
    encoding: "\(kind.title) \(head[12]).\(head[13]).\(head[14])", geometry: geometry, metadata: [],
    options: options)
}

private func openNMNIST(
  _ input: InputBuffer, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  try options.refuseStream(of: input.name)
  let guesses =
    options.format == nil
    ? [
      ReadingGuess(
        .format, "N-MNIST", because: "the format has no signature, but records of five bytes make times that rise")
    ] : []
  return StreamingEventReader(
    input: input, decoder: NMNISTDecoder(), format: .nmnist, encoding: "five bytes an event",
    geometry: options.geometry, metadata: [], guesses: guesses, options: options)
}
