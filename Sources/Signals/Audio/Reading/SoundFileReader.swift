import CSndFile
import Glibc

/// Reads sound from a file or pipe as a stream of mono samples, in memory that does not grow with its length.
///
/// The container is recognised by content, the same from a file and a pipe: WAV and its kin, AIFF, AU, CAF, FLAC, OGG and
/// MP3 are read as they come; what else libsndfile reads is gathered first where it comes through a pipe. Several channels
/// are averaged, or one is taken. Integer formats are scaled to ±1.
///
/// Where several recordings follow one another, as in a chained OGG or in one pipe, each is a stretch: reading ends with
/// it, and ``nextStretch()`` goes on to the next, which may have another rate and other channels.
public final class SoundFileReader: SampleSource {
  /// Where the bytes are.
  public enum Location {
    case path(String)
    /// A descriptor that stays the caller's, such as standard input; a pipe, socket or file.
    case descriptor(Int32, name: String)
    /// Bytes from elsewhere: the closure fills at most the room it is given and says how much, 0 at the end.
    case bytes(name: String, (UnsafeMutableRawBufferPointer) throws(AudioError) -> Int)
  }

  public let name: String
  /// Of the running stretch, in Hz.
  public var sampleRate: Int { Int(opened.info.samplerate) }
  /// Channels of the running stretch, before mixing.
  public var channels: Int { Int(opened.info.channels) }
  /// What the running stretch is, for people: `WAV`, `OGG`, `headerless`.
  public var container: String { opened.container }
  /// How its samples are written, for people: `s16le`, or the library's words for a codec.
  public var encoding: String { opened.encoding }
  /// Frames of the running stretch so far, those that could not be used with them.
  public private(set) var framesRead: Int64 = 0
  /// Mean square over the channels of what was read last, before they were mixed; nil where nothing was mixed.
  public var unmixedPower: Float? { channel == nil ? balance.power.map { $0 * factor * factor } : nil }
  /// What the user should know about the sound so far, one line each.
  public var notices: [String] { said + remarks }

  /// What is to be said of recordings before the running one, and of how that was opened.
  private var said: [String] = []
  private let opener: SoundOpener
  private var opened: SoundOpener.Opened
  private let channel: Int?
  private let factor: Float
  private var pending: AudioError?
  private var atEnd = false
  private var interleaved: [Float] = []
  private var balance: ChannelBalance

  /// Opens and parses the header.
  ///
  /// - Parameters:
  ///   - options: how to read it where its content does not say, which channel to take and how loud.
  ///   - rate: of samples without a header whose description leaves it out, in Hz.
  ///   - assumesSamples: whether bytes that no sound format begins with are 16-bit little-endian mono samples at that rate
  ///     where the options say nothing; otherwise they are an error.
  ///   - isGrowing: whether a file is still being written, so that the lengths in its header mean nothing.
  public init(
    _ location: Location, options: SoundReadingOptions = SoundReadingOptions(), rate: Int = 16_000,
    assumesSamples: Bool = false, isGrowing: Bool = false
  ) throws(AudioError) {
    let stream = try Self.stream(location)
    name = stream.name
    channel = options.channel
    factor = options.factor
    opener = SoundOpener(
      stream: stream, headerless: try options.headerless(rate: rate, assumesSamples: assumesSamples),
      isGrowing: isGrowing)
    opened = try opener.open()
    balance = ChannelBalance(channels: Int(opened.info.channels))
    try begin()
  }

  /// Standard input for `-`, and a file by its path for anything else.
  public static func location(_ path: String) -> Location {
    path == "-" ? .descriptor(STDIN_FILENO, name: "standard input") : .path(path)
  }

  deinit { sf_close(opened.handle) }

  private static func stream(_ location: Location) throws(AudioError) -> ByteStream {
    switch location {
    case .path(let path):
      let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
      func failure(_ why: String) -> AudioError { AudioError(source: path, reason: .cannotOpen(why)) }
      guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
      let stream = ByteStream(name: path, descriptor: descriptor, owned: true)
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { throw failure("it is a folder") }
      return stream
    case .descriptor(let descriptor, let name): return ByteStream(name: name, descriptor: descriptor, owned: false)
    case .bytes(let name, let pull): return ByteStream(name: name, pull: pull)
    }
  }

  /// Makes ready for the stretch that has been opened.
  private func begin() throws(AudioError) {
    (framesRead, pending, atEnd) = (0, nil, false)
    balance = ChannelBalance(channels: channels)
    if let guess = opened.guess { said.append(guess) }
    if let channel, channel >= channels {
      throw AudioError(source: name, reason: .noSuchChannel(channel, channels: channels))
    }
  }

