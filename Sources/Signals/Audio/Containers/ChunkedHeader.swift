/// The head of a recording that is made of chunks with a name and a length: WAV and its 64-bit kin, AIFF, W64.
///
/// It is read as it comes, up to the samples. Only what the decoder has to know is kept, under lengths that are true: a
/// writer that could not know them, or lied, cannot mislead the library.
struct ChunkedHeader {
  static let wave64Riff: [UInt8] =
    Array("riff".utf8) + [
      0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00,
    ]
  static let wave64Wave: [UInt8] = Array("wave".utf8) + wave64Tail
  private static let wave64Tail: [UInt8] = [
    0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A,
  ]
  /// Chunks that say what the samples are; the rest is passed over.
  private static let kept: Set<String> = ["fmt ", "fact", "COMM", "FVER"]
  /// A chunk that is kept is a few dozen bytes long.
  private static let longestKept: UInt64 = 1 << 16

  /// How names and lengths are written.
  enum Layout {
    case littleEndian, bigEndian, wave64
    /// Lengths of 64 bits.
    case coreAudio
  }

  let layout: Layout
  /// The chunks that are kept, ready for the library, with the samples' chunk to be put behind them.
  private(set) var chunks: [UInt8] = []
  /// What the first bytes are.
  private let form: [UInt8]
  /// Bytes in a frame by the header; nil where it does not say.
  private(set) var frameBytes: Int?
  /// Bytes and frames of a codec's block by the header.
  private(set) var block: (bytes: Int64, frames: Int64)?
  /// Whether there is a chunk that says what the samples are.
  private(set) var tellsSamples = false
  /// Bytes in the samples' chunk as its header has it.
  private(set) var claimed: UInt64 = 0
  /// Number of the byte at which the container ends by its own account; nil where that is not to be believed.
  private(set) var end: Int64?

  /// Reads up to the first sample.
  init(_ stream: ByteStream, _ signature: SoundSignature) throws(AudioError) {
    let begin = stream.position
    switch signature {
    case .wave64: layout = .wave64
    case .aiff: layout = .bigEndian
    default: layout = try stream.peek(4) == Array("RIFX".utf8) ? .bigEndian : .littleEndian
    }
    let head = try stream.take(layout == .wave64 ? 40 : 12)
    var total = layout == .wave64 ? Self.number(head[16..<24], layout) : Self.number(head[4..<8], layout) + 8
    // The 64-bit kin of WAV differ in their name and in one chunk.
    form = layout == .littleEndian ? Array("RIFF".utf8) + [0, 0, 0, 0] + head[8..<12] : head
    var long: UInt64?
    while true {
      let (name, size) = try Self.nextChunk(stream, layout)
      if name == "ds64" {
        let sizes = try stream.take(Int(min(size, Self.longestKept)))
        if sizes.count >= 16 {
          total = Self.number(sizes[0..<8], layout) &+ 8
          long = Self.number(sizes[8..<16], layout)
        }
      } else if name == "data" || name == "SSND" {
        claimed = size
        break
      } else if Self.kept.contains(name), size <= Self.longestKept {
        let content = try stream.take(Int(size))
        if name == "fmt " || name == "COMM" { tellsSamples = true }
        if name == "fmt " && content.count >= 14 { note(format: content) }
        // How many frames there are is for the samples to say.
        if name != "fact" { chunks += Self.chunk(name, content, layout) }
      } else {
        try stream.skip(Int64(clamping: size))
      }
      try Self.skipPadding(stream, after: size, layout)
    }
    if let long, claimed == UInt64(UInt32.max) || signature != .wav { claimed = long }
    if layout == .bigEndian && signature == .aiff {
      // The samples may stand a little behind the beginning of their chunk.
      let block = try stream.take(8)
      let offset = block.count == 8 ? Self.number(block[0..<4], layout) : 0
      try stream.skip(Int64(clamping: offset))
      if !SampleLength.isUnknown(claimed, in: signature) { claimed = claimed >= 8 + offset ? claimed - 8 - offset : 0 }
    }
    let here = stream.position
    if !SampleLength.isUnknown(total, in: signature), let last = Int64(exactly: total), begin + last >= here {
      end = begin + last
    }
  }

  /// Takes sizes out of the chunk that says what the samples are.
  private mutating func note(format: [UInt8]) {
    let bytes = Int(Self.number(format[12..<14], layout))
    frameBytes = bytes
    // The codecs that come in blocks say first of all how many frames are in one.
    guard format.count >= 20 else { return }
    let frames = Int64(Self.number(format[18..<20], layout))
    if bytes > 1 && frames > 1 { block = (Int64(bytes), frames) }
  }

