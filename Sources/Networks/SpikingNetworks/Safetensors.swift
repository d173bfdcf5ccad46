import Failures
import FoundationEssentials
import Numerics

/// The safetensors container: an 8-byte little-endian header length, a JSON header, then the tensors' bytes.
///
/// Only 32-bit floats are read and written. Reading checks every extent against the bytes that are there.
///
/// A tensor with many zeros is stored as two: `NAME.values`, what is not zero, and `NAME.present`, a bit for each place
/// (bytes, lowest bit first); its shape stands in the metadata under `sparse`, a JSON object by name.
///
/// A tensor in 8 bits is stored as two as well: `NAME.codes`, of type I8 and the tensor's shape, and `NAME.scales`, one for
/// each place of its last axis.
public struct Safetensors: Sendable, Equatable {
  public var tensors: [String: Tensor]
  public var metadata: [String: String]
  /// Names of tensors that are stored in 8 bits; see `EightBitTensor`.
  public var eightBit: Set<String>

  /// Whether a tensor is stored without its zeros: enough of them that the file becomes smaller.
  public static func isStoredSparse(_ tensor: Tensor) -> Bool {
    tensor.values.count >= 256 && 4 * tensor.values.count { $0.bitPattern == 0 } >= tensor.values.count
  }

  private static let sparseKey = "sparse"
  private static let (valuesEnding, presentEnding) = (".values", ".present")
  private static let metadataName = "__metadata__"
  private static let (codesEnding, scalesEnding) = (".codes", ".scales")

  /// A header longer than this is refused before it is parsed.
  public static var largestHeader: Int { 16 << 20 }

  public init(tensors: [String: Tensor], metadata: [String: String], eightBit: Set<String> = []) {
    self.tensors = tensors
    self.metadata = metadata
    self.eightBit = eightBit
  }

