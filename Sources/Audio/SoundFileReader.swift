import CSndFile
import Glibc

/// Reads a sound file or pipe as a stream of mono samples, in memory that does not grow with its length.
///
/// The container is recognised by content (everything libsndfile reads from files; WAV, AU, AIFF, W64, FLAC, OGG and MP3
/// from pipes). Several channels are averaged. Integer formats are scaled to ±1.
public final class SoundFileReader: SampleSource {
  /// Where the bytes are.
  public enum Location: Sendable {
    case path(String)
    /// A descriptor that stays the caller's, such as standard input; a pipe, socket or file.
    case descriptor(Int32, name: String)
  }

  /// What to make of bytes without a sound header.
  public enum Headerless: Sendable {
    /// They are an error.
    case refuse
    /// They are PCM of this kind.
    case assume(RawFormat)
    /// So is everything else: no header is looked for.
    case force(RawFormat)
  }

  public let name: String
  public let sampleRate: Int
  /// Channels in the file, before mixing.
  public let channels: Int

  private let handle: OpaquePointer
  /// Keeps the bytes of a pipe coming for as long as the library reads them.
  private let feed: AnyObject?
  /// Frames the header promises; nil where it cannot know.
  private let promisedFrames: Int64?
  /// What the library noticed about a file that is shorter than its header says.
  private let cutOff: String?
  private var framesRead: Int64 = 0
  private var pending: AudioError?
  private var atEnd = false
  private var interleaved: [Float] = []

  /// Opens and parses the header.
  ///
  /// - Parameters:
  ///   - headerless: what to make of bytes that no sound format begins with.
  ///   - resemblance: names what such bytes look like instead (an event recording, say), which makes them an error.
  public init(
    _ location: Location, headerless: Headerless = .refuse, resemblance: @escaping ([UInt8]) -> String? = { _ in nil }
  ) throws(AudioError) {
    let opened = try SoundOpener(location: location, headerless: headerless, resemblance: resemblance).open()
    name = opened.name
    handle = opened.handle
    feed = opened.feed
    sampleRate = Int(opened.info.samplerate)
    channels = Int(opened.info.channels)
    promisedFrames = opened.promisedFrames
    cutOff = opened.cutOff
  }

  deinit { sf_close(handle) }

  public func read(count: Int) throws(AudioError) -> [Float] {
    try read(count: count) { frames in mix(frames: frames) }
  }

  /// The next frames as they are, one sample of each channel in turn; at most `count` frames, empty at the end. A sound is
  /// read either mixed or by channels.
  public func readFrames(count: Int) throws(AudioError) -> [Float] {
    try read(count: count, samplesInFrame: channels) { frames in Array(interleaved[..<(frames * channels)]) }
  }

  private func read(
    count: Int, samplesInFrame: Int = 1, _ take: (_ frames: Int) -> [Float]
  ) throws(AudioError) -> [Float] {
    if let pending { throw pending }
    if atEnd || count <= 0 { return [] }
    let needed = count * channels
    if interleaved.count < needed { interleaved = [Float](repeating: 0, count: needed) }
    let got = Int(
      interleaved.withUnsafeMutableBufferPointer { buffer in
        // `needed` floats fit: the buffer was grown to that size above.
        buffer.baseAddress.map { sf_readf_float(handle, $0, sf_count_t(count)) } ?? 0
      })
    var samples = take(got)
    if let bad = samples.firstIndex(where: { !($0.magnitude <= AudioLimits.amplitude) }) {
      let frame = bad / samplesInFrame
      pending = AudioError(
        source: name, reason: .badSample(samples[bad], limit: AudioLimits.amplitude),
        frame: framesRead + Int64(frame))
      samples.removeSubrange((frame * samplesInFrame)...)
    }
    framesRead += Int64(got)
    if got < count && pending == nil { pending = fault() }
    if samples.isEmpty {
      atEnd = true
      if let pending { throw pending }
    }
    return samples
  }

  /// Averages the channels of the frames just read, in channel order.
  private func mix(frames: Int) -> [Float] {
    if channels == 1 { return Array(interleaved[..<frames]) }
    let scale = 1 / Float(channels)
    return (0..<frames).map { frame in
      var sum: Float = 0
      for channel in 0..<channels { sum += interleaved[frame * channels + channel] }
      return sum * scale
    }
  }

  /// What is wrong with a stream that has just ended, if anything.
  private func fault() -> AudioError? {
    if sf_error(handle) != SF_ERR_NO_ERROR {
      return AudioError(source: name, reason: .decoding(String(cString: sf_strerror(handle))), frame: framesRead)
    }
    if let cutOff { return AudioError(source: name, reason: .truncated(cutOff), frame: framesRead) }
    if let promisedFrames, framesRead < promisedFrames {
      let lack = "its header promises \(promisedFrames) frames"
      return AudioError(source: name, reason: .truncated(lack), frame: framesRead)
    }
    return framesRead == 0 ? AudioError(source: name, reason: .noSamples) : nil
  }
}
