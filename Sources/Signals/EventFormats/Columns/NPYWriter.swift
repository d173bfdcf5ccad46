import Events

/// The header of an NPY array of one dimension, of a fixed length so that the count can be filled in later.
func npyHeader(type: String, count: Int64) -> [UInt8] {
  let length = 128 - 10
  var text = "{'descr': \(type), 'fortran_order': False, 'shape': (\(count),), }"
  text += String(repeating: " ", count: max(0, length - 1 - text.utf8.count)) + "\n"
  return NPYHeader.magic + [1, 0, UInt8(text.utf8.count & 0xff), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
}

/// NPY: a structured array of t, x, y and p.
struct NPYWriter: EventWriter {
  private static let type = "[('t', '<i8'), ('x', '<u2'), ('y', '<u2'), ('p', '|u1')]"

  private(set) var count: Int64 = 0
  private(set) var triggersLeftOut: Int64 = 0
  private var output: OutputBuffer
  private let dropsTriggers: Bool

  init(sink: any ByteSink, options: EventWritingOptions) throws(EventFormatError) {
    guard sink.canPatch else { throw needsFile(.npy, sink) }
    dropsTriggers = options.dropsTriggers
    output = OutputBuffer(sink)
    output.append(contentsOf: npyHeader(type: Self.type, count: 0))
  }

  mutating func write(_ batch: EventBatch) throws(EventFormatError) {
    try leaveOut(batch.triggers, dropsTriggers, .npy, output.sink, &triggersLeftOut)
    for index in 0..<batch.count {
      output.append(little: batch.times[index])
      output.append(little: batch.x[index])
      output.append(little: batch.y[index])
      output.append(batch.polarities[index])
      try output.flushIfLarge()
    }
    count += Int64(batch.count)
  }

  mutating func finish() throws(EventFormatError) {
    try output.patch(npyHeader(type: Self.type, count: count), at: 0)
    try output.finish()
  }
}
