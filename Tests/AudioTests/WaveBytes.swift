import Foundation

/// Builds WAV and AU files byte by byte, right or wrong in one chosen place.
struct WaveBytes {
  var sampleRate: UInt32 = 16_000
  var channels: UInt16 = 1
  /// 1 is PCM of 16 bits, 3 is float of 32 bits.
  var isFloat = false
  /// Bytes the data chunk claims; nil says the truth.
  var claimedBytes: UInt32?

  func file(_ samples: [Float]) -> [UInt8] {
    var data: [UInt8] = []
    for sample in samples {
      if isFloat {
        data += Self.little(sample.bitPattern)
      } else {
        data += Self.little(UInt16(bitPattern: Int16(sample * 32_767)))
      }
    }
    let width: UInt16 = isFloat ? 4 : 2
    let claimed = claimedBytes ?? UInt32(data.count)
    var file = Array("RIFF".utf8) + Self.little(claimed &+ 36) + Array("WAVEfmt ".utf8) + Self.little(UInt32(16))
    file += Self.little(UInt16(isFloat ? 3 : 1)) + Self.little(channels) + Self.little(sampleRate)
    file += Self.little(sampleRate &* UInt32(channels * width)) + Self.little(channels * width)
    file += Self.little(width * 8) + Array("data".utf8) + Self.little(claimed)
    return file + data
  }

  static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}

/// A file that is gone when the test is.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8], extension suffix: String = "bin") throws {
    path = NSTemporaryDirectory() + "ganglion-test-\(UUID().uuidString).\(suffix)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A pipe that a thread fills in pieces and closes.
struct FilledPipe {
  let readEnd: Int32

  init(_ bytes: [UInt8], piece: Int) throws {
    let pipe = Pipe()
    readEnd = dup(pipe.fileHandleForReading.fileDescriptor)
    let writer = pipe.fileHandleForWriting
    Thread {
      for begin in stride(from: 0, to: bytes.count, by: piece) {
        try? writer.write(contentsOf: Data(bytes[begin..<min(bytes.count, begin + piece)]))
      }
      try? writer.close()
    }.start()
  }
}
