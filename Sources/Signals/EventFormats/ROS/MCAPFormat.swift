import Signatures

extension EventFormat {
  /// MCAP, the container of newer ROS 2.
  public static let mcap = EventFormat(MCAPFormat())
}

struct MCAPFormat: EventFormatDefinition {
  let name = "mcap"
  let title = "MCAP"

  func isSigned(_ beginning: [UInt8]) -> Bool { Signature.mcap.isIn(beginning) }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openMCAP(input, options)
  }
}
