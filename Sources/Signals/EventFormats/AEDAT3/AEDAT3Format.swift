import Signatures

extension EventFormat {
  /// AEDAT 3.1 of cAER, and 3.0: packets of events.
  public static let aedat3 = EventFormat(AEDAT3Format())
}

struct AEDAT3Format: EventFormatDefinition {
  let name = "aedat3"
  let title = "AEDAT 3.1"
  let family: Signature? = .aedat

  func isSigned(_ beginning: [UInt8]) -> Bool { Signature.aedat.version("3").isIn(beginning) }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openAEDAT3(input, options)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try EncodingEventWriter(sink: sink, encoder: AEDAT3Encoder(options), options: options)
  }
}