  /// - Throws: `SafetensorsError` naming the byte offset at which the data stop making sense.
  public init(decoding data: Data) throws {
    let data = Data(data)
    guard data.count >= 8 else {
      throw SafetensorsError.truncated(offset: data.count, needed: 8, what: "the header length")
    }
    let length = data[0..<8].enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    guard length <= UInt64(Self.largestHeader) else {
      throw SafetensorsError.notSafetensors(reason: "its first 8 bytes give a header of \(length) bytes")
    }
    let headerEnd = 8 + Int(length)
    guard data.count >= headerEnd else {
      throw SafetensorsError.truncated(offset: data.count, needed: headerEnd, what: "the header")
    }
    let header = data[8..<headerEnd]
    guard let items = try? JSONDecoder().decode([String: HeaderItem].self, from: header) else {
      throw SafetensorsError.notSafetensors(reason: "the header of \(length) bytes is not a JSON object")
    }
    metadata = if case .metadata(let found)? = items[Self.metadataName] { found } else { [:] }
    tensors = [:]
    eightBit = []
    var present: [String: [UInt8]] = [:]
    var codes: [String: (shape: [Int], values: [Int8])] = [:]
    for (name, item) in items where name != Self.metadataName {
      guard case .tensor(let entry) = item, entry.offsets.count == 2 else {
        throw SafetensorsError.notSafetensors(reason: "the entry of tensor '\(name)' is malformed")
      }
      let (type, shape, offsets) = (entry.type, entry.shape, entry.offsets)
      let isPresence = type == "U8" && name.hasSuffix(Self.presentEnding)
      let isCode = type == "I8" && name.hasSuffix(Self.codesEnding)
      guard type == "F32" || isPresence || isCode else { throw SafetensorsError.type(tensor: name, found: type) }
      var count = 1
      for extent in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else { throw SafetensorsError.extent(tensor: name, shape: shape) }
        count = product
      }
      guard offsets[0] >= 0, offsets[1] >= offsets[0], count <= Int.max / 8,
        offsets[1] - offsets[0] == count * (isPresence || isCode ? 1 : 4)
      else { throw SafetensorsError.extent(tensor: name, shape: shape) }
      let (end, overflow) = headerEnd.addingReportingOverflow(offsets[1])
      guard !overflow, end <= data.count else {
        throw SafetensorsError.truncated(offset: data.count, needed: overflow ? Int.max : end, what: "tensor '\(name)'")
      }
      let bytes = data[(headerEnd + offsets[0])..<end]
      if isPresence {
        present[name] = Array(bytes)
        continue
      }
      if isCode {
        codes[String(name.dropLast(Self.codesEnding.count))] = (shape, bytes.map { Int8(bitPattern: $0) })
        continue
      }
      let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
        // The range above holds exactly `count` little-endian floats.
        _ = bytes.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
        initialised = count
      }
      tensors[name] = try Tensor(shape: shape, values: values)
    }
    try spread(present)
    try scale(codes)
  }

  /// Puts tensors that were stored in 8 bits together again.
  private mutating func scale(_ codes: [String: (shape: [Int], values: [Int8])]) throws {
    for (name, code) in codes {
      guard let scales = tensors.removeValue(forKey: name + Self.scalesEnding)?.values,
        scales.count == max(1, code.shape.last ?? 1)
      else { throw SafetensorsError.notSafetensors(reason: "the tensor '\(name)' of 8 bits lacks its scales") }
      let values = EightBitTensor(codes: code.values, scales: scales).values
      tensors[name] = try Tensor(shape: code.shape, values: values)
      eightBit.insert(name)
    }
  }

  /// Puts the zeros back into tensors that were stored without them.
  private mutating func spread(_ present: [String: [UInt8]]) throws {
    let text = metadata.removeValue(forKey: Self.sparseKey) ?? "{}"
    guard let shapes = try? JSONDecoder().decode([String: [Int]].self, from: Data(text.utf8)) else {
      throw SafetensorsError.notSafetensors(reason: "the shapes of its sparse tensors are malformed")
    }
    for (name, shape) in shapes {
      let valuesName = name + Self.valuesEnding
      guard let values = tensors.removeValue(forKey: valuesName)?.values, let bits = present[name + Self.presentEnding]
      else { throw SafetensorsError.notSafetensors(reason: "the sparse tensor '\(name)' lacks a part") }
      var count = 1
      for extent in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else { throw SafetensorsError.extent(tensor: name, shape: shape) }
        count = product
      }
      guard count <= Int.max - 7, bits.count == (count + 7) / 8,
        bits.reduce(0, { $0 + $1.nonzeroBitCount }) == values.count
      else { throw SafetensorsError.extent(tensor: name, shape: shape) }
      var full = [Float](repeating: 0, count: count)
      var next = 0
      for index in 0..<8 * bits.count where bits[index / 8] >> UInt8(index % 8) & 1 == 1 {
        guard index < count else { throw SafetensorsError.extent(tensor: name, shape: shape) }
        full[index] = values[next]
        next += 1
      }
      tensors[name] = try Tensor(shape: shape, values: full)
    }
  }

  /// The bytes of the container: tensors in the order of their names, header padded to a multiple of 8.
  public func encoded() throws -> Data {
    var items: [String: HeaderItem] = [:]
    var body = Data()
    var shapes: [String: [Int]] = [:]
    func add(_ name: String, _ type: String, _ shape: [Int], _ bytes: UnsafeRawBufferPointer) {
      items[name] = .tensor(.init(type: type, shape: shape, offsets: [body.count, body.count + bytes.count]))
      body.append(contentsOf: bytes)
    }
    // Floats come first, so that they lie at multiples of four bytes.
    var masks: [(name: String, bits: [UInt8])] = []
    var coded: [(name: String, shape: [Int], values: [Int8])] = []
    for name in tensors.keys.sorted() {
      guard let tensor = tensors[name] else { continue }
      if eightBit.contains(name) {
        let stored = EightBitTensor(tensor)
        stored.scales.withUnsafeBytes { add(name + Self.scalesEnding, "F32", [stored.scales.count], $0) }
        coded.append((name + Self.codesEnding, tensor.shape, stored.codes))
        continue
      }
      guard Self.isStoredSparse(tensor) else {
        tensor.values.withUnsafeBytes { add(name, "F32", tensor.shape, $0) }
        continue
      }
      var bits = [UInt8](repeating: 0, count: (tensor.values.count + 7) / 8)
      for (index, value) in tensor.values.enumerated() where value.bitPattern != 0 {
        bits[index / 8] |= 1 << UInt8(index % 8)
      }
      let values = tensor.values.filter { $0.bitPattern != 0 }
      values.withUnsafeBytes { add(name + Self.valuesEnding, "F32", [values.count], $0) }
      masks.append((name + Self.presentEnding, bits))
      shapes[name] = tensor.shape
    }
    for code in coded { code.values.withUnsafeBytes { add(code.name, "I8", code.shape, $0) } }
    for mask in masks { mask.bits.withUnsafeBytes { add(mask.name, "U8", [mask.bits.count], $0) } }
    var metadata = metadata
    if !shapes.isEmpty {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      metadata[Self.sparseKey] = String(decoding: try encoder.encode(shapes), as: UTF8.self)
    }
    items[Self.metadataName] = .metadata(metadata)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var header = try encoder.encode(items)
    while (header.count + 8) % 8 != 0 { header.append(0x20) }
    var data = Data(capacity: 8 + header.count + body.count)
    for byte in 0..<8 { data.append(UInt8(truncatingIfNeeded: header.count >> (8 * byte))) }
    data.append(header)
    data.append(body)
    return data
  }
}

/// What the header says under one name.
private enum HeaderItem: Codable {
  struct Entry: Codable {
    let type: String
    let shape: [Int]
    /// Where its bytes begin and end, behind the header.
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case type = "dtype"
      case shape
      case offsets = "data_offsets"
    }
  }

  case metadata([String: String])
  case tensor(Entry)
  case other

  init(from decoder: any Decoder) throws {
    if let entry = try? Entry(from: decoder) {
      self = .tensor(entry)
    } else {
      self = (try? [String: String](from: decoder)).map { .metadata($0) } ?? .other
    }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .metadata(let metadata): try metadata.encode(to: encoder)
    case .tensor(let entry): try entry.encode(to: encoder)
    case .other: break
    }
  }
}

/// Why bytes are not a readable safetensors container.
public enum SafetensorsError: ReportedError, Equatable {
  case truncated(offset: Int, needed: Int, what: String)
  case notSafetensors(reason: String)
  case type(tensor: String, found: String)
  case extent(tensor: String, shape: [Int])

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .truncated(let offset, let needed, let what):
      "ends at byte \(offset) inside \(what), which needs \(needed) bytes: the file is truncated, copy it again"
    case .notSafetensors(let reason): "is not a safetensors file: \(reason)"
    case .type(let tensor, let found): "tensor '\(tensor)' is of type \(found); only F32 is supported, and I8 for codes"
    case .extent(let tensor, let shape): "tensor '\(tensor)' of shape \(shape) does not match its place in the file"
    }
  }
}
