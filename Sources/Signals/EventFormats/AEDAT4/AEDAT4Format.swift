import Signatures

extension EventFormat {
  /// AEDAT 4.0 of DV: compressed packets of FlatBuffers. What dv-processing and DV send over a network is the same without
  /// the line at the beginning.
  public static let aedat4 = EventFormat(AEDAT4Format())
}

struct AEDAT4Format: EventFormatDefinition {
  let name = "aedat4"
  let title = "AEDAT 4.0"
  let endings = ["aedat4"]
  let family: Signature? = .aedat

  func isSigned(_ beginning: [UInt8]) -> Bool {
    Signature.aedat.version("4").isIn(beginning) || Signature.aedat4Network.isIn(beginning)
  }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openAEDAT4(input, options)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try AEDAT4Writer(sink: sink, options: options)
  }
}
