import Signatures

extension EventFormat {
  /// A bag of ROS 2: a database, or the description of a folder.
  public static let rosbag2 = EventFormat(ROS2BagFormat())
}

struct ROS2BagFormat: EventFormatDefinition {
  let name = "rosbag2"
  let title = "ROS 2 bag"
  let isReadWhole = true

  func isSigned(_ beginning: [UInt8]) -> Bool {
    Signature.sqlite.isIn(beginning) || beginning.starts(with: BagFolder.signature)
  }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try openROS2Bag(input, options)
  }
}
