import Events
import Signatures

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
    throw refusal(of: beginning, options, source: input.name)
  }
  let isZip = Signature.zip.isIn(beginning)
  if options.isLive, format.isReadWhole || isZip {
    let title = isZip ? "a ZIP file" : format.title
    throw EventFormatError(
      .unsupported, source: input.name, reason: "\(title) can be read only when all of it is there",
      remedy: "send a format that is read front to back, such as EVT or AEDAT")
  }
  // A recording of any format may be packed.
  return isZip ? try openZip(input, options) : try format.definition.reader(of: input, options)
}

/// What to say of bytes that no format recognises.
private func refusal(
  of beginning: [UInt8], _ options: EventReadingOptions, source: String
) -> EventFormatError {
  for format in EventFormat.allCases {
    if let known = format.definition.refusal(of: beginning, options, source: source) { return known }
  }
  return ForeignPacking(beginning)?.refusal(of: source)
    ?? EventFormatError(
      .unrecognised, source: source, byteOffset: 0, reason: "is no event recording that is recognised by content",
      remedy: "name the format if you know it", subject: .format)
}
