/// Where a recording ends within a stream of bytes that may hold more than one.
protocol RecordingExtent {
  /// How many of the next bytes certainly belong to the recording; 0 at its end. May wait for what decides it.
  mutating func belonging(_ stream: ByteStream) throws(AudioError) -> Int
  /// Bytes have been taken, no more than belonged.
  mutating func took(_ count: Int)
  /// What is wrong with the length that the header told; asked for at the end.
  var fault: AudioError.Reason? { get }
  /// What was taken otherwise than the header has it, and why: one line each.
  var remarks: [String] { get }
}

extension RecordingExtent {
  var fault: AudioError.Reason? { nil }
  var remarks: [String] { [] }
}

/// All that is left of the stream.
struct WholeExtent: RecordingExtent {
  mutating func belonging(_ stream: ByteStream) throws(AudioError) -> Int { try stream.fill(1) }
  mutating func took(_ count: Int) {}
}

/// All that is left of the stream, up to the header of another recording.
struct OpenExtent: RecordingExtent {
  private var scanner: HeaderScanner

  /// - Parameter begin: number of the byte behind the recording's own header, which is not one of another.
  init(behind begin: Int64) { scanner = HeaderScanner(from: begin) }

  mutating func belonging(_ stream: ByteStream) throws(AudioError) -> Int {
    guard try stream.fill(1) > 0 else { return 0 }
    var isWhole = false
    while true {
      scanner.scan(stream, isWhole: isWhole)
      let clear = Int(scanner.clearThrough - stream.position)
      if clear > 0 || scanner.isHeader || isWhole { return max(0, clear) }
      isWhole = try !stream.fillMore()
    }
  }

  mutating func took(_ count: Int) {}
}

/// Samples of a length that the header tells, as far as it is to be believed.
///
/// The end by the header is one where it is followed by nothing, by another chunk or by another recording. Where more
/// samples follow, as from a recorder that crashed or whose 32 bits were too few, they are read.
struct SampleExtent: RecordingExtent {
  private static let filling = 16

  private var open: OpenExtent
  /// Bytes still to come by the header; nil where it does not say or was found to be wrong.
  private var rest: Int64?
  private let claimed: Int64?
  /// How chunks look that may follow; nil where none can.
  private let layout: ChunkedHeader.Layout?
  /// Where the container ends by its own account.
  private let containerEnd: Int64?
  private var taken: Int64 = 0
  private var hasEnded = false
  /// Whether samples behind the end that the header tells can be read.
  var goesOn = true
  /// Of a codec that comes in blocks.
  var blockBytes: Int64?
  private(set) var remarks: [String] = []

  /// - Parameters:
  ///   - claimed: bytes of samples by the header; nil where it cannot know.
  ///   - layout: how further chunks look; nil where there are none.
  ///   - containerEnd: number of the byte at which the container ends by its header.
  ///   - begin: number of the first byte of samples.
  init(
    claimed: Int64?, layout: ChunkedHeader.Layout? = nil, containerEnd: Int64? = nil, behind begin: Int64
  ) {
    open = OpenExtent(behind: begin)
    self.claimed = claimed
    self.layout = layout
    self.containerEnd = containerEnd
    rest = claimed
  }

  mutating func belonging(_ stream: ByteStream) throws(AudioError) -> Int {
    if hasEnded { return 0 }
    if let left = rest, left == 0 {
      let isEnd = try isEnd(stream)
      if !isEnd {
        let told = "its header tells \(claimed ?? 0) bytes of samples, but more follow"
        remarks.append(told + (goesOn ? "; they are read" : ", which are not read"))
      }
      if isEnd || !goesOn {
        hasEnded = true
        return 0
      }
      rest = nil
    }
    let clear = try open.belonging(stream)
    return rest.map { Int(min($0, Int64(clear))) } ?? clear
  }

  mutating func took(_ count: Int) {
    taken += Int64(count)
    rest? -= Int64(count)
  }

