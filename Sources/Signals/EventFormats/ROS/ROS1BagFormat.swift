import Signatures

extension EventFormat {
  /// A bag of ROS 1.
  public static let rosbag1 = EventFormat(ROS1BagFormat())
}

struct ROS1BagFormat: EventFormatDefinition {
  let name = "rosbag1"
  let title = "ROS 1 bag"

  func isSigned(_ beginning: [UInt8]) -> Bool { Signature.rosBag.isIn(beginning) }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openROS1Bag(input, options)
  }
}
