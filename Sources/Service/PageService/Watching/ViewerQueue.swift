import SocketProtocol

/// What waits to be sent to one viewer, bounded. When it is full, what comes is dropped, steps before anything else, until
/// half of it has been taken; then a message says how much is missing at this place. A value.
package struct ViewerQueue: Sendable {
  /// What a message is about, for who has to go first.
  package enum Kind: Sendable {
    /// Pictures and figures: another comes soon.
    case steps
    /// Detections, gaps, states.
    case news
  }

  private let messageLimit: Int
  private let byteLimit: Int
  private var messages: [[UInt8]] = []
  /// Messages before it are gone and swept out now and then.
  private var head = 0
  private var bytes = 0
  private var missed = 0
  private var number: Int64 = 0

  /// - Parameters:
  ///   - messageLimit: steps that may wait; as many news again.
  ///   - byteLimit: the same of their bytes.
  package init(messageLimit: Int = 1_024, byteLimit: Int = 2 << 20) {
    self.messageLimit = messageLimit
    self.byteLimit = byteLimit
  }

  package var isEmpty: Bool { head == messages.count }
  /// Whether it drops what comes, for the time being: nothing need be made for it.
  package var isFull: Bool { missed > 0 }
  /// Messages dropped in all.
  package private(set) var dropped = 0

  /// - Parameter message: one line of JSON, without its end.
  package mutating func append(_ message: [UInt8], _ kind: Kind) {
    let share = kind == .steps ? 1 : 2
    let isRoom = messages.count - head < share * messageLimit && bytes + message.count <= share * byteLimit
    if !isRoom || (kind == .steps && missed > 0) {
      missed += 1
      dropped += 1
      return
    }
    messages.append(message)
    bytes += message.count
  }

  /// Takes whole messages as server-sent events, oldest first, at most about so many bytes.
  package mutating func take(size: Int = 1 << 16) -> [UInt8] {
    var taken: [UInt8] = []
    while head < messages.count && taken.count < size {
      bytes -= messages[head].count
      write(messages[head], to: &taken)
      messages[head] = []
      head += 1
    }
    if missed > 0, (messages.count - head) * 2 <= messageLimit, bytes * 2 <= byteLimit {
      // It stands behind what waited when it was missed.
      var line = JSONLine(type: "missed")
      line.add("count", Int64(missed))
      messages.append(line.closed)
      bytes += line.closed.count
      missed = 0
    }
    if head == messages.count {
      messages.removeAll(keepingCapacity: messages.capacity <= 64)
      head = 0
    } else if head >= 64 && head * 2 >= messages.count {
      messages.removeFirst(head)
      head = 0
    }
    return taken
  }

  private mutating func write(_ message: [UInt8], to taken: inout [UInt8]) {
    number += 1
    taken += "id: \(number)\ndata: ".utf8
    taken += message
    taken += "\n\n".utf8
  }
}
