import CSndFile
import Glibc

/// Finds out what a path or descriptor holds and hands it to libsndfile in the way that works for it.
struct SoundOpener {
  let location: SoundFileReader.Location
  let headerless: SoundFileReader.Headerless
  let resemblance: ([UInt8]) -> String?

  /// MP3 headers tell a length that is off by the encoder's padding. Older libraries have no name for it (1.1.0).
  private static let mpegFormat = 0x23_0000

  struct Opened {
    let name: String
    let handle: OpaquePointer
    let feed: AnyObject?
    let info: SF_INFO
    let promisedFrames: Int64?
    let cutOff: String?
  }

  var name: String {
    switch location {
    case .path(let path): path
    case .descriptor(_, let name): name
    }
  }

  func open() throws(AudioError) -> Opened {
    let descriptor = try ownDescriptor()
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw giveUp(descriptor, .cannotOpen(systemMessage())) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return try openFile(descriptor, size: Int64(status.st_size))
    case S_IFDIR: throw giveUp(descriptor, .cannotOpen("it is a folder"))
    default: return try openPipe(descriptor)
    }
  }

  /// A descriptor this reader may close.
  private func ownDescriptor() throws(AudioError) -> Int32 {
    let descriptor =
      switch location {
      case .path(let path): Glibc.open(path, O_RDONLY | O_CLOEXEC)
      case .descriptor(let given, _): fcntl(given, F_DUPFD_CLOEXEC, 0)
      }
    if descriptor < 0 { throw AudioError(source: name, reason: .cannotOpen(systemMessage())) }
    return descriptor
  }

  /// A regular file: peek without moving, then let the library seek as it likes.
  private func openFile(_ descriptor: Int32, size: Int64) throws(AudioError) -> Opened {
    let begin = Int64(lseek(descriptor, 0, SEEK_CUR))
    if size <= begin { throw giveUp(descriptor, .empty) }
    var head = [UInt8](repeating: 0, count: SoundSignature.length)
    let got = pread(descriptor, &head, head.count, off_t(begin))
    head.removeLast(head.count - max(0, got))
    let raw = try rawFormat(head: head, descriptor: descriptor)
    return try finish(.init(raw), feed: nil) { sf_open_fd(descriptor, Int32(SFM_READ), &$0, 1) }
  }

  /// A pipe or socket: what was peeked has to be given back before the library reads.
  private func openPipe(_ descriptor: Int32) throws(AudioError) -> Opened {
    var head: [UInt8] = []
    while head.count < SoundSignature.length {
      var buffer = [UInt8](repeating: 0, count: SoundSignature.length - head.count)
      let got = Glibc.read(descriptor, &buffer, buffer.count)
      if got < 0 && errno == EINTR { continue }
      if got < 0 { throw giveUp(descriptor, .cannotOpen(systemMessage())) }
      if got == 0 { break }
      head += buffer[..<got]
    }
    if head.isEmpty { throw giveUp(descriptor, .empty) }
    let raw = try rawFormat(head: head, descriptor: descriptor)
    if raw == nil, let signature = SoundSignature(head) {
      guard signature.worksFromPipe else { throw giveUp(descriptor, .notFromPipe(format: signature.rawValue)) }
      if signature == .flac {
        let feed = RewindableBytes(descriptor: descriptor, head: head)
        return try finish(.init(nil), feed: feed) { feed.open(&$0) }
      }
    }
    guard let pump = BytePump(descriptor: descriptor, head: head) else {
      throw giveUp(descriptor, .cannotOpen(systemMessage()))
    }
    return try finish(.init(raw), feed: pump) { sf_open_fd(pump.output, Int32(SFM_READ), &$0, 1) }
  }

  /// The PCM format to assume, or nil where there is a header to read.
  private func rawFormat(head: [UInt8], descriptor: Int32) throws(AudioError) -> RawFormat? {
    if case .force(let format) = headerless { return format }
    if SoundSignature(head) != nil { return nil }
    if let likeness = resemblance(head) { throw giveUp(descriptor, .unrecognised("it looks like \(likeness)")) }
    if case .assume(let format) = headerless { return format }
    return nil
  }

  /// Lets the library parse the header and checks what it claims.
  private func finish(
    _ request: SF_INFO, feed: AnyObject?, open: (inout SF_INFO) -> OpaquePointer?
  ) throws(AudioError) -> Opened {
    var info = request
    guard let handle = open(&info) else {
      let why = String(cString: sf_strerror(nil))
      throw AudioError(source: name, reason: .unrecognised(why.hasSuffix(".") ? String(why.dropLast()) : why))
    }
    do throws(AudioError) {
      try AudioLimits.check(channels: Int(info.channels), sampleRate: Int(info.samplerate), source: name)
    } catch {
      sf_close(handle)
      throw error
    }
    let log = HeaderLog(handle: handle)
    let isRaw = request.format != 0
    let isEstimate = Int(info.format) & SF_FORMAT_TYPEMASK == Self.mpegFormat
    return Opened(
      name: name, handle: handle, feed: feed, info: info,
      promisedFrames: isRaw || isEstimate || log.lengthIsUnknown || info.frames <= 0 || info.frames > Int64(1) << 48
        ? nil : Int64(info.frames),
      cutOff: isRaw ? nil : log.cutOff)
  }

  private func giveUp(_ descriptor: Int32, _ reason: AudioError.Reason) -> AudioError {
    close(descriptor)
    return AudioError(source: name, reason: reason)
  }

  private func systemMessage() -> String { String(cString: strerror(errno)) }
}

extension SF_INFO {
  /// What to ask the library for: nothing in particular, or headerless PCM.
  fileprivate init(_ raw: RawFormat?) {
    self.init()
    if let raw {
      format = raw.soundFileFormat
      samplerate = Int32(raw.sampleRate)
      channels = Int32(raw.channels)
    }
  }
}
