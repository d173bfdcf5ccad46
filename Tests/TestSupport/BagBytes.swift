import CZstd
import Events
import Foundation

/// The bytes of a number, little-endian.
func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// Bytes behind their number of 32 bits.
func block(_ content: some Collection<UInt8>) -> [UInt8] { bytes(UInt32(content.count)) + content }

func text(_ text: String) -> [UInt8] { block(Array(text.utf8)) }

/// A folder that goes with its last user.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("bags-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  func file(_ name: String, _ content: [UInt8]) throws -> String {
    try Data(content).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}

/// So many events of a small sensor, ten microseconds apart.
func tickingEvents(_ count: Int, from start: Int64 = 1_700_000_000_000_000) -> [Event] {
  (0..<count).map { index -> Event in
    let (x, y, polarity) = (UInt16(index % 60), UInt16(index * 7 % 48), UInt8(index % 2))
    return Event(timeMicroseconds: start + 10 * Int64(index), x: x, y: y, polarity: polarity)
  }
}

/// One batch of them.
func batch(_ events: [Event]) -> EventBatch {
  var batch = EventBatch()
  for event in events { batch.append(event) }
  return batch
}

/// What stands in a message of packets beside its bytes.
struct PacketFields {
  var encoding: String
  var data: [UInt8]
  var timeBase: UInt64 = 0
  var isBigEndian = false
}

/// Messages as ROS 1 writes them.
enum ROS1Message {
  static func events(_ events: [Event], frame: String = "camera") -> [UInt8] {
    var message = front(frame) + bytes(UInt32(events.count))
    for event in events {
      message += bytes(event.x)
      message += bytes(event.y)
      message += time(event.timeMicroseconds)
      message.append(event.polarity)
    }
    return message
  }

  static func packet(_ fields: PacketFields) -> [UInt8] {
    var message: [UInt8] = front("camera")
    message += bytes(UInt64(7))
    message += bytes(fields.timeBase)
    message += text(fields.encoding)
    message.append(fields.isBigEndian ? 1 : 0)
    message += block(fields.data)
    return message
  }

  private static func front(_ frame: String) -> [UInt8] {
    let size: [UInt8] = bytes(UInt32(48)) + bytes(UInt32(64))
    return bytes(UInt32(3)) + time(5) + text(frame) + size
  }

  private static func time(_ microseconds: Int64) -> [UInt8] {
    bytes(UInt32(microseconds / 1_000_000)) + bytes(UInt32(microseconds % 1_000_000 * 1000))
  }
}

/// Messages as ROS 2 writes them: every number stands at a multiple of its size.
struct CDRMessage {
  var isBigEndian = false
  /// Version 2 aligns to four bytes at most.
  var isVersion2 = false

  func events(_ events: [Event], frame: String = "camera") -> [UInt8] {
    var message = Writer(self)
    front(&message, frame)
    message.add(UInt32(events.count))
    for event in events {
      message.add(event.x)
      message.add(event.y)
      add(&message, event.timeMicroseconds)
      message.add(event.polarity)
    }
    return message.bytes
  }

  func packet(_ fields: PacketFields) -> [UInt8] {
    var message = Writer(self)
    front(&message, "camera")
    message.add(UInt64(7))
    message.add(fields.timeBase)
    message.add(text: fields.encoding)
    message.add(UInt8(fields.isBigEndian ? 1 : 0))
    message.add(UInt32(fields.data.count))
    return message.bytes + fields.data
  }

  private func front(_ message: inout Writer, _ frame: String) {
    add(&message, 5)
    message.add(text: frame)
    message.add(UInt32(48))
    message.add(UInt32(64))
  }

  private func add(_ message: inout Writer, _ microseconds: Int64) {
    message.add(Int32(microseconds / 1_000_000))
    message.add(UInt32(microseconds % 1_000_000 * 1000))
  }

  private struct Writer {
    let form: CDRMessage
    var bytes: [UInt8]

    init(_ form: CDRMessage) {
      self.form = form
      bytes = [0, (form.isVersion2 ? 6 : 0) + (form.isBigEndian ? 0 : 1), 0, 0]
    }

    mutating func add<Number: FixedWidthInteger>(_ number: Number) {
      let step = min(MemoryLayout<Number>.size, form.isVersion2 ? 4 : 8)
      while (bytes.count - 4) % step != 0 { bytes.append(0) }
      bytes += withUnsafeBytes(of: form.isBigEndian ? number.bigEndian : number.littleEndian) { Array($0) }
    }

