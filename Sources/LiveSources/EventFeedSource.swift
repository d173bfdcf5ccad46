import EventFormats
import Events
import Glibc

/// Event recordings from a feed, recognised by content; the first event is at stream time 0.
public final class EventFeedSource: LiveSource {
  private let feed: ByteFeed
  private let sensor: SensorGeometry
  private let options: EventReadingOptions
  private let isLive: Bool
  private var reader: (any EventReader)?
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
  ///   - originMicroseconds: stream time of the first event.
  public init(
    _ feed: ByteFeed, sensor: SensorGeometry, options: EventReadingOptions = EventReadingOptions(),
    originMicroseconds: Int64 = 0
  ) {
    offset = originMicroseconds
    end = originMicroseconds
    self.feed = feed
    self.sensor = sensor
    self.options = options
    isLive = feed.kind != .file
  }

  public func next() throws -> Arrival<EventBlock> {
    if hasEnded { return .end }
    do {
      if reader == nil { try open() }
      guard var reading = reader else { return .end }
      // Taken out while it is changed, so that it is changed in place.
      reader = nil
      defer { reader = reading }
      var batch = EventBatch()
      if try reading.read(into: &batch, maximum: 1_024) {
        if batch.count == 0 { return .quiet }
        batch.shiftTimes(by: offset)
        end = max(end, batch.times[batch.count - 1])
        return .block(EventBlock(events: batch, wallMicroseconds: isLive ? wallMicroseconds() : nil))
      }
    } catch let error as EventFormatError {
      guard feed.kind == .pipe || feed.kind == .followed else {
        hasEnded = true
        throw error
      }
      try nextStretch()
      return hasEnded ? .end : .lost(error.description)
    }
    try nextStretch()
    return hasEnded ? .end : .cut
  }

  private func open() throws {
    var options = options
    options.timeOrigin = .firstEvent
    options.leavesStraysOut = true
    options.isLive = isLive
    let opened =
      feed.kind == .file
      ? try openEventReader(path: feed.path, options: options)
      : try openEventReader(source: FeedBytes(feed), options: options)
    if let found = opened.geometry, found != sensor {
      throw FeedError(path: feed.path, reason: "is from a sensor of \(found), the model expects \(sensor)")
    }
    reader = opened
  }

  private func nextStretch() throws {
    offset = end
    earlierViolations = violations
    earlierNotes = notes
    reader = nil
    hasEnded = try !feed.next()
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
