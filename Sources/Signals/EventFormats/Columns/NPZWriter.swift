import CZlib
import Events
import Glibc

/// NPZ: four columns, stored without compression. They wait in files without a name until the count is known.
struct NPZWriter: EventWriter {
  private(set) var count: Int64 = 0
  private(set) var triggersLeftOut: Int64 = 0
  private var output: OutputBuffer
  private let columns: [TemporaryFile]
  private let dropsTriggers: Bool

  init(sink: any ByteSink, options: EventWritingOptions) throws(EventFormatError) {
    dropsTriggers = options.dropsTriggers
    output = OutputBuffer(sink)
    var columns: [TemporaryFile] = []
    for _ in 0..<4 { columns.append(try TemporaryFile()) }
    self.columns = columns
  }

  mutating func write(_ batch: EventBatch) throws(EventFormatError) {
    try leaveOut(batch.triggers, dropsTriggers, .npz, output.sink, &triggersLeftOut)
    try columns[0].append(batch.times)
    try columns[1].append(batch.x)
    try columns[2].append(batch.y)
    try columns[3].append(batch.polarities)
    count += Int64(batch.count)
  }

  mutating func finish() throws(EventFormatError) {
    var directory: [UInt8] = []
    func little(_ value: UInt64, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> UInt64(8 * $0) & 0xff) } }
    for (column, (name, type)) in zip(columns, [("t", "'<i8'"), ("x", "'<u2'"), ("y", "'<u2'"), ("p", "'|u1'")]) {
      let header = npyHeader(type: type, count: count)
      let size = UInt64(header.count) + UInt64(column.size)
      guard size < 0xffff_ffff, output.offset < 0xffff_ffff else {
        throw EventFormatError(
          .cannotRepresent, source: output.sink.name, reason: "a column of \(size) bytes does not fit NPZ",
          remedy: "write npy or hdf5")
      }
      var sum = crc32(0, header, UInt32(header.count))
      try column.forEachPiece { piece in sum = crc32(sum, Array(piece), UInt32(piece.count)) }
      let file = Array((name + ".npy").utf8)
      let common =
        little(20, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0x21, 2) + little(UInt64(sum), 4)
        + little(size, 4) + little(size, 4) + little(UInt64(file.count), 2) + little(0, 2)
      directory += little(0x0201_4b50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2)
      directory += little(0, 4) + little(UInt64(output.offset), 4) + file
      output.append(contentsOf: little(0x0403_4b50, 4) + common + file + header)
      try column.forEachPiece { piece throws(EventFormatError) in
        output.append(contentsOf: piece)
        try output.flushIfLarge()
      }
    }
    let start = UInt64(output.offset)
    output.append(contentsOf: directory)
    output.append(
      contentsOf: little(0x0605_4b50, 4) + little(0, 4) + little(4, 2) + little(4, 2)
        + little(UInt64(directory.count), 4) + little(start, 4) + little(0, 2))
    try output.finish()
  }
}

/// A file without a name that grows at its end and is read back once.
private final class TemporaryFile: Sendable {
  private let descriptor: Int32

  init() throws(EventFormatError) {
    guard let (descriptor, path) = TemporaryFiles.make() else { throw Self.failure() }
    self.descriptor = descriptor
    unlink(path)
  }

  deinit { close(descriptor) }

  private static func failure() -> EventFormatError {
    EventFormatError(
      .cannotWrite, source: "temporary file", reason: systemMessage(errno),
      remedy: "make room, or name another folder in TMPDIR")
  }

  var size: Int64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  func append<Value>(_ values: [Value]) throws(EventFormatError) {
    let isWhole = values.withUnsafeBytes { TemporaryFiles.write($0, to: descriptor) }
    if !isWhole { throw Self.failure() }
  }

  func forEachPiece(_ body: (ArraySlice<UInt8>) throws(EventFormatError) -> Void) throws(EventFormatError) {
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var offset: off_t = 0
    while true {
      let count = piece.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, offset) }
      if count < 0 { throw Self.failure() }
      if count == 0 { return }
      try body(piece[..<count])
      offset += off_t(count)
    }
  }
}
