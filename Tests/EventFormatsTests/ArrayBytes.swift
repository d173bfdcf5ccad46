import Events

/// An NPY file: its header and the bytes of its array.
func npyFile(_ descr: String, shape: String, isFortran: Bool = false, _ array: [UInt8]) -> [UInt8] {
  var header = "{'descr': \(descr), 'fortran_order': \(isFortran ? "True" : "False"), 'shape': \(shape), }"
  header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
  let length = header.utf8.count
  return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(header.utf8) + array
}

/// The little-endian bytes of numbers.
func bytes<Value: BitwiseCopyable>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

extension EventBatch {
  /// The four columns as numbers of one type.
  func columns<Value: BinaryInteger>(of type: Value.Type) -> (t: [Value], x: [Value], y: [Value], p: [Value]) {
    (times.map { Value($0) }, x.map { Value($0) }, y.map { Value($0) }, polarities.map { Value($0) })
  }

  /// The times in seconds, and the rest as they are.
  var real: (t: [Double], x: [Double], y: [Double], p: [Double]) {
    (times.map { Double($0) / 1e6 }, x.map { Double($0) }, y.map { Double($0) }, polarities.map { Double($0) })
  }
}

/// Rows of some columns of one length.
func rows<Value>(_ columns: [[Value]]) -> [Value] { columns[0].indices.flatMap { row in columns.map { $0[row] } } }

/// A ZIP file of members that are not packed.
func zipFile(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
  func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 0xff) } }
  var file: [UInt8] = []
  var directory: [UInt8] = []
  for (name, bytes) in members {
    let common =
      little(20, 2) + [UInt8](repeating: 0, count: 12) + little(bytes.count, 4) + little(bytes.count, 4)
      + little(name.utf8.count, 2) + little(0, 2)
    directory +=
      little(0x0201_4b50, 4) + little(20, 2) + common + little(0, 10) + little(file.count, 4) + Array(name.utf8)
    file += little(0x0403_4b50, 4) + common + Array(name.utf8) + bytes
  }
  return file + directory + little(0x0605_4b50, 4) + little(0, 4) + little(members.count, 2) + little(members.count, 2)
    + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
}
