import Audio

/// Sound from a feed: a header says what it is, or a raw format does.
public final class SoundFeedSource: LiveSource {
  private let feed: ByteFeed
  private let raw: RawFormat?
  private let assumed: RawFormat
  /// Whether the sound is being made now, as through a pipe, and has a time of day.
  private let isLive: Bool
  private var pump: FeedPump?
  private var reader: SoundFileReader?
  /// Stream time at which the running stretch began, and what came of it.
  private var originMicroseconds: Int64
  private var samples: Int64 = 0
  private var isBeginning = true
  private var hasEnded = false

  /// - Parameters:
  ///   - raw: what the bytes are when they have no header at all; nil to look for one.
  ///   - assumedRate: rate of bytes without a header that come through a pipe, in Hz.
  ///   - originMicroseconds: stream time of the first sample.
  public init(
    _ feed: ByteFeed, raw: RawFormat?, assumedRate: Int, originMicroseconds: Int64 = 0
  ) throws(AudioError) {
    self.feed = feed
    self.raw = raw
    self.originMicroseconds = originMicroseconds
    assumed = try RawFormat(encoding: .s16le, sampleRate: assumedRate, channels: 1)
    isLive = feed.kind != .file
  }

  public func next() throws -> Arrival<SoundBlock> {
    if hasEnded { return .end }
    do {
      if reader == nil { try open() }
      guard let reader else { return .end }
      let block = try reader.read(count: max(1, reader.sampleRate / 100))
      if !block.isEmpty {
        defer { samples += Int64(block.count) }
        return .block(
          SoundBlock(
            samples: block, sampleRate: reader.sampleRate, startSample: samples, originMicroseconds: originMicroseconds,
            wallMicroseconds: isLive ? wallMicroseconds() : nil))
      }
    } catch let error as AudioError {
      // A writer that comes and goes without a word, or dies in the middle, is no reason to give up a pipe.
      let isHarmless = feed.kind == .pipe && [.empty, .noSamples].contains(error.reason)
      guard feed.kind == .pipe || feed.kind == .followed else {
        hasEnded = true
        throw error
      }
      try nextStretch()
      return isHarmless || hasEnded ? .cut : .lost(error.description)
    }
    try nextStretch()
    return hasEnded ? .end : .cut
  }

  private func open() throws {
    let headerless: SoundFileReader.Headerless =
      if let raw { .force(raw) } else if feed.kind == .file { .refuse } else { .assume(assumed) }
    if feed.kind == .file {
      reader = try SoundFileReader(.path(feed.path), headerless: headerless)
    } else {
      let pump = try FeedPump(feed)
      self.pump = pump
      reader = try SoundFileReader(.descriptor(pump.output, name: feed.path), headerless: headerless)
    }
  }

  private func nextStretch() throws {
    if let reader { originMicroseconds += samples * 1_000_000 / Int64(reader.sampleRate) }
    samples = 0
    reader = nil
    pump?.wait()
    pump = nil
    hasEnded = try !feed.next()
  }
}
