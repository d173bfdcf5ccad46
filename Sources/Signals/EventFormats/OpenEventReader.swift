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
  var opened = InputBuffer(source)
  _ = try opened.require(UnpackedByteSource.magicLength)
  let packing = Packing.find(opened.prefix(UnpackedByteSource.magicLength))
  var input = try unpacked(opened)
  let early = options.isLive ? try EventFormat.awaitFormat(&input, options) : nil
  if early == nil { _ = try input.require(EventFormat.detectionLength) }
  guard input.count > 0 else {
    throw EventFormatError(
      .unrecognised, source: input.name, reason: "is empty", remedy: "check that the recording was written")
  }
  let beginning = input.prefix(EventFormat.detectionLength)
  guard let format = early ?? options.format ?? EventFormat.detect(firstBytes: beginning, options: options) else {
    throw refusal(of: beginning, options, source: input.name, within: packing)
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

/// What to say of bytes that no format recognises, which may have been packed.
private func refusal(
  of beginning: [UInt8], _ options: EventReadingOptions, source: String, within outer: Packing?
) -> EventFormatError {
  for format in EventFormat.allCases {
    if let known = format.definition.refusal(of: beginning, options, source: source) { return known }
  }
  if let packing = Packing.find(beginning) {
    return EventFormatError(
      .unsupported, source: source, byteOffset: 0, reason: packing.finding, remedy: packing.remedy)
  }
  let what = "no event recording that is recognised by content"
  return EventFormatError(
    .unrecognised, source: source, byteOffset: 0,
    reason: outer.map { "\($0.finding), and in it is \(what)" } ?? "is \(what)",
    remedy: (outer.map { "\($0.remedy) if it is sound; " } ?? "") + "name the format if you know it", subject: .format)
}
