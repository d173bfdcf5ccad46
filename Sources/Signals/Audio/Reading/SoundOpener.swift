import CSndFile
import Glibc

/// Finds out what a stream holds at its place and hands it to libsndfile in the way that works for it: the same for a
/// file and a pipe.
struct SoundOpener {
  let stream: ByteStream
  let headerless: Headerless
  /// Whether a header may have been written before what it speaks of: its lengths then say nothing.
  let isGrowing: Bool

  /// The length a header is given for codecs that come in no blocks, where nobody knows it.
  private static let unknownLength: Int64 = 1 << 28
  /// Of the sound that the library is shown to find out what its samples are.
  private static let probeBytes: Int64 = 1 << 16
  /// The mark of FLAC and the length of what follows.
  private static let flacHeader: Int64 = 8

  /// A recording that the library has opened.
  struct Opened {
    let handle: OpaquePointer
    let info: SF_INFO
    /// Where the library reads from; nil where it reads a file itself.
    let bytes: LibraryBytes?
    /// A temporary file that has to live as long as the handle.
    let spool: Spool?
    /// What the recording is and how its samples are written, for people.
    let container: String
    let encoding: String
    /// How the codec lays its blocks out, where it comes in such.
    var block: CodecBlock?
    /// What was taken for granted, for people.
    var guess: String?
    /// Frames the header promises; nil where it cannot know.
    let promisedFrames: Int64?
    /// What the library noticed about a file that is shorter than its header says.
    let cutOff: String?
  }

  func open() throws(AudioError) -> Opened {
    switch try content() {
    case .raw(let format):
      // Described by the user: to the last byte, whatever it looks like.
      let extent: any RecordingExtent =
        if case .force = headerless { WholeExtent() } else { OpenExtent(behind: stream.position) }
      var opened = try open(format, extent, container: "headerless")
      if case .assume = headerless {
        opened.guess = "it has no header and is taken as \(format); set raw if it is something else"
      }
      return opened
    case .unknown:
      guard stream.untouchedFile != nil else { throw failure(.unrecognised("Format not recognised")) }
      return try openGathered("unknown")
    case .cut(let count):
      try stream.skip(Int64(count))
      var opened = try openCoded(MPEGExtent(), .mp3)
      opened.guess = "it begins within MP3; \(count) bytes in front of the first whole frame are left out"
      return opened
    case .sound(let signature):
      switch signature {
      case .wav, .rf64, .bw64, .wave64, .aiff: return try openChunked(signature)
      case .au: return try openAU()
      case .caf: return try openCAF()
      case .flac: return try openCoded(OpenExtent(behind: stream.position + Self.flacHeader), signature)
      case .ogg: return try openCoded(OggExtent(), signature)
      case .mp3: return try openCoded(MPEGExtent(), signature)
      default: return try openGathered(signature.rawValue)
      }
    }
  }

  private func openChunked(_ signature: SoundSignature) throws(AudioError) -> Opened {
    let header = try ChunkedHeader(stream, signature)
    guard header.tellsSamples else {
      // AIFF may tell it behind the samples.
      if signature == .aiff { return try openGathered(signature.rawValue, behind: header.bytes(sampleBytes: nil)) }
      throw failure(.unrecognised("its header does not say what its samples are"))
    }
    let isUnknown = isGrowing || SampleLength.isUnknown(header.claimed, in: signature)
    let claimed = isUnknown ? nil : Int64(exactly: header.claimed)
    var extent = SampleExtent(
      claimed: claimed, layout: header.layout, containerEnd: header.end, behind: stream.position)
    let info = try probe(header.bytes(sampleBytes: Self.probeBytes))
    if let format = try RawFormat(info, isBigEndian: header.layout == .bigEndian),
      header.frameBytes == nil || header.frameBytes == format.frameBytes
    {
      return try open(format, extent, container: signature.rawValue)
    }
    extent.goesOn = false
    let block = CodecBlock(info, told: header.block)
    extent.blockBytes = block?.bytes
    let length = block?.length(showing: claimed) ?? min(claimed ?? .max, Self.unknownLength)
    return try openCoded(
      extent, signature, header: header.bytes(sampleBytes: length), sampleBytes: length, readsInFull: true, block: block
    )
  }

  private func openAU() throws(AudioError) -> Opened {
    let header = try AUHeader(stream)
    let isUnknown = isGrowing || SampleLength.isUnknown(header.claimed, in: .au)
    var extent = SampleExtent(claimed: isUnknown ? nil : Int64(header.claimed), behind: stream.position)
    let info = try probe(header.bytes(sampleBytes: UInt32(Self.probeBytes)))
    if let format = try RawFormat(info, isBigEndian: header.isBigEndian) {
      return try open(format, extent, container: SoundSignature.au.rawValue)
    }
    extent.goesOn = false
    let block = CodecBlock(info, told: nil)
    let claimed = isUnknown ? nil : Int64(header.claimed)
    let length = block?.length(showing: claimed) ?? min(claimed ?? .max, Self.unknownLength)
    return try openCoded(
      extent, .au, header: header.bytes(sampleBytes: UInt32(clamping: length)), sampleBytes: length, readsInFull: true,
      block: block)
  }

