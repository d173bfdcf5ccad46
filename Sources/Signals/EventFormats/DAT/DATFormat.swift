import Events

extension EventFormat {
  /// Prophesee DAT, version 1: sensors of up to 512x256.
  public static let dat1 = EventFormat(DATFormat.dat1)
  /// Prophesee DAT, version 2: sensors of up to 16384x16384.
  public static let dat2 = EventFormat(DATFormat.dat2)
}

/// Records of eight bytes behind a text, as Prophesee's older tools wrote them.
enum DATFormat: String, EventFormatDefinition {
  case dat1, dat2

  var name: String { rawValue }
  var title: String { "Prophesee DAT \(version)" }
  var endings: [String] { self == .dat2 ? ["dat"] : [] }
  private var version: Int { self == .dat1 ? 1 : 2 }

  func isSigned(_ beginning: [UInt8]) -> Bool {
    guard let header = PropheseeHeader(beginning: beginning), header.evt == nil else { return false }
    switch header.value("version") {
    case "1": return self == .dat1
    case "2": return self == .dat2
    default:
      // Of the first files, which do not say.
      let isOld = header.lines.contains { $0.value.contains("Event2D") || $0.value.contains("of event type") }
      return self == .dat1 && isOld
    }
  }

  func isWithinHeader(_ bytes: [UInt8]) -> Bool { PropheseeHeader.isCut(bytes) }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try EncodingEventWriter(sink: sink, encoder: DATEncoder(options), options: options)
  }

  func reader(of opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
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
    return StreamingEventReader(
      input: input, decoder: DATDecoder(version: version, eventType: kind[0]), format: EventFormat(self),
      encoding: "version \(version), event type \(kind[0])", geometry: options.geometry ?? header.geometry,
      metadata: header.lines, options: options)
  }
}
