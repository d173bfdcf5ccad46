import Foundation
import Tensors

/// The safetensors container: an 8-byte little-endian header length, a JSON header, then the tensors' bytes.
///
/// Only 32-bit floats are read and written. Reading checks every extent against the bytes that are there.
public struct Safetensors: Sendable, Equatable {
  public var tensors: [String: Tensor]
  public var metadata: [String: String]

  /// A header longer than this is refused before it is parsed.
  public static var largestHeader: Int { 16 << 20 }

  public init(tensors: [String: Tensor], metadata: [String: String]) {
    self.tensors = tensors
    self.metadata = metadata
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
    guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw SafetensorsError.notSafetensors(reason: "the header of \(length) bytes is not a JSON object")
    }
    metadata = object["__metadata__"] as? [String: String] ?? [:]
    tensors = [:]
    for (name, value) in object where name != "__metadata__" {
      guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
        let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
      else { throw SafetensorsError.notSafetensors(reason: "the entry of tensor '\(name)' is malformed") }
      guard type == "F32" else { throw SafetensorsError.type(tensor: name, found: type) }
      var count = 1
      for extent in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else { throw SafetensorsError.extent(tensor: name, shape: shape) }
        count = product
      }
      guard offsets[0] >= 0, offsets[1] >= offsets[0],
        offsets[1] - offsets[0] == count.multipliedReportingOverflow(by: 4).partialValue,
        count <= Int.max / 8
      else { throw SafetensorsError.extent(tensor: name, shape: shape) }
      let (end, overflow) = headerEnd.addingReportingOverflow(offsets[1])
      guard !overflow, end <= data.count else {
        throw SafetensorsError.truncated(offset: data.count, needed: overflow ? Int.max : end, what: "tensor '\(name)'")
      }
      let bytes = data[(headerEnd + offsets[0])..<end]
      let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialised in
        // The range above holds exactly `count` little-endian floats.
        _ = bytes.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
        initialised = count
      }
      tensors[name] = try Tensor(shape: shape, values: values)
    }
  }

  /// The bytes of the container: tensors in the order of their names, header padded to a multiple of 8.
  public func encoded() throws -> Data {
    var entries: [String: Any] = [:]
    var offset = 0
    let names = tensors.keys.sorted()
    for name in names {
      guard let tensor = tensors[name] else { continue }
      let end = offset + 4 * tensor.values.count
      entries[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end]] as [String: Any]
      offset = end
    }
    entries["__metadata__"] = metadata
    var header = try JSONSerialization.data(withJSONObject: entries, options: [.sortedKeys, .withoutEscapingSlashes])
    while (header.count + 8) % 8 != 0 { header.append(0x20) }
    var data = Data(capacity: 8 + header.count + offset)
    for byte in 0..<8 { data.append(UInt8(truncatingIfNeeded: header.count >> (8 * byte))) }
    data.append(header)
    for name in names {
      tensors[name]?.values.withUnsafeBytes { data.append(contentsOf: $0) }
    }
    return data
  }
}

/// Why bytes are not a readable safetensors container.
public enum SafetensorsError: Error, Equatable, CustomStringConvertible {
  case truncated(offset: Int, needed: Int, what: String)
  case notSafetensors(reason: String)
  case type(tensor: String, found: String)
  case extent(tensor: String, shape: [Int])

  public var description: String {
    switch self {
    case .truncated(let offset, let needed, let what):
      "ends at byte \(offset) inside \(what), which needs \(needed) bytes: the file is truncated, copy it again"
    case .notSafetensors(let reason): "is not a safetensors file: \(reason)"
    case .type(let tensor, let found): "tensor '\(tensor)' is of type \(found); only F32 is supported"
    case .extent(let tensor, let shape): "tensor '\(tensor)' of shape \(shape) does not match its place in the file"
    }
  }
}