    mutating func add(text: String) {
      add(UInt32(text.utf8.count + 1))
      bytes += Array(text.utf8) + [0]
    }
  }
}

/// Definitions as drivers publish them.
enum Definitions {
  static let ros1Events = """
    std_msgs/Header header
    # the sensor
    uint32 height
    uint32 width
    Event[] events
    ================================================================================
    MSG: std_msgs/Header
    uint32 seq
    time stamp
    string frame_id
    ================================================================================
    MSG: dvs_msgs/Event
    uint8 ON=1
    uint16 x   # column
    uint16 y
    time ts
    bool polarity
    """
  static let ros2Packet = """
    std_msgs/Header header
    uint32 height
    uint32 width
    uint64 seq
    uint64 time_base
    string encoding
    bool is_bigendian
    uint8[] events
    ================================================================================
    MSG: std_msgs/Header
    builtin_interfaces/Time stamp
    string frame_id
    ================================================================================
    MSG: builtin_interfaces/Time
    int32 sec
    uint32 nanosec
    """
  static let ros2Events = """
    std_msgs/Header header
    uint32 height
    uint32 width
    dvs_msgs/Event[] events
    ================================================================================
    MSG: dvs_msgs/msg/Event
    uint16 x
    uint16 y
    builtin_interfaces/Time ts
    bool polarity
    ================================================================================
    MSG: std_msgs/msg/Header
    builtin_interfaces/Time stamp
    string frame_id
    ================================================================================
    MSG: builtin_interfaces/msg/Time
    int32 sec
    uint32 nanosec
    """
}

/// One topic of a bag that a test makes.
struct MadeTopic {
  var name = "/dvs/events"
  var type = "dvs_msgs/EventArray"
  var definition = Definitions.ros1Events
}

/// Bytes packed as one frame of Zstandard.
func zstd(_ content: [UInt8]) -> [UInt8] {
  var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
  let size = ZSTD_compress(&packed, packed.count, content, content.count, 3)
  return Array(packed.prefix(size))
}

/// A bag of ROS 1 with plain chunks.
struct MadeROS1Bag {
  var topics = [MadeTopic()]
  /// Chunks of messages: the topic's position, and the bytes.
  var chunks: [[(topic: Int, data: [UInt8])]] = []
  var isClosed = true
  /// Where records begin that a test wants to know.
  private(set) var chunkOffsets: [Int] = []

  init(topics: [MadeTopic] = [MadeTopic()], chunks: [[(topic: Int, data: [UInt8])]]) {
    self.topics = topics
    self.chunks = chunks
  }

  init(_ messages: [[UInt8]], type: String = "dvs_msgs/EventArray", definition: String = Definitions.ros1Events) {
    self.init(
      topics: [MadeTopic(type: type, definition: definition)], chunks: [messages.map { (topic: 0, data: $0) }])
  }

  static func record(_ fields: [(String, [UInt8])], _ data: [UInt8]) -> [UInt8] {
    block(fields.flatMap { block(Array($0.0.utf8) + [0x3d] + $0.1) }) + block(data)
  }

  func connection(_ index: Int) -> [UInt8] {
    let topic = topics[index]
    var data: [UInt8] = text("topic=\(topic.name)")
    data += text("type=\(topic.type)")
    data += text("message_definition=\(topic.definition)")
    return Self.record(
      [("op", [7]), ("conn", bytes(UInt32(index))), ("topic", Array(topic.name.utf8))], data)
  }

  static func message(_ connection: Int, _ data: [UInt8]) -> [UInt8] {
    record([("op", [2]), ("conn", bytes(UInt32(connection))), ("time", bytes(UInt64(0)))], data)
  }

  static func chunk(_ content: [UInt8], compression: String = "none", unpacked: Int? = nil) -> [UInt8] {
    record(
      [("op", [5]), ("compression", Array(compression.utf8)), ("size", bytes(UInt32(unpacked ?? content.count)))],
      content)
  }

