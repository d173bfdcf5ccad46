import Audio

/// Sound from a feed: a header says what it is, or a raw format does.
///
/// A feed brings one stretch for every writer or file, and each of them may hold several recordings one after another:
/// they are cut there, and stream time goes on. What a growing file held when it was opened is not happening now: it has
/// no time of day, or is left out.
public final class SoundFeedSource: StreamSource {
  private let feed: ByteFeed
  private let options: SoundReadingOptions
  private let assumedRate: Int
  /// Whether the sound is being made now, as through a pipe, and has a time of day.
  private let isLive: Bool
  private let skipsOld: Bool
  private let stop: StopSignal
  private let defects: DefectHandling
  private let blocksPerSecond: Int
  private var gate = StretchGate()
  private var reader: SoundFileReader?
  /// Samples still to come that are old.
  private var oldSamples: Int64 = 0
  /// How many samples of the running recording were left out because they are old.
  private var skippedSamples: Int64 = 0
  /// Stream time at which the running recording began.
  private var originMicroseconds: Int64
  private var hasEnded = false
  /// Whether what the feed brings now cannot be read, or no further, and is to be told; nil where all is well.
  private var broken: Break?
  /// Why something is missing before the next block, if something is.
  private var loss: LossReason?
  /// What went wrong first, where it is thrown at the very end.
  private var failure: AudioError?

  private enum Break {
    /// A writer that came and went without a word.
    case harmless
    case useless
  }

  public private(set) var notices: [InputNotice] = []
  /// What the reader has said that has been told.
  private var told: Set<String> = []

  /// - Parameters:
  ///   - options: how it is read where its content does not say, which channel to take and how loud.
  ///   - assumedRate: rate of bytes without a header that come through a pipe, in Hz.
  ///   - skipsOld: whether to leave out what a growing file held when it was opened.
  ///   - stop: also ends the counting of what is old.
  ///   - originMicroseconds: stream time of the first sample.
  ///   - blocksPerSecond: few where throughput counts, many where results are to come at once.
  public init(
    _ feed: ByteFeed, options: SoundReadingOptions = SoundReadingOptions(), assumedRate: Int, skipsOld: Bool = false,
    stop: StopSignal, originMicroseconds: Int64 = 0, defects: DefectHandling = .tell, blocksPerSecond: Int = 100
  ) {
    self.defects = defects
    self.blocksPerSecond = blocksPerSecond
    self.feed = feed
    self.options = options
    self.assumedRate = assumedRate
    self.skipsOld = skipsOld
    self.stop = stop
    self.originMicroseconds = originMicroseconds
    isLive = feed.kind != .file && defects == .tell
  }

  public func next() throws -> Arrival<SoundBlock> {
    if let broken {
      self.broken = nil
      // What cannot be read may be followed by a recording that can.
      if (try? nextRecording()) != true { leaveStretch(isUseless: broken == .useless) }
    }
    if hasEnded { return .end }
    let waiting: Arrival<SoundBlock>? = gate.pass(feed)
    if let waiting {
      hasEnded = waiting == .end
      if hasEnded, let failure { throw failure }
      return waiting
    }
    do throws(AudioError) {
      if reader == nil { try open() }
      guard let reader else { return .end }
      defer { note(reader) }
      let start = reader.framesRead
      let samples = try reader.read(count: max(1, reader.sampleRate / blocksPerSecond))
      if !samples.isEmpty { return block(samples, from: start, of: reader).map { .block($0) } ?? .quiet }
      if try !nextRecording() { leaveStretch() }
    } catch {
      return try recover(from: error)
    }
    return .cut
  }

