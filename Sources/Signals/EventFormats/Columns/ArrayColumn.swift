import CKernels

/// Where the values of one column lie: so many bytes from the first, and from each to the next.
struct ArrayColumn: Sendable {
  var offset: Int
  var stride: Int
  var type: ganglion_column_type

  /// Values that are looked at for what they could be.
  static let samples = 1024

  /// The column as it looks in the bytes that begin with its first row.
  func sample(_ bytes: UnsafeRawBufferPointer, rows: Int) -> SampleColumn {
    var values = [Double](repeating: 0, count: rows)
    if let start = bytes.bytePointer, rows > 0 {
      ganglion_column_values(start + offset, Int64(stride), Int64(rows), type, &values)
    }
    return SampleColumn(values, isFloatingPoint: type.isFloatingPoint)
  }

  func sample(_ bytes: [UInt8], rows: Int) -> SampleColumn {
    bytes.withUnsafeBytes { sample($0, rows: rows) }
  }
}

extension ganglion_column_type {
  var isFloatingPoint: Bool { kind == Int32(GANGLION_COLUMN_FLOAT) }

  /// What -1 looks like in a column of polarities.
  var minusOne: Int64 { kind == Int32(GANGLION_COLUMN_UNSIGNED) && size < 8 ? 1 << Int64(8 * size) - 1 : -1 }
}

/// What the readers of arrays do with four columns of one length: scale the time, and make events of them.
struct ColumnAssembler: Sendable {
  /// Room for so many events: all of a small recording, or a block of a large one.
  let blockSize: Int
  private let timeUnit: EventTimeUnit
  private var meaning: ganglion_polarity_meaning
  private var scratch: [Int64]

  init(timeUnit: EventTimeUnit, minusOne: Int64, count: Int, largestBlock: Int = 1024) {
    self.timeUnit = timeUnit
    meaning = ganglion_polarity_meaning(minus_one: minusOne, darker: 1)
    blockSize = min(max(count, 1), largestBlock)
    scratch = [Int64](repeating: 0, count: 4 * blockSize)
  }

  /// Takes `count` values of one of the four columns, from the bytes that begin with its first row.
  mutating func take(_ column: EventColumn, _ bytes: UnsafeRawBufferPointer, _ place: ArrayColumn, count: Int) {
    let factors = column == .time ? timeUnit.factors : (multiplier: 1, divisor: 1)
    scratch.withUnsafeMutableBufferPointer { scratch in
      guard let base = scratch.baseAddress, let start = bytes.bytePointer, count > 0 else { return }
      ganglion_convert_column(
        start + place.offset, Int64(place.stride), Int64(count), place.type, factors.multiplier, factors.divisor,
        base + column.rawValue * blockSize)
    }
  }

  /// Moves all times by some microseconds.
  mutating func shiftTimes(by offset: Int64, count: Int) {
    guard offset != 0 else { return }
    for index in 0..<count where scratch[index] != .min { scratch[index] &+= offset }
  }

  /// Makes events of what was taken; `rowSize` bytes lie between two offsets that are reported.
  mutating func assemble(
    _ count: Int, into output: ganglion_event_columns, offset: Int = 0, rowSize: Int = 0,
    report: inout ganglion_event_report
  ) -> Int {
    var findings = ganglion_column_findings()
    let produced = scratch.withUnsafeBufferPointer { scratch -> Int64 in
      guard let base = scratch.baseAddress else { return 0 }
      return ganglion_assemble_columns(
        base, base + blockSize, base + 2 * blockSize, base + 3 * blockSize, Int64(count), &meaning, output, &findings)
    }
    report.violate(
      .addressOutOfRange, count: findings.outside, offset: offset + Int(findings.first_outside) * rowSize)
    report.violate(
      .unknownPolarity, count: findings.unknown_polarities,
      offset: offset + Int(findings.first_unknown_polarity) * rowSize)
    return Int(produced)
  }
}