  /// Everything the library needs in front of the samples.
  ///
  /// - Parameter sampleBytes: length of the samples' chunk; nil for what the header has.
  func bytes(sampleBytes: Int64?) -> [UInt8] {
    let sampleBytes = sampleBytes ?? Int64(clamping: claimed)
    var bytes = form + chunks
    switch layout {
    case .wave64:
      bytes += Array("data".utf8) + Self.wave64Tail + Self.little(UInt64(sampleBytes) + 24, 8)
      bytes.replaceSubrange(16..<24, with: Self.little(UInt64(bytes.count) + UInt64(sampleBytes), 8))
    case .littleEndian:
      bytes += Array("data".utf8) + Self.little(UInt64(sampleBytes), 4)
      bytes.replaceSubrange(4..<8, with: Self.little(UInt64(bytes.count - 8) + UInt64(sampleBytes), 4))
    case .bigEndian, .coreAudio:
      let isAIFF = form.starts(with: "FORM".utf8)
      let length = UInt64(sampleBytes) + (isAIFF ? 8 : 0)
      bytes += Array((isAIFF ? "SSND" : "data").utf8) + Self.little(length, 4).reversed()
      if isAIFF { bytes += [UInt8](repeating: 0, count: 8) }
      bytes.replaceSubrange(4..<8, with: Self.little(UInt64(bytes.count - 8) + UInt64(sampleBytes), 4).reversed())
    }
    return bytes
  }

  /// Whether the next bytes are the header of a chunk rather than samples.
  static func isChunk(_ bytes: [UInt8], _ layout: Layout) -> Bool {
    if layout == .wave64 {
      return bytes.count >= 24 && bytes[4..<16].elementsEqual(wave64Tail)
    }
    // No chunk is so long that the first bytes of its length are used.
    if layout == .coreAudio && !(bytes.count >= 12 && bytes[4..<6].elementsEqual([0, 0])) { return false }
    return bytes.count >= 8 && bytes.prefix(4).allSatisfy { (0x20..<0x7F).contains($0) }
  }

  /// Takes the header of a chunk.
  static func nextChunk(_ stream: ByteStream, _ layout: Layout) throws(AudioError) -> (name: String, size: UInt64) {
    let length = layout == .wave64 ? 24 : layout == .coreAudio ? 12 : 8
    let head = try stream.take(length)
    guard head.count == length else {
      throw AudioError(source: stream.name, reason: .unrecognised("it ends before its samples"))
    }
    let name = String(decoding: head[0..<4], as: UTF8.self)
    if layout == .wave64 {
      let size = number(head[16..<24], layout)
      return (name, size >= 24 ? size - 24 : 0)
    }
    return (name, number(head[4..<length], layout))
  }

  /// Passes over what fills a chunk up to an even length, or to eight in W64. Some writers forget it.
  static func skipPadding(_ stream: ByteStream, after size: UInt64, _ layout: Layout) throws(AudioError) {
    if layout == .wave64 {
      try stream.skip(Int64((8 - size % 8) % 8))
    } else if layout != .coreAudio && size % 2 == 1 {
      let next = try stream.peek(9)
      let isForgotten = next.first != 0 && isChunk(next, layout) && !isChunk(Array(next.dropFirst()), layout)
      if !isForgotten { try stream.skip(1) }
    }
  }

  private static func chunk(_ name: String, _ content: [UInt8], _ layout: Layout) -> [UInt8] {
    let size = UInt64(content.count)
    switch layout {
    case .wave64:
      let padding = [UInt8](repeating: 0, count: Int((8 - size % 8) % 8))
      return Array(name.utf8) + wave64Tail + little(size + 24, 8) + content + padding
    case .littleEndian: return Array(name.utf8) + little(size, 4) + content + (size % 2 == 1 ? [0] : [])
    case .bigEndian, .coreAudio:
      return Array(name.utf8) + little(size, 4).reversed() + content + (size % 2 == 1 ? [0] : [])
    }
  }

  private static func number(_ bytes: ArraySlice<UInt8>, _ layout: Layout) -> UInt64 {
    layout == .bigEndian || layout == .coreAudio
      ? bytes.reduce(0) { $0 << 8 | UInt64($1) } : bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}

/// The lengths that headers give.
enum SampleLength {
  /// Sizes around these are what programs put into a header that has to be written before the length is known.
  private static let openLengths: [UInt64] = [1 << 31, 1 << 32]
  private static let nearby: UInt64 = 1 << 16
  /// SoX's, in AIFF.
  private static let openLengthInAIFF: UInt64 = 0x7F00_0000

  /// Whether no writer can have meant this as a length.
  static func isUnknown(_ claimed: UInt64, in signature: SoundSignature) -> Bool {
    if claimed == 0 || claimed >= 1 << 62 { return true }
    if signature == .aiff, claimed >= openLengthInAIFF - nearby, claimed <= openLengthInAIFF + nearby { return true }
    return openLengths.contains { claimed + nearby >= $0 && claimed <= $0 + nearby }
  }
}