  /// Whether the recording ends where its header has it; what belongs to it behind the samples is passed over.
  private mutating func isEnd(_ stream: ByteStream) throws(AudioError) -> Bool {
    var size = UInt64(claimed ?? 0)
    while true {
      if let layout { try ChunkedHeader.skipPadding(stream, after: size, layout) }
      let head = try stream.peek(SoundSignature.length)
      // A few bytes at the end of everything are filling.
      if head.count < Self.filling { return true }
      if try stream.signature() != nil { return true }
      // Tags of players that stand behind the container and say how long they are only at their own end.
      if head.starts(with: "TAG".utf8) || head.starts(with: "APETAGEX".utf8) {
        try stream.skip(.max)
        return true
      }
      let isOutside = containerEnd.map { stream.position >= $0 } ?? false
      guard let layout, !isOutside, ChunkedHeader.isChunk(head, layout) else { return false }
      size = try ChunkedHeader.nextChunk(stream, layout).size
      try stream.skip(Int64(clamping: size))
    }
  }

  var fault: AudioError.Reason? {
    guard let claimed, let rest, rest > 0 else { return nil }
    // Some writers count the byte that fills an odd chunk with it, and leave it out at the end.
    if let blockBytes, rest == 1, taken % blockBytes == 0 { return nil }
    return .truncated("its header promises \(claimed) bytes where \(taken) are")
  }
}

/// The pages of an Ogg stream, up to the beginning of another: in a chain each link is a recording of its own.
struct OggExtent: RecordingExtent {
  private static let headLength = 27
  private static let beginsStream: UInt8 = 2

  /// Bytes of the page at hand that are still to come.
  private var rest = 0
  private var hasContent = false

  mutating func belonging(_ stream: ByteStream) throws(AudioError) -> Int {
    while rest == 0 {
      let head = try stream.peek(Self.headLength)
      if head.isEmpty { return 0 }
      guard head.count == Self.headLength, head.starts(with: "OggS".utf8) else {
        // Between pages stands damage, which the decoder passes over, or another recording.
        if try stream.signature() != nil { return 0 }
        rest = 1
        break
      }
      let begins = head[5] & Self.beginsStream != 0
      // The first pages of streams that run side by side stand together.
      if begins && hasContent { return 0 }
      if !begins { hasContent = true }
      let segments = Int(head[26])
      let table = try stream.peek(Self.headLength + segments).dropFirst(Self.headLength)
      rest = Self.headLength + segments + table.reduce(0) { $0 + Int($1) }
    }
    return min(rest, try stream.fill(1))
  }

  mutating func took(_ count: Int) { rest -= count }
}

/// The frames of MPEG audio, up to those of another recording.
struct MPEGExtent: RecordingExtent {
  private var rest = 0
  private var first: MPEGFrame?

  mutating func belonging(_ stream: ByteStream) throws(AudioError) -> Int {
    while rest == 0 {
      let head = try stream.peek(64)
      if head.isEmpty { return 0 }
      guard let frame = MPEGFrame(head) else {
        // Tags and damage between frames are the decoder's to pass over; another recording begins with its own.
        if first != nil, try stream.signature() != nil { return 0 }
        rest = 1
        break
      }
      if let first {
        let isNew = !frame.continues(first) || MPEGFrame.isInformation(head)
        if isNew, try isSteady(frame, stream) { return 0 }
      }
      first = first ?? frame
      rest = frame.length
    }
    return min(rest, try stream.fill(1))
  }

  /// Whether a frame of another kind is followed by others like it: one alone is damage.
  private func isSteady(_ frame: MPEGFrame, _ stream: ByteStream) throws(AudioError) -> Bool {
    let bytes = try stream.peek(3 * MPEGFrame.longest + 4)
    return MPEGFrame.begins(bytes, isWhole: bytes.count < 3 * MPEGFrame.longest + 4)
  }

  mutating func took(_ count: Int) { rest -= count }
}