  /// A piece of the stream; nil for one that is left out.
  private func block(_ samples: [Float], from start: Int64, of reader: SoundFileReader) -> SoundBlock? {
    let isOld = oldSamples > 0
    oldSamples = max(0, oldSamples - Int64(samples.count))
    if skipsOld && isOld {
      skippedSamples += Int64(samples.count)
      return nil
    }
    let happensNow = isLive && !isOld && !feed.isBehind
    return SoundBlock(
      samples: samples, sampleRate: reader.sampleRate, startSample: start - skippedSamples,
      originMicroseconds: originMicroseconds, loss: takeLoss(), wallMicroseconds: happensNow ? wallMicroseconds() : nil,
      unmixedPower: reader.unmixedPower)
  }

  private func recover(from error: AudioError) throws -> Arrival<SoundBlock> {
    if defects == .refuse {
      failure = failure ?? error
      if (try? nextRecording()) != true { leaveStretch() }
      return .cut
    }
    // A sample that is no number is left out; what comes after it can be heard.
    if case .badSample = error.reason, isLive {
      notices = [InputNotice(source: feed.path, text: error.description)]
      loss = .violation
      return .quiet
    }
    guard feed.kind.comesAgain else {
      if (try? nextRecording()) == true { return .lost(error.description) }
      hasEnded = true
      throw error
    }
    // A writer that comes and goes without a word is no reason to give up a pipe.
    let isHarmless = feed.isUntouched || feed.kind != .followed && [.empty, .noSamples].contains(error.reason)
    // It may take long until something that can be read follows: what is wrong is told first.
    broken = isHarmless ? .harmless : .useless
    return isHarmless || stop.isStopped ? .cut : .lost(error.description)
  }

  private func open() throws(AudioError) {
    told = []
    if feed.kind == .file {
      reader = try SoundFileReader(.path(feed.path), options: options, rate: assumedRate)
    } else {
      oldSamples = feed.old.map(count) ?? 0
      reader = try read(feed)
    }
    if let reader { note(reader) }
  }

  private func read(_ feed: ByteFeed) throws(AudioError) -> SoundFileReader {
    let location = SoundFileReader.Location.bytes(name: feed.path) { room throws(AudioError) in
      do throws(FeedError) {
        return try feed.read(into: room)
      } catch {
        throw AudioError(source: error.path, reason: .cannotRead(error.reason))
      }
    }
    return try SoundFileReader(
      location, options: options, rate: assumedRate, assumesSamples: true, isGrowing: self.feed.kind == .followed)
  }

  /// How many samples the reader will make of what was there already. Read in the same way and thrown away, because no
  /// place in the bytes tells: what a reader has taken in and what it has made of it are not the same.
  private func count(_ old: ByteFeed) -> Int64 {
    // What cannot be read now will not be either when it is read in earnest, and is told then.
    guard let reader = try? read(old) else { return 0 }
    var count: Int64 = 0
    repeat {
      while !stop.isStopped, let block = try? reader.read(count: 16_384), !block.isEmpty { count += Int64(block.count) }
    } while !stop.isStopped && (try? reader.nextStretch()) == true
    return count
  }

  private func takeLoss() -> LossReason? {
    defer { loss = nil }
    return loss
  }

  /// Takes over what the reader has noticed since it was last asked.
  private func note(_ reader: SoundFileReader) {
    let new = reader.notices.filter { told.insert($0).inserted }
    if !new.isEmpty { notices = new.map { InputNotice(source: feed.path, text: $0) } }
  }

  /// Stream time at which the running recording ends, if it ends here.
  private func end(of reader: SoundFileReader) -> Int64 {
    originMicroseconds + (reader.framesRead - skippedSamples) * 1_000_000 / Int64(reader.sampleRate)
  }

  /// Goes on to the next recording in the same stretch; false where there is none.
  private func nextRecording() throws(AudioError) -> Bool {
    guard let reader else { return false }
    let end = end(of: reader)
    guard try reader.nextStretch() else { return false }
    originMicroseconds = end
    skippedSamples = 0
    return true
  }

  private func leaveStretch(isUseless: Bool = false) {
    if let reader {
      note(reader)
      originMicroseconds = end(of: reader)
    }
    (oldSamples, skippedSamples) = (0, 0)
    reader = nil
    gate.leave(isUseless: isUseless)
  }
}
