/// Opens an AEDAT 1.0 or 2.0 recording.
func openAEDAT2(
  _ opened: InputBuffer, _ format: EventFormat, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var input = opened
  let header = try AEDATHeader(&input)
  try options.refuseStream(of: input.name)
  let layout: AEDAT2Layout
  var guesses: [ReadingGuess] = []
  if let named = options.aedat2Layout {
    layout = named
  } else {
    let isLong = header.chip == nil && format == .aedat2 && !options.isLive
    let length = isLong ? AEDAT2LayoutChoice.sampleLength : EventFormat.detectionLength
    // Of a live recording, the chip that is named is held against what is there already.
    if !options.isLive || header.chip == nil { _ = try input.require(length) }
    let choice = try AEDAT2LayoutChoice(
      header: header, format: format, addresses: addresses(input.prefix(length), format), source: input.name,
      offset: input.byteOffset)
    (layout, guesses) = (choice.layout, choice.guesses)
  }
  if format == .aedat1 {
    guard layout.hasShortAddresses else {
      throw EventFormatError(
        .unsupported, source: input.name, reason: "an AEDAT 1 address has 16 bits, \(layout.rawValue) needs 32",
        remedy: "read it as dvs128")
    }
    return StreamingEventReader(
      input: input, decoder: AEDAT1Decoder(layout: layout), format: format, encoding: layout.rawValue,
      geometry: layout.geometry, metadata: header.lines, guesses: guesses, options: options)
  }
  return StreamingEventReader(
    input: input, decoder: AEDAT2Decoder(layout: layout), format: format, encoding: layout.rawValue,
    geometry: layout.geometry, metadata: header.lines, guesses: guesses, options: options)
}

/// The addresses of whole records, without those that zeros at the end would be.
private func addresses(_ bytes: [UInt8], _ format: EventFormat) -> [UInt32] {
  let size = format == .aedat1 ? 6 : 8
  let data = bytes.prefix((bytes.lastIndex { $0 != 0 } ?? -1) + 1)
  return stride(from: 0, to: data.count - data.count % size, by: size).map { place in
    data[place..<place + size - 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
