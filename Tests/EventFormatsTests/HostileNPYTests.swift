import EventFormats
import Testing

/// Headers of NPY files that promise what no file holds.
@Suite struct HostileNPYTests {
  private func file(descr: String, shape: String, rows: [UInt8] = []) -> [UInt8] {
    var header = "{'descr': \(descr), 'fortran_order': False, 'shape': \(shape), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    return Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) }) + [
      1, 0, UInt8(length & 255), UInt8(length >> 8),
    ]
      + Array(header.utf8) + rows
  }

  @Test(
    "rows longer than any camera's are refused by the shape",
    arguments: [
      "(5, 6666666666666666664)", "(1, 1000000)", "(9223372036854775807, 9223372036854775807)",
      "(4, 2305843009213693952)",
    ])
  func wideRows(shape: String) {
    let error = #expect(throws: EventFormatError.self) { try Reading(self.file(descr: "'<f8'", shape: shape)) }
    #expect(error?.code == .unsupported)
    #expect(error.map { "\($0)".contains("the array of shape") } == true)
  }

  @Test("a structured row may be long, but not without end")
  func longElements() throws {
    func fields(_ padding: Int) -> String {
      let types = ["('t', '<i8')", "('x', '<u2')", "('y', '<u2')", "('p', '|u1')"]
      return "[" + (types + (0..<padding).map { "('f\($0)', '|V65536')" }).joined(separator: ", ") + "]"
    }
    let row: [UInt8] = [7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0, 1]
    let reading = try Reading(
      file(descr: fields(1), shape: "(1,)", rows: row + [UInt8](repeating: 9, count: 65536)))
    #expect(reading.batch.times == [7] && reading.batch.x == [3] && reading.batch.y == [4])
    #expect(throws: EventFormatError.self) { try Reading(self.file(descr: fields(17), shape: "(1,)")) }
  }

  @Test("a shape of more rows than bytes ends where the bytes do")
  func missingRows() throws {
    let row = [1.0, 2, 3, 1].flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    let reading = try Reading(
      file(descr: "'<f8'", shape: "(9223372036854775807, 4)", rows: row + row),
      options: .init(columns: "0,1,2,3", timeUnit: .seconds))
    #expect(reading.batch.x == [2, 2] && reading.batch.y == [3, 3])
  }
}
