/// The few flatbuffers of AEDAT 4, written front to back with places known beforehand.
struct FlatBufferBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(text: String) { bytes.append(contentsOf: text.utf8) }

  /// Fills with zeros up to a position.
  mutating func pad(to position: Int) {
    bytes.append(contentsOf: repeatElement(0, count: max(0, position - bytes.count)))
  }

  /// Writes the size of what follows into the first four bytes.
  mutating func closeSizePrefix() {
    let size = UInt32(bytes.count - 4)
    for index in 0..<4 { bytes[index] = UInt8(size >> UInt32(8 * index) & 0xff) }
  }

  /// Size, root, identifier, and a root table whose only field is a vector of `count` elements that begins at 32.
  mutating func beginVectorTable(identifier: String, count: Int) {
    append(UInt32(0))
    append(UInt32(16))
    append(text: identifier)
    for entry in [6, 8, 4] as [UInt16] { append(entry) }
    pad(to: 20)
    append(Int32(8))
    append(UInt32(4))
    append(UInt32(count))
  }

  /// A packet of events.
  static func events(_ times: ArraySlice<Int64>, _ batch: (Int) -> (x: UInt16, y: UInt16, polarity: UInt8)) -> [UInt8] {
    var buffer = FlatBufferBytes()
    buffer.bytes.reserveCapacity(32 + 16 * times.count)
    buffer.beginVectorTable(identifier: "EVTS", count: times.count)
    for index in times.indices {
      let event = batch(index)
      buffer.append(times[index])
      buffer.append(UInt64(event.x) | UInt64(event.y) << 16 | UInt64(event.polarity) << 32)
    }
    buffer.closeSizePrefix()
    return buffer.bytes
  }

  /// A packet of triggers: time and edge of the external signal.
  static func triggers(_ triggers: [(time: Int64, isRising: Bool)]) -> [UInt8] {
    var buffer = FlatBufferBytes()
    buffer.beginVectorTable(identifier: "TRIG", count: triggers.count)
    let vtable = (32 + 4 * triggers.count + 7) / 8 * 8
    for index in triggers.indices { buffer.append(UInt32(vtable + 8 + 24 * index - (32 + 4 * index))) }
    buffer.pad(to: vtable)
    for entry in [8, 24, 8, 16] as [UInt16] { buffer.append(entry) }
    for (index, trigger) in triggers.enumerated() {
      buffer.append(Int32(8 + 24 * index))
      buffer.append(UInt32(0))
      buffer.append(trigger.time)
      buffer.append(UInt64(trigger.isRising ? 1 : 2))
    }
    buffer.closeSizePrefix()
    return buffer.bytes
  }

  /// The header of the file; the place of the index is the eight bytes at 40.
  static func header(compression: Int32, tablePosition: Int64, information: String) -> [UInt8] {
    var buffer = FlatBufferBytes()
    buffer.append(UInt32(0))
    buffer.append(UInt32(24))
    buffer.append(text: "IOHE")
    buffer.pad(to: 18)
    for entry in [10, 24, 4, 12, 8] as [UInt16] { buffer.append(entry) }
    buffer.append(Int32(10))
    buffer.append(compression)
    buffer.append(UInt32(16))
    buffer.append(tablePosition)
    buffer.pad(to: 52)
    buffer.append(UInt32(information.utf8.count))
    buffer.append(text: information)
    buffer.append(UInt8(0))
    buffer.pad(to: (buffer.bytes.count + 3) / 4 * 4)
    buffer.closeSizePrefix()
    return buffer.bytes
  }

  /// One packet in the index of a file.
  struct IndexEntry: Sendable {
    var byteOffset: Int64
    var stream: Int32
    var size: Int32
    var elements: Int64
    var first: Int64
    var last: Int64
  }

  /// The index at the end of the file.
  static func index(_ entries: [IndexEntry]) -> [UInt8] {
    var buffer = FlatBufferBytes()
    buffer.beginVectorTable(identifier: "FTAB", count: entries.count)
    let vtable = (32 + 4 * entries.count + 7) / 8 * 8
    let tables = vtable + 16
    for index in entries.indices { buffer.append(UInt32(tables + 48 * index - (32 + 4 * index))) }
    buffer.pad(to: vtable)
    for entry in [14, 48, 16, 4, 24, 32, 40] as [UInt16] { buffer.append(entry) }
    buffer.pad(to: tables)
    for (index, entry) in entries.enumerated() {
      buffer.append(Int32(16 + 48 * index))
      buffer.append(entry.stream)
      buffer.append(entry.size)
      buffer.pad(to: buffer.bytes.count + 4)
      for value in [entry.byteOffset, entry.elements, entry.first, entry.last] { buffer.append(value) }
    }
    buffer.closeSizePrefix()
    return buffer.bytes
  }
}
