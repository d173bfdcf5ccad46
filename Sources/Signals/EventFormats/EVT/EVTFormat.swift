import Events

extension EventFormat {
  /// Prophesee EVT 2.0: a word of 32 bits an event.
  public static let evt2 = EventFormat(EVTFormat.evt2)
  /// Prophesee EVT 2.1: words of 64 bits with a mask of 32 events.
  public static let evt21 = EventFormat(EVTFormat.evt21)
  /// Prophesee EVT 3.0: words of 16 bits for what changes.
  public static let evt3 = EventFormat(EVTFormat.evt3)
  /// Prophesee EVT 4.0: words of 32 bits, vectors among them.
  public static let evt4 = EventFormat(EVTFormat.evt4)
}

/// The words that Prophesee's cameras send, behind a text that says which.
enum EVTFormat: String, EventFormatDefinition {
  case evt2, evt21, evt3, evt4

  var name: String { rawValue }

  var title: String {
    switch self {
    case .evt2: "Prophesee EVT 2.0"
    case .evt21: "Prophesee EVT 2.1"
    case .evt3: "Prophesee EVT 3.0"
    case .evt4: "Prophesee EVT 4.0"
    }
  }

  var endings: [String] { self == .evt3 ? ["raw"] : [] }

  func isSigned(_ beginning: [UInt8]) -> Bool { PropheseeHeader(beginning: beginning)?.evt == self }

  func isWithinHeader(_ bytes: [UInt8]) -> Bool { PropheseeHeader.isCut(bytes) }

  /// What a header names that none of these is, such as Prophesee's histograms.
  func refusal(of beginning: [UInt8], _ options: EventReadingOptions, source: String) -> EventFormatError? {
    guard let header = PropheseeHeader(beginning: beginning), header.evt == nil,
      let named = header.value("format") ?? header.value("evt").map({ "EVT \($0)" })
    else { return nil }
    return EventFormatError(
      .unsupported, source: source, byteOffset: 0, reason: "the header names the encoding \(named), which is not known",
      remedy: "name the one that it is of those that are", subject: .format)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    switch self {
    case .evt2: return try EncodingEventWriter(sink: sink, encoder: EVT2Encoder(options), options: options)
    case .evt21: return try EncodingEventWriter(sink: sink, encoder: EVT21Encoder(options), options: options)
    case .evt3: return try EncodingEventWriter(sink: sink, encoder: EVT3Encoder(options), options: options)
    case .evt4:
      throw EventFormatError(
        .cannotRepresent, source: sink.name, reason: "\(title) is read, not written",
        remedy: "write evt3 or evt21, which hold the same")
    }
  }

  func reader(of opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    var input = opened
    if self != .evt3 { try options.refuseStream(of: input.name) }
    let header = try PropheseeHeader(&input)
    var guesses: [ReadingGuess] = []
    func reader(_ decoder: some BlockDecoder, _ encoding: String) -> any EventReader {
      StreamingEventReader(
        input: input, decoder: decoder, format: EventFormat(self), encoding: encoding,
        geometry: options.geometry ?? header.geometry, metadata: header.lines, guesses: guesses, options: options)
    }
    switch self {
    case .evt2: return reader(EVT2Decoder(), "EVT2")
    case .evt3: return reader(try EVT3Decoder(name: input.name, options: options), "EVT3")
    case .evt4: return reader(EVT4Decoder(), "EVT4")
    case .evt21:
      let isLegacy = try Self.isLegacy(header, &input, options, &guesses)
      return reader(EVT21Decoder(isLegacy: isLegacy), isLegacy ? "EVT21, legacy word layout" : "EVT21")
    }
  }

  /// Whether the halves of the words of EVT 2.1 are swapped.
  private static func isLegacy(
    _ header: PropheseeHeader, _ input: inout InputBuffer, _ options: EventReadingOptions,
    _ guesses: inout [ReadingGuess]
  ) throws(EventFormatError) -> Bool {
    let named = header.formatOption("endianness") ?? header.value("endianness")
    switch named {
    case "legacy": return true
    case "little": return false
    default: break
    }
    _ = try input.require(options.isLive ? EVT21Decoder.enoughLiveBytes : EventFormat.detectionLength)
    let isLegacy = EVT21Decoder.looksLegacy(input.prefix(EventFormat.detectionLength))
    if named == nil {
      guesses.append(
        ReadingGuess(
          .layout, isLegacy ? "legacy words" : "current words",
          because: "the header does not say, and this is where words of time have their type"))
    }
    return isLegacy
  }
}

extension PropheseeHeader {
  /// The format whose words follow; nil where the header names none of them.
  var evt: EVTFormat? {
    switch encoding {
    case "EVT2": .evt2
    case "EVT21", "EVT2.1": .evt21
    case "EVT3": .evt3
    case "EVT4": .evt4
    default: nil
    }
  }
}
