import Signatures

extension EventFormat {
  /// AEDAT 1.0: addresses of 16 bits.
  public static let aedat1 = EventFormat(AEDAT2Format.aedat1)
  /// AEDAT 2.0: addresses of 32 bits.
  public static let aedat2 = EventFormat(AEDAT2Format.aedat2)
}

/// AEDAT of jAER: addresses whose layout is the camera's, and times.
enum AEDAT2Format: String, EventFormatDefinition {
  case aedat1, aedat2

  var name: String { rawValue }
  var title: String { self == .aedat1 ? "AEDAT 1.0" : "AEDAT 2.0" }
  var endings: [String] { self == .aedat2 ? ["aedat"] : [] }
  var family: Signature? { .aedat }

  func isSigned(_ beginning: [UInt8]) -> Bool {
    Signature.aedat.version(self == .aedat1 ? "1" : "2").isIn(beginning)
  }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openAEDAT2(input, EventFormat(self), options)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try EncodingEventWriter(sink: sink, encoder: AEDAT2Encoder(options, name: sink.name), options: options)
  }
}