  /// The next samples of the stretch, at most `count`; empty at its end. After a failure every sample before the fault has
  /// been delivered, and reading again goes on behind it where that is possible.
  public func read(count: Int) throws(AudioError) -> [Float] {
    var samples = try read(count: count) { frames in mix(frames: frames) }
    if factor != 1 { for index in samples.indices { samples[index] *= factor } }
    return samples
  }

  /// The next frames as they are, one sample of each channel in turn and without gain; at most `count` frames, empty at
  /// the end of the stretch. A sound is read either mixed or by channels.
  public func readFrames(count: Int) throws(AudioError) -> [Float] {
    try read(count: count, samplesInFrame: channels) { frames in Array(interleaved[..<(frames * channels)]) }
  }

  /// Goes on to the next recording in the same bytes; false where there is none.
  public func nextStretch() throws(AudioError) -> Bool {
    atEnd = true
    guard let bytes = opened.bytes else { return false }
    try bytes.finish()
    guard try opener.stream.signature() != nil else { return false }
    let next = try opener.open()
    said = notices
    sf_close(opened.handle)
    opened = next
    try begin()
    return true
  }

  private func read(
    count: Int, samplesInFrame: Int = 1, _ take: (_ frames: Int) -> [Float]
  ) throws(AudioError) -> [Float] {
    if let pending {
      self.pending = nil
      throw pending
    }
    if atEnd || count <= 0 { return [] }
    let needed = count * channels
    if interleaved.count < needed { interleaved = [Float](repeating: 0, count: needed) }
    let got = decode(frames: count)
    var samples = take(got)
    if let bad = samples.firstIndex(where: { !($0.magnitude <= AudioLimits.amplitude) }) {
      let frame = bad / samplesInFrame
      pending = AudioError(
        source: name, reason: .badSample(samples[bad], limit: AudioLimits.amplitude),
        frame: framesRead + Int64(frame))
      samples.removeSubrange((frame * samplesInFrame)...)
    } else if channel == nil {
      balance.take(interleaved, frames: got)
    }
    framesRead += Int64(got)
    // A codec may give less than was asked for and still go on.
    if got == 0 {
      atEnd = true
      pending = fault()
    }
    if samples.isEmpty, let pending {
      self.pending = nil
      throw pending
    }
    return samples
  }

  /// Has the library decode into `interleaved`, which has room for so many frames.
  private func decode(frames count: Int) -> Int {
    var got = Int(
      interleaved.withUnsafeMutableBufferPointer { buffer in
        // The caller has made the list so long.
        buffer.baseAddress.map { sf_readf_float(opened.handle, $0, sf_count_t(count)) } ?? 0
      })
    // A codec of blocks makes sound out of nothing behind its last bytes.
    if let bytes = opened.bytes, let block = opened.block {
      got = Int(max(0, min(Int64(got), block.frames(in: bytes.taken) - framesRead)))
    }
    return got
  }

  /// Averages the channels of the frames just read, in channel order, or takes the one that is wanted.
  private func mix(frames: Int) -> [Float] {
    if channels == 1 { return Array(interleaved[..<frames]) }
    let channels = channels
    if let channel { return (0..<frames).map { interleaved[$0 * channels + channel] } }
    let scale = 1 / Float(channels)
    return (0..<frames).map { frame in
      var sum: Float = 0
      for channel in 0..<channels { sum += interleaved[frame * channels + channel] }
      return sum * scale
    }
  }

  /// What is wrong with a stretch that has just ended, if anything.
  private func fault() -> AudioError? {
    if let failure = opened.bytes?.failure { return failure }
    func failure(_ reason: AudioError.Reason) -> AudioError {
      AudioError(source: name, reason: reason, frame: framesRead)
    }
    if sf_error(opened.handle) != SF_ERR_NO_ERROR {
      return failure(.decoding(String(cString: sf_strerror(opened.handle))))
    }
    if let cutOff = opened.cutOff { return failure(.truncated(cutOff)) }
    if let fault = opened.bytes?.extent.fault { return failure(fault) }
    if let promised = opened.promisedFrames, framesRead < promised {
      return failure(.truncated("its header promises \(promised) frames"))
    }
    return framesRead == 0 ? AudioError(source: name, reason: .noSamples) : nil
  }

  /// What is to be said of the running stretch.
  private var remarks: [String] {
    (opened.bytes?.extent.remarks ?? []) + (atEnd ? [balance.finding].compactMap { $0 } : [])
  }
}
