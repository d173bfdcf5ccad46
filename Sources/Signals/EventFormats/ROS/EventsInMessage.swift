import CKernels

/// The events of an EventArray message, in the serialisation of ROS 1 or of ROS 2.
struct EventsInMessage {
  static let largestEvent = 16

  private(set) var remaining: Int
  private let serialization: MessageSerialization
  private let isBigEndian: Bool
  private let place: BagPlace
  private var isFirst = true

  init(_ front: MessageFront, _ layout: MessageLayout, _ place: BagPlace) {
    remaining = front.count
    serialization = layout.serialization
    isBigEndian = front.isBigEndian
    self.place = place
  }

  /// Decodes events at hand until they or the columns are used up; returns how many there were.
  mutating func decode(
    _ input: inout MessageInput, into columns: ganglion_event_columns, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Int {
    guard remaining > 0 else { return 0 }
    let size = serialization == .ros1 || isFirst ? 13 : 15
    guard try isThere(size, &input, &report) else { return 0 }
    let room = min(remaining, Int(columns.capacity))
    let order: Int32 = isBigEndian ? 1 : 0
    let count: Int
    if serialization == .ros1 {
      count = min(room, input.count / 13)
      input.withBytes { ganglion_decode_ros1_events($0.bytePointer, Int64(count), columns) }
      input.consume(13 * count)
    } else {
      count = isFirst ? 1 : min(room, (input.count + 1) / 16)
      input.withBytes {
        ganglion_decode_cdr_events($0.bytePointer, Int64(count), isFirst ? 1 : 0, order, columns)
      }
      // The next event is aligned, if there is one.
      let taken = isFirst ? 14 : 16 * count
      if count < remaining, try !isThere(taken, &input, &report) { return count }
      input.consume(count < remaining ? taken : taken - 1)
      isFirst = false
    }
    remaining -= count
    return count
  }

  /// Whether bytes are there. If not, no events remain, and a message that is too short is reported: of a compressed one
  /// only unpacking shows it.
  private mutating func isThere(
    _ wanted: Int, _ input: inout MessageInput, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool {
    let availability = try input.require(wanted, &report)
    if availability == .there { return true }
    if availability == .beyondMessage { report.violate(.corruptPacket, offset: Int(place.byteOffset)) }
    remaining = 0
    return false
  }
}
