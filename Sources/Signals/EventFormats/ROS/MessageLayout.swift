/// How messages are written down as bytes.
enum MessageSerialization: String, Sendable {
  /// Of ROS 1: little-endian and packed.
  case ros1
  /// Of ROS 2: Common Data Representation, aligned, with its byte order in front.
  case cdr
}

/// What a message with events looks like.
struct MessageLayout: Sendable, Equatable {
  enum Kind: Sendable {
    /// A header, the sensor's size, and an array of events with a time stamp each.
    case events
    /// The same with a block of bytes, encoded as the message names.
    case packet
  }

  var kind: Kind
  var serialization: MessageSerialization

  /// Types with events, by the names that drivers gave them.
  private static let known: [String: Kind] = [
    "dvs_msgs/EventArray": .events, "prophesee_event_msgs/EventArray": .events, "dv_ros_msgs/EventArray": .events,
    "dv_ros2_msgs/EventArray": .events, "event_camera_msgs/EventPacket": .packet,
    // What event_camera_msgs was called first.
    "event_array_msgs/EventArray": .packet,
  ]

  /// Fields as `MessageDefinition` lists them.
  private static func fields(_ kind: Kind, _ serialization: MessageSerialization) -> [String] {
    let isROS1 = serialization == .ros1
    let header =
      (isROS1 ? ["uint32 seq", "time stamp"] : ["int32 sec", "uint32 nanosec"])
      + ["string frame_id", "uint32 height", "uint32 width"]
    switch kind {
    case .events:
      return header + ["[", "uint16 x", "uint16 y"] + (isROS1 ? ["time ts"] : ["int32 sec", "uint32 nanosec"])
        + ["uint8 polarity", "]"]
    case .packet:
      return header + ["uint64 seq", "uint64 time_base", "string encoding", "uint8 is_bigendian", "uint8[] events"]
    }
  }

  /// What a topic's messages are, by the name of their type and by their definition, where the bag has one.
  static func find(
    type: String, serialization: MessageSerialization?, definition: String?
  ) -> BagTopic.Content {
    let name = MessageDefinition.plain(type)
    let expected = known[name]
    guard let serialization else {
      return expected == nil ? .other : .unreadable("they are not serialised as ROS does")
    }
    guard let definition, !definition.allSatisfy(\.isWhitespace) else {
      guard let expected else { return .other }
      return .events(MessageLayout(kind: expected, serialization: serialization), isByName: true)
    }
    let found = MessageDefinition(definition, type: type)?.fields
    for kind in [Kind.events, .packet] where found == fields(kind, serialization) {
      return .events(MessageLayout(kind: kind, serialization: serialization), isByName: false)
    }
    guard let expected else { return .other }
    return .unreadable(difference(found ?? [], from: fields(expected, serialization)))
  }

  /// Names the first field that is not as expected.
  private static func difference(_ found: [String], from expected: [String]) -> String {
    for (index, field) in expected.enumerated() {
      guard index < found.count else { return "their definition has no field '\(field)'" }
      if found[index] != field { return "their definition has '\(found[index])' where '\(field)' is known" }
    }
    return "their definition has one more field '\(found[expected.count])'"
  }
}
