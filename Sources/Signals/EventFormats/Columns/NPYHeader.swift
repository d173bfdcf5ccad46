import CKernels
import Signatures

/// The header of an NPY file: a Python dictionary with the type, order and shape of one array.
struct NPYHeader: Sendable, Equatable {
  /// One field of a structured type, or the whole type with an empty name.
  struct Field: Sendable, Equatable {
    var name: String
    var offset: Int
    var type: ganglion_column_type

    static func == (a: Field, b: Field) -> Bool {
      a.name == b.name && a.offset == b.offset && a.type.kind == b.type.kind && a.type.size == b.type.size
        && a.type.is_swapped == b.type.is_swapped
    }
  }

  static let magic = Signature.numPy.bytes

  var fields: [Field] = []
  /// Bytes of one element.
  var elementSize = 0
  var isFortranOrder = false
  var shape: [Int] = []

  /// Takes the header from the front of a file.
  init(_ input: inout InputBuffer) throws(EventFormatError) {
    func malformed(_ reason: String) -> EventFormatError {
      EventFormatError(
        .malformedHeader, source: input.name, byteOffset: input.byteOffset, reason: reason,
        remedy: "write it with numpy.save")
    }
    guard try input.require(12), input.prefix(6) == Self.magic else { throw malformed("no NPY header") }
    let head = input.prefix(12)
    let isShort = head[6] == 1
    let length =
      isShort
      ? Int(head[8]) | Int(head[9]) << 8
      : Int(head[8]) | Int(head[9]) << 8 | Int(head[10]) << 16 | Int(head[11]) << 24
    guard length <= 1 << 20 else { throw malformed("a header of \(length) bytes") }
    let start = isShort ? 10 : 12
    guard try input.require(start + length) else { throw malformed("the header is cut") }
    let text = String(decoding: input.prefix(start + length).dropFirst(start), as: UTF8.self)
    guard parse(text) else { throw malformed("the header is no dictionary of descr, fortran_order and shape") }
    input.consume(start + length)
  }

  private mutating func parse(_ text: String) -> Bool {
    guard let description = Self.value(of: "descr", in: text), let shapeText = Self.value(of: "shape", in: text) else {
      return false
    }
    isFortranOrder = Self.value(of: "fortran_order", in: text)?.hasPrefix("True") ?? false
    for part in shapeText.prefix(while: { $0 != ")" }).drop(while: { $0 != "(" }).dropFirst().split(separator: ",") {
      guard let extent = Int(part.filter { !$0.isWhitespace }), extent >= 0 else { return false }
      shape.append(extent)
    }
    // Names and types stand between quotes.
    let parts = description.split(separator: "'", omittingEmptySubsequences: false)
    if description.hasPrefix("[") {
      guard parts.count >= 5, parts.count % 4 == 1 else { return false }
      for index in stride(from: 1, to: parts.count - 3, by: 4) {
        guard takeField(named: String(parts[index]), type: String(parts[index + 2]), behind: parts[index + 3]) else {
          return false
        }
      }
      return true
    }
    guard parts.count >= 3, let type = Self.type(String(parts[1])) else { return false }
    fields = [Field(name: "", offset: 0, type: type.column)]
    elementSize = type.size
    return true
  }

  /// The text after `'key':`, up to the next key at most.
  private static func value(of key: String, in text: String) -> Substring? {
    guard let range = text.firstRange(of: "'\(key)':") else { return nil }
    let rest = text[range.upperBound...].drop { $0 == " " }
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      return rest[...end]
    }
    if rest.first == "(" {
      guard let end = rest.firstIndex(of: ")") else { return nil }
      return rest[...end]
    }
    return rest.prefix { $0 != "," && $0 != "}" }
  }

  /// Takes a field of a structured type; `rest` may begin with a shape, of a field that is an array itself.
  private mutating func takeField(named name: String, type text: String, behind rest: Substring) -> Bool {
    guard let type = Self.type(text) else { return false }
    var values = 1
    if let open = rest.firstIndex(of: "("), rest[..<open].allSatisfy({ $0 == "," || $0 == " " }) {
      for part in rest[open...].dropFirst().prefix(while: { $0 != ")" }).split(separator: ",") {
        guard let extent = Int(part.filter { !$0.isWhitespace }), (0...65536).contains(extent) else { return false }
        values *= extent
        guard values <= 1 << 20 else { return false }
      }
      // Column and row in one field; of other arrays only the size counts.
      let names = values == 2 && ColumnName.ofPixels.contains(ColumnName(name).base) ? ["x", "y"] : []
      for (index, name) in names.enumerated() {
        fields.append(Field(name: name, offset: elementSize + index * type.size, type: type.column))
      }
    } else {
      fields.append(Field(name: name, offset: elementSize, type: type.column))
    }
    elementSize += values * type.size
    return elementSize <= 1 << 30
  }

  /// A type like `<u2` or `|b1`; padding `|V3` has a size and no column.
  private static func type(_ text: String) -> (column: ganglion_column_type, size: Int)? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 3, let size = Int(text.dropFirst(2)), size > 0, size <= 1 << 16 else { return nil }
    let kind: Int32
    switch bytes[1] {
    case UInt8(ascii: "i"): kind = Int32(GANGLION_COLUMN_SIGNED)
    case UInt8(ascii: "u"), UInt8(ascii: "b"): kind = Int32(GANGLION_COLUMN_UNSIGNED)
    case UInt8(ascii: "f"): kind = Int32(GANGLION_COLUMN_FLOAT)
    case UInt8(ascii: "V"):
      return (ganglion_column_type(kind: -1, size: 0, is_swapped: 0), size)
    default: return nil
    }
    guard [1, 2, 4, 8].contains(size), kind != Int32(GANGLION_COLUMN_FLOAT) || size > 1 else { return nil }
    return (
      ganglion_column_type(kind: kind, size: Int32(size), is_swapped: bytes[0] == UInt8(ascii: ">") ? 1 : 0), size
    )
  }
}
