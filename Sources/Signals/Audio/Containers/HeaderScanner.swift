import CLinux

/// Finds the header of another recording among samples: where several are written into one pipe, the second begins
/// wherever the first was left.
struct HeaderScanner {
  /// Nothing begins before this byte.
  private(set) var clearThrough: Int64
  /// The header at that byte, if one begins there for certain.
  private(set) var isHeader = false

  private static let marks: [[UInt8]] = [
    "RIFF", "RIFX", "RF64", "BW64", "FORM", ".snd", "fLaC", "OggS", "riff", "caff",
  ].map { Array($0.utf8) }

  private enum Verdict {
    case header, none, undecided
  }

  /// - Parameter first: the first byte that is looked at.
  init(from first: Int64) { clearThrough = first }

  /// Looks at what can be had of a stream without waiting; a byte that may belong to a header is not passed until more
  /// bytes, or the end, tell.
  ///
  /// - Parameter isWhole: whether nothing follows.
  mutating func scan(_ stream: ByteStream, isWhole: Bool) {
    if isHeader { return }
    let base = stream.position
    stream.look { bytes in
      var begin = Int(max(0, clearThrough - base))
      while begin < bytes.count {
        guard let candidate = Self.firstMark(in: bytes, from: begin) else {
          begin = isWhole ? bytes.count : bytes.count - Self.partialMark(at: bytes)
          break
        }
        switch Self.verdict(UnsafeRawBufferPointer(rebasing: bytes[candidate...]), isWhole: isWhole) {
        case .none:
          begin = candidate + 1
          continue
        case .header: isHeader = true
        case .undecided: break
        }
        begin = candidate
        break
      }
      clearThrough = max(clearThrough, base + Int64(begin))
    }
  }

  private static func firstMark(in bytes: UnsafeRawBufferPointer, from begin: Int) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var first: Int?
    for mark in marks {
      // Searches only as far as the best so far: the length is that of the rest, or of what can still be better.
      let length = (first.map { $0 + mark.count - 1 } ?? bytes.count) - begin
      if let found = memmem(base + begin, length, mark, mark.count) { first = UnsafeRawPointer(found) - base }
    }
    return first
  }

  /// How many of the last bytes may be the beginning of a mark.
  private static func partialMark(at bytes: UnsafeRawBufferPointer) -> Int {
    (1...3).reversed().first { count in
      bytes.count >= count && marks.contains { $0.prefix(count).elementsEqual(bytes.suffix(count)) }
    } ?? 0
  }

  private static func verdict(_ bytes: UnsafeRawBufferPointer, isWhole: Bool) -> Verdict {
    let head = HeadBytes(bytes.prefix(SoundSignature.length))
    if head.bytes.count < SoundSignature.length && !isWhole { return .undecided }
    switch SoundSignature(head.bytes) {
    // Behind the form stands the name of a chunk, which is made of letters.
    case .wav, .rf64, .bw64, .aiff:
      return (12..<16).allSatisfy { (0x20..<0x7F).contains(head.byte($0) ?? 0) } ? .header : .none
    case .wave64: return .header
    // The first chunk says what the samples are.
    case .caf: return head.holds([0, 1], at: 4) && head.holds("desc", at: 8) ? .header : .none
    case .au: return AUHeader.isPlausible(head) ? .header : .none
    // The first block of metadata says what the stream is, and is 34 bytes long.
    case .flac: return head.bigEndian(at: 4).map { $0 & 0x7FFF_FFFF == 34 } == true ? .header : .none
    // The first page of a stream.
    case .ogg: return head.byte(4) == 0 && head.byte(5) == 2 ? .header : .none
    default: return .none
    }
  }
}
