import Audio

/// Sound from a feed: a header says what it is, or a raw format does.
///
/// What a growing file held when it was opened is not happening now: it has no time of day, or is left out.
public final class SoundFeedSource: LiveSource {
  private let feed: ByteFeed
  private let raw: RawFormat?
  private let assumed: RawFormat
  /// Whether the sound is being made now, as through a pipe, and has a time of day.
  private let isLive: Bool
  private let skipsOld: Bool
  private let stop: StopSignal
  private var gate = StretchGate()
  private var pump: FeedPump?
  private var reader: SoundFileReader?
  /// Samples of the running stretch that are old, and how many were left out because of it.
  private var oldSamples: Int64 = 0
  private var skippedSamples: Int64 = 0
  /// Stream time at which the running stretch began, and what came of it.
  private var originMicroseconds: Int64
  private var samples: Int64 = 0
  private var hasEnded = false

  /// - Parameters:
  ///   - raw: what the bytes are when they have no header at all; nil to look for one.
  ///   - assumedRate: rate of bytes without a header that come through a pipe, in Hz.
  ///   - skipsOld: whether to leave out what a growing file held when it was opened.
  ///   - stop: also ends the counting of what is old.
  ///   - originMicroseconds: stream time of the first sample.
  public init(
    _ feed: ByteFeed, raw: RawFormat?, assumedRate: Int, skipsOld: Bool = false, stop: StopSignal,
    originMicroseconds: Int64 = 0
  ) throws(AudioError) {
    self.feed = feed
    self.skipsOld = skipsOld
    self.stop = stop
    self.raw = raw
    self.originMicroseconds = originMicroseconds
    assumed = try RawFormat(encoding: .s16le, sampleRate: assumedRate, channels: 1)
    isLive = feed.kind != .file
  }

  public func next() throws -> Arrival<SoundBlock> {
    if hasEnded { return .end }
    let waiting: Arrival<SoundBlock>? = gate.pass(feed)
    if let waiting {
      hasEnded = waiting == .end
      return waiting
    }
    do {
      if reader == nil { try open() }
      guard let reader else { return .end }
      let samples = try reader.read(count: max(1, reader.sampleRate / 100))
      if !samples.isEmpty { return block(samples, sampleRate: reader.sampleRate).map { .block($0) } ?? .quiet }
    } catch let error as AudioError {
      guard feed.kind == .pipe || feed.kind == .followed else {
        hasEnded = true
        throw error
      }
      // The feed is another thread's until then.
      pump?.wait()
      // A writer that comes and goes without a word is no reason to give up a pipe.
      let isHarmless = feed.isUntouched || feed.kind == .pipe && [.empty, .noSamples].contains(error.reason)
      leaveStretch(isUseless: !isHarmless)
      return isHarmless || stop.isStopped ? .cut : .lost(error.description)
    }
    leaveStretch()
    return .cut
  }

  /// A piece of the stream; nil for one that is left out.
  private func block(_ found: [Float], sampleRate: Int) -> SoundBlock? {
    let begin = skippedSamples + samples
    let isOld = begin < oldSamples || feed.isBehind
    if skipsOld && begin < oldSamples {
      skippedSamples += Int64(found.count)
      return nil
    }
    defer { samples += Int64(found.count) }
    return SoundBlock(
      samples: found, sampleRate: sampleRate, startSample: samples, originMicroseconds: originMicroseconds,
      wallMicroseconds: isLive && !isOld ? wallMicroseconds() : nil)
  }

  private func open() throws {
    let headerless: SoundFileReader.Headerless =
      if let raw { .force(raw) } else if feed.kind == .file { .refuse } else { .assume(assumed) }
    if feed.kind == .file {
      reader = try SoundFileReader(.path(feed.path), headerless: headerless)
      return
    }
    oldSamples = try feed.old.map { try count($0, headerless) } ?? 0
    let pump = try FeedPump(feed)
    self.pump = pump
    reader = try SoundFileReader(.descriptor(pump.output, name: feed.path), headerless: headerless)
  }

  /// How many samples the reader will make of what was there already. Read in the same way and thrown away, because no
  /// place in the bytes tells: what a reader has taken in and what it has made of it are not the same.
  private func count(_ old: ByteFeed, _ headerless: SoundFileReader.Headerless) throws -> Int64 {
    let pump = try FeedPump(old)
    defer { pump.wait() }
    var count: Int64 = 0
    // What cannot be read now will not be either when it is read in earnest, and is told then.
    guard let reader = try? SoundFileReader(.descriptor(pump.output, name: feed.path), headerless: headerless) else {
      return 0
    }
    while !stop.isStopped, let block = try? reader.read(count: 16_384), !block.isEmpty { count += Int64(block.count) }
    return count
  }

  private func leaveStretch(isUseless: Bool = false) {
    if let reader { originMicroseconds += samples * 1_000_000 / Int64(reader.sampleRate) }
    (samples, oldSamples, skippedSamples) = (0, 0, 0)
    reader = nil
    pump?.wait()
    pump = nil
    gate.leave(isUseless: isUseless)
  }
}
