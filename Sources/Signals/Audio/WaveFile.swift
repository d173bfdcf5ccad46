/// A WAV file of 16-bit samples.
package struct WaveFile: Equatable, Sendable {
  /// Frame after frame, one sample of each channel.
  package var samples: [Int16]
  package var channelCount: Int
  /// Hz.
  package var sampleRate: Int

  package init(samples: [Int16], channelCount: Int = 1, sampleRate: Int) {
    self.samples = samples
    self.channelCount = channelCount
    self.sampleRate = sampleRate
  }

  /// Channels of equal length. Full scale is 1; what lies beyond is clipped.
  package init(channels: [[Float]], sampleRate: Int) {
    let count = channels.first?.count ?? 0
    var samples: [Int16] = []
    samples.reserveCapacity(count * channels.count)
    for index in 0..<count {
      for channel in channels { samples.append(Self.sample(channel[index])) }
    }
    self.init(samples: samples, channelCount: channels.count, sampleRate: sampleRate)
  }

  /// A sample in 16 bits, clipped at full scale.
  package static func sample(_ value: Float) -> Int16 { Int16((min(max(value, -1), 1) * 32_767).rounded()) }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    let (frame, size) = (2 * channelCount, 2 * samples.count)
    bytes.reserveCapacity(44 + size)
    func add(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
    bytes += "RIFF".utf8
    add(UInt32(36 + size))
    bytes += "WAVEfmt ".utf8
    add(UInt32(16))
    add(UInt16(1))
    add(UInt16(channelCount))
    add(UInt32(sampleRate))
    add(UInt32(frame * sampleRate))
    add(UInt16(frame))
    add(UInt16(16))
    bytes += "data".utf8
    add(UInt32(size))
    for sample in samples { add(sample) }
    return bytes
  }
}
