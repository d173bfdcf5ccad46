import Signatures

/// What a stream holds at its place.
extension SoundOpener {
  /// A tag may be followed by filling before the first frame.
  private static let fillingLimit = 1 << 16

  /// What to make of bytes without a sound header.
  enum Headerless {
    /// They are an error.
    case refuse
    /// They are PCM of this kind.
    case assume(RawFormat)
    /// So is everything else: no header is looked for.
    case force(RawFormat)
  }

  /// What a stream holds at its place.
  enum Content {
    case raw(RawFormat)
    case sound(SoundSignature)
    /// MPEG audio behind so many bytes that are none.
    case cut(Int)
    /// No signature is known; the library may know one that it finds by seeking.
    case unknown
  }

  func content() throws(AudioError) -> Content {
    if case .force(let format) = headerless {
      if try stream.fill(1) == 0 { throw failure(.empty) }
      return .raw(format)
    }
    if try stream.fill(1) == 0 { throw failure(.empty) }
    let isTagged = try skipTags()
    if let signature = try stream.signature() { return .sound(signature) }
    let start = try stream.peek(2)
    let mayBeFrames = start == [0xFF, 0xF1] || start == [0xFF, 0xF9] || start.first == 0x56
    let length = mayBeFrames ? SoundSignature.certainLength : ForeignContent.length
    let head = try stream.peek(length)
    let isWhole = head.count < length
    if let packing = Packing.find(head) {
      throw failure(.packed(finding: packing.finding, remedy: packing.remedy))
    }
    if let foreign = ForeignContent.find(head, isWhole: isWhole) {
      throw failure(foreign.holdsSound ? .foreign(foreign.name) : .unrecognised("it looks like \(foreign.name)"))
    }
    if let count = try cutMPEG() { return .cut(count) }
    if isTagged { throw failure(.unrecognised("nothing known follows its tag")) }
    if case .assume(let format) = headerless { return .raw(format) }
    return .unknown
  }

  /// Passes over tags in front of the sound; whether there were any.
  private func skipTags() throws(AudioError) -> Bool {
    var isTagged = false
    while let length = try tagLength() {
      isTagged = true
      try stream.skip(Int64(length))
      guard try stream.peek(1) == [0] else { continue }
      let bytes = try stream.peek(Self.fillingLimit)
      if let first = bytes.firstIndex(where: { $0 != 0 }), SoundSignature(bytes[first...]) != nil {
        try stream.skip(Int64(first))
      }
    }
    return isTagged
  }

  private func tagLength() throws(AudioError) -> Int? {
    if let length = ID3Tag.length(try stream.peek(10)) { return length }
    return try stream.peek(8) == Array("APETAGEX".utf8) ? APETag.length(try stream.peek(32)) : nil
  }

  /// How many bytes stand before the first whole frame of MPEG audio that was cut; nil where these are other bytes.
  private func cutMPEG() throws(AudioError) -> Int? {
    // Whoever sends samples does not wait long until he is heard: only what may be frames is looked at further.
    guard MPEGFrame.beginning(in: try stream.peek(MPEGFrame.searched), certain: false) != nil else { return nil }
    return MPEGFrame.beginning(in: try stream.peek(SoundSignature.certainLength), certain: true)
  }
}
