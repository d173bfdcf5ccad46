/// Reads numbers and texts from the front of bytes, one after the other; nil where the bytes end before.
struct ByteCursor {
  let bytes: UnsafeRawBufferPointer
  /// Bytes read so far.
  private(set) var position = 0
  var isBigEndian = false
  /// Numbers stand at multiples of their size, counted from `origin`, at most of this; 1 where they are packed.
  private(set) var alignment = 1
  private var origin = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  var remaining: Int { bytes.count - position }

  /// From here on numbers are aligned.
  mutating func align(to alignment: Int) {
    self.alignment = alignment
    origin = position
  }

  mutating func skip(_ count: Int) -> Void? {
    guard count >= 0, count <= remaining else { return nil }
    position += count
    return ()
  }

  mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
    let size = MemoryLayout<Number>.size
    let step = min(size, alignment)
    let misplaced = (position - origin) % step
    guard skip(misplaced == 0 ? 0 : step - misplaced) != nil, remaining >= size else { return nil }
    let value = bytes.loadUnaligned(fromByteOffset: position, as: Number.self)
    position += size
    return isBigEndian ? Number(bigEndian: value) : Number(littleEndian: value)
  }

  /// Bytes behind their number of 32 bits.
  mutating func block() -> UnsafeRawBufferPointer? {
    guard let count = number(UInt32.self) else { return nil }
    let start = position
    guard skip(Int(count)) != nil else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
  }

  /// A text behind its length; the zero that ends it in CDR is left out.
  mutating func text() -> String? {
    guard var characters = block() else { return nil }
    if characters.last == 0 { characters = UnsafeRawBufferPointer(rebasing: characters.dropLast()) }
    return String(decoding: characters, as: UTF8.self)
  }
}
