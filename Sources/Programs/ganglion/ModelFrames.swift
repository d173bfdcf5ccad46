import CommandSupport
import Learning
import ModelFiles
import Numerics
import OutputFiles
import StreamSources

/// The frames that a model sees of a recording, as an array that numpy and others read.
struct ModelFrames {
  let sequence: SpikeSequence
  let shape: [Int]

  init(_ model: Model, of path: String, reading: RecordingOptions) throws {
    var encoder = try RecordingEncoder(model.manifest.encoder)
    encoder.reading = reading
    let notes = ReadingNotes()
    encoder.notes = notes
    // Readers take a pipe by its name.
    let source = path == "-" ? "/dev/stdin" : path
    sequence = try encoder.encodeWhole(Recording(path: source, label: 0, group: ""))
    shape = encoder.shape
    for line in notes.lines { StandardError.report(line) }
  }

  /// NPY, version 1.0: 32-bit floats, a row a step, `[steps, …shape]`.
  func write(to path: String) throws {
    let extents = ([sequence.steps] + shape).map(String.init).joined(separator: ", ")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(extents),), }"
    // With the ten bytes before it the header ends at a multiple of 64.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = UInt16(header.utf8.count)
    var bytes: [UInt8] =
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(header.utf8)
    let width = shape.reduce(1, *)
    bytes.reserveCapacity(bytes.count + 4 * width * sequence.steps)
    var row = [Float](repeating: 0, count: width)
    for step in 0..<sequence.steps {
      let range = sequence.range(ofStep: step)
      for index in range { row[Int(sequence.channels[index])] = sequence.values[index] }
      for value in row { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
      for index in range { row[Int(sequence.channels[index])] = 0 }
    }
    try OutputFile.write(bytes.span.bytes, to: path)
  }
}
