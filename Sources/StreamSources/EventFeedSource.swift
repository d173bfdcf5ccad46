import EventFormats
import Events
import Glibc

/// Event recordings from a feed, recognised by content; the first event is at stream time 0.
///
/// What a growing file held when it was opened is not happening now: it has no time of day, or is left out.
public final class EventFeedSource: StreamSource {
  private let feed: ByteFeed
  private let sensor: SensorGeometry
  private let options: EventReadingOptions
  private let isLive: Bool
  private let skipsOld: Bool
  private var gate = StretchGate()
  private var reader: (any EventReader)?
  /// Events of the running stretch so far, and how many of its first are old.
  private var events: Int64 = 0
  private var oldEvents: Int64 = 0
  /// Added to the times of the running stretch.
  private var offset: Int64
  private var end: Int64
  private var hasEnded = false
  /// Of the stretches that are over.
  private var earlierViolations: [String: Int64] = [:]

  public var violations: [String: Int64] {
    var sum = earlierViolations
    for (kind, found) in reader?.accounting.violations ?? [:] { sum[kind.name, default: 0] += found.count }
    return sum
  }

  public var notes: [String] { reader?.guesses.map(\.description) ?? earlierNotes }
  private var earlierNotes: [String] = []

  /// - Parameters:
  ///   - options: how the recording is read where its content does not say.
  ///   - skipsOld: whether to leave out what a growing file held when it was opened.
  ///   - originMicroseconds: stream time of the first event.
  public init(
    _ feed: ByteFeed, sensor: SensorGeometry, options: EventReadingOptions = EventReadingOptions(),
    skipsOld: Bool = false, originMicroseconds: Int64 = 0
  ) {
    self.skipsOld = skipsOld
    offset = originMicroseconds
    end = originMicroseconds
    self.feed = feed
    self.sensor = sensor
    self.options = options
    isLive = feed.kind != .file
  }

  public func next() throws -> Arrival<EventBlock> {
    if hasEnded { return .end }
    let waiting: Arrival<EventBlock>? = gate.pass(feed)
    if let waiting {
      hasEnded = waiting == .end
      return waiting
    }
    do {
      if reader == nil { try open() }
      if let arrival = try read() { return arrival }
    } catch let error where error is EventFormatError || error is FeedError {
      guard feed.kind == .pipe || feed.kind == .followed else {
        hasEnded = true
        throw error
      }
      // A writer that comes and goes without a word is no reason to give up a pipe.
      let isHarmless = feed.isUntouched
      leaveStretch(isUseless: !isHarmless)
      return isHarmless ? .cut : .lost("\(error)")
    }
    leaveStretch()
    return .cut
  }

  /// The next events; nil at the end of the stretch.
  private func read() throws -> Arrival<EventBlock>? {
    guard var reading = reader else { return nil }
    // Taken out while it is changed, so that it is changed in place.
    reader = nil
    defer { reader = reading }
    var batch = EventBatch()
    guard try reading.read(into: &batch, maximum: 1_024) else { return nil }
    if batch.count == 0 { return .quiet }
    let isOld = events < oldEvents || feed.isBehind
    events += Int64(batch.count)
    if skipsOld && events <= oldEvents {
      // Stream time begins with what is told.
      offset = end - batch.times[batch.count - 1]
      return .quiet
    }
    batch.shiftTimes(by: offset)
    end = max(end, batch.times[batch.count - 1])
    return .block(EventBlock(events: batch, wallMicroseconds: isLive && !isOld ? wallMicroseconds() : nil))
  }

  private func open() throws {
    var options = options
    options.timeOrigin = .firstEvent
    options.leavesStraysOut = true
    options.isLive = isLive
    oldEvents = feed.old.map { count($0, options) } ?? 0
    let opened =
      feed.kind == .file
      ? try openEventReader(path: feed.path, options: options)
      : try openEventReader(source: FeedBytes(feed), options: options)
    if let found = opened.geometry, found != sensor {
      throw FeedError(path: feed.path, reason: "is from a sensor of \(found), the model expects \(sensor)")
    }
    reader = opened
  }

  /// How many events there were already: read in the same way and thrown away.
  private func count(_ old: ByteFeed, _ options: EventReadingOptions) -> Int64 {
    var count: Int64 = 0
    // What cannot be read now will not be either when it is read in earnest, and is told then.
    guard var reader = try? openEventReader(source: FeedBytes(old), options: options) else { return 0 }
    var batch = EventBatch()
    while (try? reader.read(into: &batch, maximum: 65_536)) ?? false { count += Int64(batch.count) }
    return count
  }

  private func leaveStretch(isUseless: Bool = false) {
    (events, oldEvents) = (0, 0)
    offset = end
    earlierViolations = violations
    earlierNotes = notes
    reader = nil
    gate.leave(isUseless: isUseless)
  }
}

/// A feed as the event formats read bytes.
private struct FeedBytes: ByteSource {
  // Used by the source's thread alone: reader and feed have one owner, who never passes them on.
  private nonisolated(unsafe) let feed: ByteFeed

  init(_ feed: ByteFeed) { self.feed = feed }

  var name: String { feed.path }
  var path: String? { nil }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    do throws(FeedError) {
      return try feed.read(into: buffer)
    } catch {
      throw EventFormatError(.inputOutput, source: error.path, reason: error.reason, remedy: "check it and try again")
    }
  }
}
