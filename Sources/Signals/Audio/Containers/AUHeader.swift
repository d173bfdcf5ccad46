/// The head of an AU recording: six words and a remark.
struct AUHeader {
  private let words: [UInt8]
  /// Bytes of samples as the header has it.
  let claimed: UInt64
  let isBigEndian: Bool

  /// Reads up to the first sample.
  init(_ stream: ByteStream) throws(AudioError) {
    let head = try stream.take(24)
    guard head.count == 24 else {
      throw AudioError(source: stream.name, reason: .unrecognised("it ends before its samples"))
    }
    words = head
    let bytes = HeadBytes(head)
    let isLittle = bytes.holds("dns.")
    isBigEndian = !isLittle
    func word(_ index: Int) -> UInt32 {
      (isLittle ? bytes.littleEndian(at: 4 * index) : bytes.bigEndian(at: 4 * index)) ?? 0
    }
    claimed = UInt64(word(2))
    try stream.skip(Int64(word(1)) - 24)
  }

  /// What the library needs in front of the samples.
  ///
  /// - Parameter sampleBytes: how many bytes there are; nil says that nobody knows.
  func bytes(sampleBytes: UInt32?) -> [UInt8] {
    func word(_ value: UInt32) -> [UInt8] {
      let little = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      return isBigEndian ? little.reversed() : little
    }
    return words[0..<4] + word(24) + word(sampleBytes ?? .max) + words[12..<24]
  }

  /// Whether six words can be the head of a recording, where only their first four letters are sure.
  static func isPlausible(_ head: HeadBytes) -> Bool {
    guard head.holds(".snd"), let offset = head.bigEndian(at: 4), let encoding = head.bigEndian(at: 12),
      let rate = head.bigEndian(at: 16), let channels = head.bigEndian(at: 20)
    else { return false }
    return (24...65_536).contains(offset) && (1...27).contains(encoding)
      && AudioLimits.sampleRates.contains(Int(rate)) && (1...UInt32(AudioLimits.channels)).contains(channels)
  }
}