  private func openCAF() throws(AudioError) -> Opened {
    if let packing = try CAFHeader.unfinishedPacking(stream) {
      throw failure(.unfinished(format: "CAF packed with '\(packing)'"))
    }
    guard let header = try CAFHeader(stream),
      let format = try RawFormat(
        probe(header.bytes(sampleBytes: Self.probeBytes)), isBigEndian: header.isBigEndian)
    else { return try openGathered(SoundSignature.caf.rawValue) }
    try stream.skip(Int64(header.length))
    let isUnknown = isGrowing || SampleLength.isUnknown(header.claimed, in: .caf)
    let extent = SampleExtent(
      claimed: isUnknown ? nil : Int64(exactly: header.claimed), layout: .coreAudio, behind: stream.position)
    return try open(format, extent, container: SoundSignature.caf.rawValue)
  }

  /// What the samples under a header are: the library says, shown the header alone.
  private func probe(_ header: [UInt8]) throws(AudioError) -> SF_INFO {
    let nothing = ByteStream(name: stream.name) { _ in 0 }
    let bytes = LibraryBytes(
      header: header, sampleBytes: Self.probeBytes, stream: nothing, extent: WholeExtent(), readsInFull: true)
    var info = SF_INFO()
    let handle = try check(bytes.open(&info), info)
    sf_close(handle)
    return info
  }

  /// Plain samples: however many there are, the library only converts them.
  private func open(
    _ format: RawFormat, _ extent: any RecordingExtent, container: String
  ) throws(AudioError) -> Opened {
    let bytes = LibraryBytes(stream: stream, extent: extent, readsInFull: true)
    var info = SF_INFO(format)
    let handle = try check(bytes.open(&info), info)
    return Opened(
      handle: handle, info: info, bytes: bytes, spool: nil, container: container, encoding: format.encoding.rawValue,
      promisedFrames: nil, cutOff: nil)
  }

  private func openCoded(
    _ extent: any RecordingExtent, _ signature: SoundSignature, header: [UInt8] = [], sampleBytes: Int64? = nil,
    readsInFull: Bool = false, block: CodecBlock? = nil
  ) throws(AudioError) -> Opened {
    let bytes = LibraryBytes(
      header: header, sampleBytes: sampleBytes, stream: stream, extent: extent, readsInFull: readsInFull)
    var info = SF_INFO()
    let handle: OpaquePointer
    do throws(AudioError) {
      handle = try check(bytes.open(&info), info)
    } catch {
      throw bytes.failure ?? error
    }
    let isCounted = signature == .flac && info.frames > 0 && info.frames < Int64(1) << 48
    return Opened(
      handle: handle, info: info, bytes: bytes, spool: nil, container: signature.rawValue, encoding: info.encodingName,
      block: block, promisedFrames: isCounted ? Int64(info.frames) : nil, cutOff: nil)
  }

  /// Everything that is left, in a file the library can seek in.
  private func openGathered(_ container: String, behind header: [UInt8] = []) throws(AudioError) -> Opened {
    let spool = try Spool(stream, behind: header, container: container)
    var info = SF_INFO()
    let handle = try check(sf_open_fd(spool.descriptor, Int32(SFM_READ), &info, 0), info)
    let log = HeaderLog(handle: handle)
    let isCounted = !log.lengthIsUnknown && info.frames > 0 && info.frames < Int64(1) << 48
    return Opened(
      handle: handle, info: info, bytes: nil, spool: spool, container: info.containerName ?? container,
      encoding: info.encodingName, promisedFrames: isCounted ? Int64(info.frames) : nil, cutOff: log.cutOff)
  }

  /// A handle of the library whose header is not absurd.
  private func check(_ handle: OpaquePointer?, _ info: SF_INFO) throws(AudioError) -> OpaquePointer {
    guard let handle else {
      // The library's name for a header without a rate is one of its own inside.
      let said = String(cString: sf_strerror(nil))
      let why = said.contains("SF_INFO struct incomplete") ? "its header names no rate of samples" : said
      throw failure(.unrecognised(why.hasSuffix(".") ? String(why.dropLast()) : why))
    }
    do throws(AudioError) {
      try AudioLimits.check(channels: Int(info.channels), sampleRate: Int(info.samplerate), source: stream.name)
    } catch {
      sf_close(handle)
      throw error
    }
    return handle
  }

  func failure(_ reason: AudioError.Reason) -> AudioError { AudioError(source: stream.name, reason: reason) }
}

extension SF_INFO {
  /// What to ask the library for: headerless PCM.
  fileprivate init(_ format: RawFormat) {
    self.init()
    self.format = format.soundFileFormat
    samplerate = Int32(format.sampleRate)
    channels = Int32(format.channels)
  }

  /// The library's own words for what the samples are.
  fileprivate var encodingName: String { Self.name(Int32(Int(format) & SF_FORMAT_SUBMASK)) ?? "unknown" }

  fileprivate var containerName: String? { Self.name(Int32(Int(format) & SF_FORMAT_TYPEMASK)) }

  private static func name(_ format: Int32) -> String? {
    var asked = SF_FORMAT_INFO(format: format, name: nil, extension: nil)
    guard sf_command(nil, Int32(SFC_GET_FORMAT_INFO), &asked, Int32(MemoryLayout<SF_FORMAT_INFO>.size)) == 0,
      let name = asked.name
    else { return nil }
    return String(cString: name)
  }
}
