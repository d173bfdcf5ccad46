import Signatures

extension EventFormat {
  /// Arrays of NumPy in a ZIP file.
  public static let npz = EventFormat(NPZFormat())
}

struct NPZFormat: EventFormatDefinition {
  let name = "npz"
  let title = "NPZ"
  let endings = ["npz"]
  let isReadWhole = true

  func isSigned(_ beginning: [UInt8]) -> Bool { Signature.zip.isIn(beginning) }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openZip(input, options)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try NPZWriter(sink: sink, options: options)
  }
}
