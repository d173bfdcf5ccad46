/// A flatbuffer read by hand: every offset is checked against the bytes, nothing is trusted.
struct FlatBuffer {
  let bytes: UnsafeRawBufferPointer

  /// A table, by the position of its first byte.
  struct Table {
    let position: Int
    fileprivate let vtable: Int
    fileprivate let vtableSize: Int
  }

  /// The root table of a buffer that begins with its size in four bytes; nil when it does not hang together.
  func sizePrefixedRoot() -> (identifier: [UInt8], table: Table)? {
    guard bytes.count >= 16, let offset = uint32(4), let table = table(at: 4 + Int(offset)) else { return nil }
    return (Array(bytes[8..<12]), table)
  }

  func table(at position: Int) -> Table? {
    guard let back = int32(position) else { return nil }
    let vtable = position - Int(back)
    guard vtable >= 0, let size = uint16(vtable), size >= 4, vtable + Int(size) <= bytes.count else { return nil }
    return Table(position: position, vtable: vtable, vtableSize: Int(size))
  }

  /// Position of a field, nil when it is absent and has its default.
  func field(_ index: Int, of table: Table) -> Int? {
    let slot = 4 + 2 * index
    guard slot + 2 <= table.vtableSize, let offset = uint16(table.vtable + slot), offset != 0 else { return nil }
    return table.position + Int(offset)
  }

  /// Position of the first element and number of elements of a vector or string field. The elements themselves may
  /// lie beyond the bytes at hand.
  func vector(_ index: Int, of table: Table) -> (position: Int, count: Int)? {
    guard let field = field(index, of: table), let offset = uint32(field), let count = uint32(field + Int(offset))
    else { return nil }
    return (field + Int(offset) + 4, Int(count))
  }

  func string(_ index: Int, of table: Table) -> String? {
    guard let (position, count) = vector(index, of: table), count <= bytes.count - position else { return nil }
    return String(decoding: bytes[position..<position + count], as: UTF8.self)
  }

  func uint8(_ position: Int) -> UInt8? {
    position >= 0 && position < bytes.count ? bytes[position] : nil
  }
  func uint16(_ position: Int) -> UInt16? { load(position, as: UInt16.self) }
  func uint32(_ position: Int) -> UInt32? { load(position, as: UInt32.self) }
  func int32(_ position: Int) -> Int32? { load(position, as: Int32.self) }
  func int64(_ position: Int) -> Int64? { load(position, as: Int64.self) }

  private func load<Value: FixedWidthInteger>(_ position: Int, as type: Value.Type) -> Value? {
    guard position >= 0, position <= bytes.count - MemoryLayout<Value>.size else { return nil }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
  }
}
