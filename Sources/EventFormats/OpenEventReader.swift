import Events

/// Opens a recording from any source, its format recognised by content unless the options name it.
public func openEventReader(
  source: any ByteSource, options: EventReadingOptions = EventReadingOptions()
) throws(EventFormatError) -> any EventReader {
  var input = InputBuffer(source)
  _ = try input.require(EventFormat.detectionLength)
  guard input.count > 0 else {
    throw EventFormatError(
      .unrecognised, source: input.name, reason: "is empty", remedy: "check that the recording was written")
  }
  guard let format = options.format ?? EventFormat.detect(firstBytes: input.prefix(EventFormat.detectionLength)) else {
    throw EventFormatError(
      .unrecognised, source: input.name, byteOffset: 0, reason: "is no event recording that is recognised by content",
      remedy: "name the format if you know it")
  }
  switch format {
  case .aedat2: return try openAEDAT2(input, options)
  case .aedat3: return try openAEDAT3(input, options)
  case .evt2: return try openEVT2(input, options)
  case .nmnist: return openNMNIST(input, options)
  default:
    throw EventFormatError(
      .unsupported, source: input.name, reason: "\(format.title) is not read", remedy: "convert it")
  }
}

private func openAEDAT2(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError)
  -> any EventReader
{
  var input = opened
  let header = try AEDATHeader(&input)
  let layout = options.aedat2Layout ?? AEDAT2Layout(header: header.lines) ?? .dvs128
  return StreamingEventReader(
    input: input, decoder: AEDAT2Decoder(layout: layout), format: .aedat2, encoding: layout.rawValue,
    geometry: layout.geometry, metadata: header.lines, options: options)
}

private func openAEDAT3(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError)
  -> any EventReader
{
  var input = opened
  let header = try AEDATHeader(&input)
  return StreamingEventReader(
    input: input, decoder: AEDAT3Decoder(), format: .aedat3, encoding: "polarity packets",
    geometry: options.geometry ?? geometry(ofAEDAT3Source: header.lines), metadata: header.lines, options: options)
}

/// The pixel array of the camera that an AEDAT 3 header names as its source.
private func geometry(ofAEDAT3Source lines: [EventMetadata]) -> SensorGeometry? {
  let source = lines.first { $0.key.hasPrefix("Source") }?.value.lowercased() ?? ""
  if source.contains("dvs128") { return SensorGeometry(width: 128, height: 128) }
  if source.contains("davis240") { return SensorGeometry(width: 240, height: 180) }
  if source.contains("davis346") { return SensorGeometry(width: 346, height: 260) }
  if source.contains("davis640") { return SensorGeometry(width: 640, height: 480) }
  return nil
}

private func openEVT2(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError)
  -> any EventReader
{
  var input = opened
  let header = try PropheseeHeader(&input)
  return StreamingEventReader(
    input: input, decoder: EVT2Decoder(), format: .evt2, encoding: "EVT2",
    geometry: options.geometry ?? header.geometry, metadata: header.lines, options: options)
}

private func openNMNIST(_ input: InputBuffer, _ options: EventReadingOptions) -> any EventReader {
  StreamingEventReader(
    input: input, decoder: NMNISTDecoder(), format: .nmnist, encoding: "five bytes an event",
    geometry: options.geometry, metadata: [], options: options)
}
