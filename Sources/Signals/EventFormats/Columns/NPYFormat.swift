import Signatures

extension EventFormat {
  /// An array of NumPy.
  public static let npy = EventFormat(NPYFormat())
}

struct NPYFormat: EventFormatDefinition {
  let name = "npy"
  let title = "NPY"
  let endings = ["npy"]

  func isSigned(_ beginning: [UInt8]) -> Bool { Signature.numPy.isIn(beginning) }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openNPY(input, options)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try NPYWriter(sink: sink, options: options)
  }
}
