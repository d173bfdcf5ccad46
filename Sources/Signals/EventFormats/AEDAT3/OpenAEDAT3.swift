import Events

/// Opens an AEDAT 3.x recording.
func openAEDAT3(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  var input = opened
  let header = try AEDATHeader(&input)
  var guesses: [ReadingGuess] = []
  _ = try input.require(options.isLive ? AEDAT3Decoder.headerSize : EventFormat.detectionLength)
  let sources = AEDAT3Source.all(
    listed: AEDAT3Source.listed(in: header.lines),
    found: AEDAT3Decoder.polaritySources(input.prefix(EventFormat.detectionLength)))
  let chosen = try options.choose(among: sources.map(\.candidate), source: input.name, guesses: &guesses)
  let source = chosen.flatMap { chosen in sources.first { $0.number == Int(chosen.identifier) } }
  let geometry = options.geometry ?? source?.geometry
  var lastRow: Int?
  if header.lines.contains(where: { $0.key == "AER-DAT3.0" }) {
    guard let geometry else {
      throw EventFormatError(
        .ambiguous, source: input.name, byteOffset: input.byteOffset,
        reason: "AEDAT 3.0 counts rows from the bottom of a sensor whose size the header does not say",
        remedy: "name the sensor's size", subject: .sensor)
    }
    lastRow = geometry.height - 1
    guesses.append(
      ReadingGuess(.origin, "the bottom left, turned over", because: "this is how AEDAT 3.0 counts rows; 3.1 does not"))
  }
  let decoder = AEDAT3Decoder(
    sources: sources, chosen: source?.number, isFixed: options.stream != nil || options.surveysStreams,
    lastRow: lastRow, name: input.name)
  return StreamingEventReader(
    input: input, decoder: decoder, format: .aedat3, encoding: "polarity packets", geometry: geometry,
    metadata: header.lines, guesses: guesses, options: options)
}

/// A camera or module that an AEDAT 3 recording has packets of.
struct AEDAT3Source: Sendable {
  var number: Int
  /// What the header calls it, empty where it does not.
  var name: String

  /// Those of lines `#Source 1: DVS128`.
  static func listed(in lines: [EventMetadata]) -> [AEDAT3Source] {
    var found: [AEDAT3Source] = []
    for line in lines where line.key.hasPrefix("Source ") {
      guard let number = Int(line.key.dropFirst(7)), !found.contains(where: { $0.number == number }) else { continue }
      found.append(AEDAT3Source(number: number, name: line.value))
    }
    return found
  }

  /// Those that the header lists and those whose packets come first. A header that lists one speaks of the one that
  /// there is, whatever its number.
  static func all(listed: [AEDAT3Source], found: [Int]) -> [AEDAT3Source] {
    if listed.count == 1, found.count == 1 { return [AEDAT3Source(number: found[0], name: listed[0].name)] }
    let unlisted = found.filter { number in !listed.contains { $0.number == number } }
    return listed + unlisted.map { AEDAT3Source(number: $0, name: "") }
  }

  /// Pixel array of the camera, where its name is known.
  var geometry: SensorGeometry? {
    if let layout = AEDAT2Layout(chip: name) { return layout.geometry }
    let known: [AEDAT2Layout] = [.dvs128, .davis128, .davis208, .davis240, .davis346, .davis640]
    return known.first { name.lowercased().utf8.contains($0.rawValue.utf8) }?.geometry
  }

  var candidate: StreamCandidate {
    StreamCandidate(
      identifier: Int32(clamping: number), names: ["\(number)"] + (name.isEmpty ? [] : [name]),
      stream: RecordingStream(name: "\(number)", details: name, sensor: geometry))
  }
}
