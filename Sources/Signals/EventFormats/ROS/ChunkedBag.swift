import CKernels

/// A bag whose records lie one behind the other, most of them in chunks: what bags of ROS 1 and MCAP files do alike.
protocol ChunkedBag: BagContainer {
  var bytes: ChunkedInput { get set }
  var left: Int64 { get set }
  /// How its chunks are packed, as far as they were met.
  var compressions: [BagCompression] { get }
  /// Where the record at hand begins.
  var recordPlace: BagPlace { get }
  var isFinished: Bool { get set }

  /// Reads one record; returns it if it is a message, its header taken off.
  mutating func nextRecord(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage?
}

extension ChunkedBag {
  var packing: String {
    compressions.isEmpty ? "no chunks" : compressions.map(\.title).joined(separator: ", ") + " chunks"
  }
  var bytesRead: Int64 { bytes.input.bytesRead }
  var mayWait: Bool { bytes.input.source.path == nil }
  var place: BagPlace { bytes.place }
  var count: Int { Int(min(Int64(bytes.count), left)) }

  mutating func nextMessage(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage? {
    while !isFinished {
      let rest = left
      left = 0
      if rest > 0, try !bytes.skip(rest) {
        try noteEnd(&report)
        continue
      }
      if let message = try nextRecord(&report) { return message }
    }
    return nil
  }

  mutating func require(
    _ wanted: Int, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool {
    guard Int64(wanted) <= left else { return false }
    if try bytes.require(wanted) { return true }
    left = 0
    try noteEnd(&report)
    return false
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let count = count
    return bytes.withBytes { body(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
  }

  mutating func consume(_ amount: Int) {
    bytes.consume(amount)
    left -= Int64(amount)
  }

  mutating func violate(_ kind: EventViolation, _ offset: Int64, _ report: inout ganglion_event_report) {
    report.violate(kind, offset: Int(offset))
    if report.stop_at_violation != 0 { isFinished = true }
  }

  /// Says why the bytes end before the record at hand, and goes on behind the chunk, if there is something.
  mutating func noteEnd(_ report: inout ganglion_event_report) throws(EventFormatError) {
    if bytes.isInChunk, !bytes.isCut {
      violate(.corruptPacket, recordPlace.byteOffset, &report)
      if try bytes.closeChunk() { return }
    }
    violate(.truncatedTail, recordPlace.byteOffset, &report)
    isFinished = true
  }
}
