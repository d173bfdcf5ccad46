import OutputFiles

/// A WAV file of 16-bit samples.
struct WaveFile {
  /// Full scale is 1; what lies beyond is clipped.
  var channels: [[Float]]
  /// Hz.
  var sampleRate: Int

  init(samples: [Float], sampleRate: Int) {
    self.init(channels: [samples], sampleRate: sampleRate)
  }

  /// Channels of equal length.
  init(channels: [[Float]], sampleRate: Int) {
    self.channels = channels
    self.sampleRate = sampleRate
  }

  var bytes: [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let frame = 2 * channels.count
    let count = channels.first?.count ?? 0
    let size = frame * count
    var bytes = Array("RIFF".utf8) + little(36 + size, 4) + Array("WAVEfmt ".utf8)
    bytes += little(16, 4) + little(1, 2) + little(channels.count, 2)
    bytes += little(sampleRate, 4) + little(frame * sampleRate, 4) + little(frame, 2) + little(16, 2)
    bytes += Array("data".utf8) + little(size, 4)
    bytes.reserveCapacity(bytes.count + size)
    for index in 0..<count {
      for channel in channels {
        let value = Int16((min(max(channel[index], -1), 1) * 32767).rounded())
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
      }
    }
    return bytes
  }

  /// Writes the whole file, or leaves what was there.
  func write(to path: String) throws(OutputFileError) {
    try OutputFile.write(bytes.span.bytes, to: path)
  }
}
