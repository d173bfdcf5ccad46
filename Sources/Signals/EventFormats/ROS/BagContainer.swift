import CKernels

/// One topic of a bag.
struct BagTopic: Sendable {
  enum Content: Sendable {
    /// Events; `isByName` where the bag does not define the type and its name has to do.
    case events(MessageLayout, isByName: Bool)
    /// Events by the name of the type, in a form that is not known, and why.
    case unreadable(String)
    case other
  }

  var name: String
  /// Type of its messages, as `package/Type`.
  var type: String
  var content: Content
  /// Messages met so far.
  var messages: Int64 = 0

  init(name: String, type: String, serialization: MessageSerialization?, definition: String?) {
    self.name = name
    self.type = MessageDefinition.plain(type)
    content = MessageLayout.find(type: type, serialization: serialization, definition: definition)
  }

  var holdsEvents: Bool {
    if case .other = content { false } else { true }
  }

  /// What its messages are counted as when they are left out.
  var skippedAs: SkippedContent {
    switch type {
    case "sensor_msgs/Image", "sensor_msgs/CompressedImage": .frame
    case "sensor_msgs/Imu": .inertial
    default: .message
    }
  }
}

/// One message, whose bytes the container hands out.
struct BagMessage {
  /// Position among the topics of the container.
  var topic: Int
  /// Bytes as stored.
  var size: Int64
  var place: BagPlace
}

/// A file of messages, read front to back.
protocol BagContainer: Sendable {
  /// What errors call it.
  var name: String { get }
  /// Topics met so far, with their messages counted.
  var topics: [BagTopic] { get }
  /// How messages lie in it, for people, such as `LZ4 chunks`.
  var packing: String { get }
  /// Bytes of the file taken so far.
  var bytesRead: Int64 { get }
  /// Whether the next message may have to be waited for.
  var mayWait: Bool { get }

  /// All topics and how many messages they have, looked up in the index; nil where there is none. The place of reading
  /// stays.
  mutating func survey() throws(EventFormatError) -> [BagTopic]?

  /// Goes to the next message, past what is left of the one before; nil at the end. What is broken on the way is
  /// reported.
  mutating func nextMessage(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage?

  /// Bytes of the message that have not been consumed.
  var left: Int64 { get }
  /// Where the next byte of the message stands.
  var place: BagPlace { get }
  /// Bytes of the message at hand.
  var count: Int { get }
  /// Whether the next bytes of the message are there; waits for them. The reason why they are not is reported.
  mutating func require(
    _ wanted: Int, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result
  mutating func consume(_ amount: Int)
}

/// Largest texts and headers in bags, bytes, and most topics; honest ones are far below.
enum BagLimits {
  static let recordHeader = 1 << 20
  static let definition = 4 << 20
  /// Of all definitions together.
  static let definitions = 32 << 20
  static let topics = 10_000
  /// What is looked at before a bag from a pipe is read.
  static let glance = 4 << 20
  static let name = 4096
}