  /// The whole file.
  func image() -> [UInt8] {
    func header(_ position: Int) -> [UInt8] {
      let fields: [(String, [UInt8])] = [
        ("op", [3]), ("index_pos", bytes(UInt64(position))), ("conn_count", bytes(UInt32(topics.count))),
        ("chunk_count", bytes(UInt32(chunks.count))),
      ]
      let size = 8 + fields.reduce(0) { $0 + 4 + $1.0.utf8.count + 1 + $1.1.count }
      return Self.record(fields, [UInt8](repeating: 0x20, count: 4096 - size))
    }
    let magic = Array("#ROSBAG V2.0\n".utf8)
    var body: [UInt8] = []
    var index = topics.indices.flatMap(connection)
    var known: Set<Int> = []
    for chunk in chunks {
      var content: [UInt8] = []
      for (topic, data) in chunk {
        if known.insert(topic).inserted { content += connection(topic) }
        content += Self.message(topic, data)
      }
      body += Self.chunk(content)
      body += Self.record([("op", [4]), ("ver", bytes(UInt32(1))), ("conn", bytes(UInt32(0)))], [])
      let counts = Dictionary(grouping: chunk, by: \.topic).sorted { $0.key < $1.key }
      index += Self.record(
        [("op", [6]), ("ver", bytes(UInt32(1))), ("count", bytes(UInt32(counts.count)))],
        counts.flatMap { bytes(UInt32($0.key)) + bytes(UInt32($0.value.count)) })
    }
    let position = isClosed ? magic.count + 4096 + body.count : 0
    return magic + header(position) + body + (isClosed ? index : [])
  }
}

/// An MCAP file.
struct MadeMCAP {
  static let magic: [UInt8] = [0x89] + Array("MCAP0\r\n".utf8)

  enum Chunks {
    case none
    case plain
    case zstd
  }

  var topics = [MadeTopic(type: "dvs_msgs/msg/EventArray", definition: Definitions.ros2Events)]
  var messages: [(topic: Int, data: [UInt8])] = []
  var chunks = Chunks.plain
  /// Frames of Zstandard that a chunk is packed into, one after another.
  var frames = 1
  var hasSummary = true
  var isClosed = true
  var serialization = "cdr"
  var language = "ros2msg"

  init(_ messages: [[UInt8]]) {
    self.messages = messages.map { (0, $0) }
  }

  static func record(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] { [kind] + bytes(UInt64(content.count)) + content }

  private func described(_ index: Int) -> [UInt8] {
    let topic = topics[index]
    let number = bytes(UInt16(index + 1))
    let schema: [UInt8] = number + text(topic.type) + text(language) + text(topic.definition)
    let channel: [UInt8] = number + number + text(topic.name) + text(serialization) + bytes(UInt32(0))
    return Self.record(3, schema) + Self.record(4, channel)
  }

  private func packed(_ content: [UInt8]) -> [UInt8] {
    (0..<frames).flatMap { frame in
      zstd(Array(content[frame * content.count / frames..<(frame + 1) * content.count / frames]))
    }
  }

  func image() -> [UInt8] {
    var file = Self.magic + Self.record(1, text("ros2") + text("test"))
    var known: Set<Int> = []
    for (topic, data) in messages {
      var content: [UInt8] = known.insert(topic).inserted ? described(topic) : []
      // Sequence and two times are of no interest.
      let front: [UInt8] = bytes(UInt16(topic + 1)) + [UInt8](repeating: 0, count: 20)
      content += Self.record(5, front + data)
      let stored = chunks == .zstd ? packed(content) : content
      if chunks == .none {
        file += content
        continue
      }
      var chunk = [UInt8](repeating: 0, count: 16)
      chunk += bytes(UInt64(content.count))
      chunk += bytes(UInt32(0))
      chunk += text(chunks == .zstd ? "zstd" : "")
      chunk += bytes(UInt64(stored.count))
      file += Self.record(6, chunk + stored)
    }
    guard isClosed else { return file }
    file += Self.record(15, bytes(UInt32(0)))
    let start = file.count
    if hasSummary {
      file += topics.indices.flatMap(described)
      let counts = Dictionary(grouping: messages, by: \.topic).sorted { $0.key < $1.key }
      let list = counts.flatMap { bytes(UInt16($0.key + 1)) + bytes(UInt64($0.value.count)) }
      file += Self.record(11, [UInt8](repeating: 0, count: 42) + block(list))
    }
    let footer: [UInt8] = bytes(UInt64(hasSummary ? start : 0)) + [UInt8](repeating: 0, count: 12)
    file += Self.record(2, footer)
    return file + Self.magic
  }
}
