/// What stands in a message in front of its events.
struct MessageFront: Equatable {
  /// Longest front, bytes: a name of a frame and one of an encoding are in it.
  static let largestSize = 16 * 1024

  var width: Int
  var height: Int
  /// Events, or bytes of a packet.
  var count: Int
  var isBigEndian = false
  /// Of packets.
  var encoding = ""
  var timeBase: UInt64 = 0
  /// Whether the words of a packet are big-endian.
  var hasBigEndianWords = false
  /// Bytes of the front itself.
  var size = 0

  enum Outcome: Equatable {
    case found(MessageFront)
    /// The bytes end within the front.
    case cut
    /// An encapsulation of CDR that is not known: its number.
    case unknown(UInt16)
  }

  static func read(_ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout) -> Outcome {
    var cursor = ByteCursor(bytes)
    var isBigEndian = false
    if layout.serialization == .cdr {
      // The representation, always big-endian, then options that say how much filling ends the message.
      cursor.isBigEndian = true
      guard let representation = cursor.number(UInt16.self), cursor.skip(2) != nil else { return .cut }
      // Plain CDR of version 1 and 2, big- and little-endian; version 2 aligns to four bytes at most.
      guard [0, 1, 6, 7].contains(representation) else { return .unknown(representation) }
      isBigEndian = representation & 1 == 0
      cursor.isBigEndian = isBigEndian
      cursor.align(to: representation < 6 ? 8 : 4)
    }
    guard layout.serialization == .cdr || cursor.skip(4) != nil, cursor.number(UInt32.self) != nil,
      cursor.number(UInt32.self) != nil, cursor.block() != nil, let height = cursor.number(UInt32.self),
      let width = cursor.number(UInt32.self)
    else { return .cut }
    var front = MessageFront(width: Int(width), height: Int(height), count: 0, isBigEndian: isBigEndian)
    if layout.kind == .packet {
      guard cursor.number(UInt64.self) != nil, let timeBase = cursor.number(UInt64.self), let encoding = cursor.text(),
        let order = cursor.number(UInt8.self)
      else { return .cut }
      front.timeBase = timeBase
      front.encoding = encoding
      front.hasBigEndianWords = order != 0
    }
    guard let count = cursor.number(UInt32.self) else { return .cut }
    front.count = Int(count)
    front.size = cursor.position
    return .found(front)
  }

  /// Bytes behind the front, without filling.
  func contentSize(_ layout: MessageLayout) -> Int64 {
    switch (layout.kind, layout.serialization) {
    case (.packet, _): Int64(count)
    case (.events, .ros1): 13 * Int64(count)
    // Fields are aligned: the last event has no filling behind it.
    case (.events, .cdr): count == 0 ? 0 : 16 * Int64(count) - 3
    }
  }
}
