/// The header of a frame of MPEG audio, layers I to III.
struct MPEGFrame: Equatable {
  /// Kilobits a second for each index, by layer, of MPEG-1 and of MPEG-2 and 2.5.
  private static let rates: [[Int]] = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ]
  private static let sampleRates = [44_100, 48_000, 32_000]
  /// Bytes of the longest frame.
  static let longest = 1_729
  /// Headers that have to follow one another before bytes count as MPEG audio: one alone is two bytes that samples hold
  /// as well.
  private static let needed = 3
  /// Bytes in which the first frame is looked for: whatever was cut, a whole one begins in them.
  static let searched = 2_048

  /// 1, 2, or 3 for MPEG-2.5.
  let version: Int
  let layer: Int
  /// In Hz.
  let sampleRate: Int
  let isMono: Bool
  /// Bytes of the whole frame.
  let length: Int

  /// Reads the first four bytes.
  init?(_ bytes: some RandomAccessCollection<UInt8>) {
    let head = Array(bytes.prefix(4))
    guard head.count == 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return nil }
    let layerBits = head[1] >> 1 & 3
    let (rateIndex, sampleRateIndex) = (Int(head[2] >> 4), Int(head[2] >> 2 & 3))
    guard layerBits != 0, (1...14).contains(rateIndex), sampleRateIndex < 3 else { return nil }
    switch head[1] >> 3 & 3 {
    case 3: version = 1
    case 2: version = 2
    case 0: version = 3
    default: return nil
    }
    layer = 4 - Int(layerBits)
    sampleRate = Self.sampleRates[sampleRateIndex] >> (version - 1)
    isMono = head[3] >> 6 == 3
    let row = version == 1 ? layer - 1 : layer == 1 ? 3 : 4
    let bitsPerSecond = 1_000 * Self.rates[row][rateIndex - 1]
    let padding = Int(head[2] >> 1 & 1)
    switch layer {
    case 1: length = 4 * (12 * bitsPerSecond / sampleRate + padding)
    case 3 where version > 1: length = 72 * bitsPerSecond / sampleRate + padding
    default: length = 144 * bitsPerSecond / sampleRate + padding
    }
  }

  /// Whether a frame can follow in the same recording.
  func continues(_ other: MPEGFrame) -> Bool {
    (version, layer, sampleRate, isMono) == (other.version, other.layer, other.sampleRate, other.isMono)
  }

  /// Whether bytes begin with MPEG audio for certain.
  ///
  /// - Parameter isWhole: whether nothing follows these bytes, so that fewer frames must do.
  static func begins(_ bytes: some RandomAccessCollection<UInt8>, isWhole: Bool) -> Bool {
    guard let row = Row(bytes) else { return false }
    return row.frames == needed || isWhole && (row.frames > 1 || row.isAll)
  }

  /// The first byte of which frames begin, as far as these bytes tell, behind what is left of another frame or behind
  /// filling: streams are cut anywhere. Nil where none does.
  ///
  /// - Parameter certain: whether so many frames have to follow one another that nothing else can be meant.
  static func beginning(in bytes: [UInt8], certain: Bool) -> Int? {
    (0..<min(bytes.count, searched)).first { place in
      bytes[place] == 0xFF && Row(bytes[place...]).map { !certain || $0.frames == needed } ?? false
    }
  }

  /// Frames that follow one another, as far as bytes reach and no more than are needed.
  private struct Row {
    var frames = 1
    /// Whether the last of them ends with the bytes.
    var isAll = false

    init?(_ bytes: some RandomAccessCollection<UInt8>) {
      guard let first = MPEGFrame(bytes) else { return nil }
      var rest = bytes.dropFirst(first.length)
      while frames < MPEGFrame.needed {
        guard rest.count >= 4 else {
          isAll = rest.isEmpty
          return
        }
        guard let next = MPEGFrame(rest), next.continues(first) else { return nil }
        rest = rest.dropFirst(next.length)
        frames += 1
      }
    }
  }

  /// Whether a frame holds no sound but says how long what follows is: the first of a recording.
  static func isInformation(_ frame: some RandomAccessCollection<UInt8>) -> Bool {
    // It stands behind the side information, whose length depends on version and channels.
    [13, 21, 36].contains { place in
      let name = Array(frame.dropFirst(place).prefix(4))
      return name == Array("Xing".utf8) || name == Array("Info".utf8)
    }
  }
}

/// A tag of metadata before, or between, frames of MPEG audio.
enum ID3Tag {
  /// Bytes of the tag, header and footer with it, that begins here; nil where none does.
  static func length(_ bytes: some RandomAccessCollection<UInt8>) -> Int? {
    let head = Array(bytes.prefix(10))
    guard head.count == 10, head.starts(with: "ID3".utf8), (2...4).contains(head[3]), head[4] < 0xFF,
      head[6...9].allSatisfy({ $0 < 0x80 })
    else { return nil }
    let size = head[6...9].reduce(0) { $0 << 7 | Int($1) }
    return 10 + size + (head[5] & 0x10 != 0 ? 10 : 0)
  }
}

/// A tag of metadata that some programs put before MPEG audio, and most behind it.
enum APETag {
  private static let headLength = 32

  /// Bytes of the tag that begins here, its header with it; nil where none does.
  static func length(_ bytes: some RandomAccessCollection<UInt8>) -> Int? {
    let head = Array(bytes.prefix(headLength))
    guard head.count == headLength, head.starts(with: "APETAGEX".utf8), head[23] & 0x20 != 0 else { return nil }
    return headLength + head[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
