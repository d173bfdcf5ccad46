/// How the samples of a peer are written.
struct AudioFormat: Equatable, Sendable {
  var rate: Int
  /// Bytes of a sample: 1 is unsigned, more are signed and little-endian.
  var width: Int
  var channels: Int

  /// - Throws: for what nobody sends.
  init(_ fields: WyomingEvent.Fields) throws(WyomingError) {
    rate = fields.rate ?? 16_000
    width = fields.width ?? 2
    channels = fields.channels ?? 1
    guard (1_000...384_000).contains(rate) else { throw .badAudio("rate is \(rate) Hz, allowed is 1000 to 384000") }
    guard (1...4).contains(width) else { throw .badAudio("width is \(width) bytes, allowed is 1 to 4") }
    guard (1...8).contains(channels) else { throw .badAudio("channels is \(channels), allowed is 1 to 8") }
  }

  /// The samples of a piece of sound, -1 to 1, all channels mixed.
  func samples(_ bytes: [UInt8]) throws(WyomingError) -> [Float] {
    let frame = width * channels
    guard bytes.count % frame == 0 else { throw .badAudio("a chunk of \(bytes.count) bytes holds no whole samples") }
    let scale = 1 / (Float(UInt32(1) << UInt32(8 * width - 1)) * Float(channels))
    return stride(from: 0, to: bytes.count, by: frame).map { begin in
      var sum: Float = 0
      for channel in 0..<channels { sum += Float(value(bytes, begin + channel * width)) }
      return sum * scale
    }
  }

  private func value(_ bytes: [UInt8], _ begin: Int) -> Int32 {
    if width == 1 { return Int32(bytes[begin]) - 128 }
    var bits: UInt32 = 0
    for byte in 0..<width { bits |= UInt32(bytes[begin + byte]) << UInt32(8 * (4 - width + byte)) }
    // The sign comes down with the shift.
    return Int32(bitPattern: bits) >> Int32(8 * (4 - width))
  }
}
