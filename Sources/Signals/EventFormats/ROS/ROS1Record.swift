import Glibc

/// The header of one record of a ROS 1 bag: fields `name=value`, each behind its length.
struct ROS1Record {
  enum Operation: UInt8 {
    case message = 2
    case bag = 3
    case index = 4
    case chunk = 5
    case chunkInfo = 6
    case connection = 7
  }

  private(set) var operation: Operation?
  private(set) var connection: UInt32?
  private(set) var topic: String?
  private(set) var compression: String?
  /// Bytes that a chunk unpacks to.
  private(set) var size: UInt32?
  /// Of the bag: where the index begins, and how much is in it.
  private(set) var indexPosition: UInt64?
  private(set) var connectionCount: UInt32?
  private(set) var chunkCount: UInt32?
  /// Of an index: its entries.
  private(set) var count: UInt32?

  /// Nil where the bytes are no such fields.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var fields = ByteCursor(bytes)
    while fields.remaining > 0 {
      guard let field = fields.block(), let split = field.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let name = UnsafeRawBufferPointer(rebasing: field[..<split])
      let value = UnsafeRawBufferPointer(rebasing: field[(split + 1)...])
      var number = ByteCursor(value)
      if Self.matches(name, "op") {
        guard let byte = number.number(UInt8.self), let known = Operation(rawValue: byte) else { return nil }
        operation = known
      } else if Self.matches(name, "conn") {
        connection = number.number()
      } else if Self.matches(name, "topic") {
        guard value.count <= BagLimits.name else { return nil }
        topic = String(decoding: value, as: UTF8.self)
      } else if Self.matches(name, "compression") {
        compression = String(decoding: value.prefix(64), as: UTF8.self)
      } else if Self.matches(name, "size") {
        size = number.number()
      } else if Self.matches(name, "index_pos") {
        indexPosition = number.number()
      } else if Self.matches(name, "conn_count") {
        connectionCount = number.number()
      } else if Self.matches(name, "chunk_count") {
        chunkCount = number.number()
      } else if Self.matches(name, "count") {
        count = number.number()
      }
    }
  }

  private static func matches(_ name: UnsafeRawBufferPointer, _ known: StaticString) -> Bool {
    guard let base = name.baseAddress else { return false }
    return name.count == known.utf8CodeUnitCount && memcmp(base, known.utf8Start, name.count) == 0
  }
}

/// What the data of a connection record say about its messages.
struct ROS1Connection {
  private(set) var type: String?
  private(set) var definition: String?

  init?(_ bytes: UnsafeRawBufferPointer) {
    var fields = ByteCursor(bytes)
    while fields.remaining > 0 {
      guard let field = fields.block(), let split = field.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let value = field[(split + 1)...]
      if field[..<split].elementsEqual("type".utf8) {
        guard value.count <= BagLimits.name else { return nil }
        type = String(decoding: value, as: UTF8.self)
      } else if field[..<split].elementsEqual("message_definition".utf8) {
        definition = String(decoding: value, as: UTF8.self)
      }
    }
  }
}
