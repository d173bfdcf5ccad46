import Signatures

extension EventFormat {
  /// HDF5, as DSEC, Prophesee, tonic and the Heidelberg digits keep events in it.
  public static let hdf5 = EventFormat(HDF5Format())
}

struct HDF5Format: EventFormatDefinition {
  let name = "hdf5"
  let title = "HDF5"
  let endings = ["h5", "hdf5"]
  let isReadWhole = true
  let isWrittenByName = true
  /// Other programs' headers may stand in front: MATLAB's has 512 bytes.
  private static let offsets = [0, 512, 1024, 2048]

  func isSigned(_ beginning: [UInt8]) -> Bool { Self.offsets.contains { Signature.hdf5.at($0).isIn(beginning) } }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openHDF5(input, options)
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try HDF5Writer(sink: sink, options: options)
  }
}
