import CKernels
import Events

/// What is in a recording: counts, times, rates, balance, what broke the rules, and a digest of every field.
public struct RecordingSummary: Sendable, Equatable, Codable {
  /// One kind of content.
  public struct Row: Sendable, Equatable, Codable {
    /// What it is.
    public var type: String
    /// How much of it there is.
    public var count: Int64
    /// The first time; nil where there is none.
    public var firstMicroseconds: Int64?
    /// The last time; nil where there is none.
    public var lastMicroseconds: Int64?
    /// Events a second between first and last.
    public var meanRate: Double?
    /// Events a second in the fullest stretch of 10 ms.
    public var peakRate: Double?
  }

  /// Where a recording breaks the rules of its format.
  public struct Violation: Sendable, Equatable, Codable {
    /// Which rule.
    public var kind: String
    /// How often.
    public var count: Int64
    /// Where it was first, bytes from the start of the file.
    public var firstByteOffset: Int64?
    /// The row of a database.
    public var firstRow: Int64?

    /// Where it was first, for people.
    public var place: String { firstRow.map { "row \($0)" } ?? "byte \(firstByteOffset ?? 0)" }
  }

  /// The file, as it was called.
  public var source: String
  /// How people call the format.
  public var format: String
  /// What the format says about its encoding.
  public var encoding: String
  /// Pixel array that the recording or the caller named.
  public var sensor: SensorGeometry?
  /// Smallest pixel array that holds every event.
  public var extent: SensorGeometry?
  /// From the first event to the last.
  public var durationMicroseconds: Int64
  /// Events, and triggers where there are any.
  public var rows: [Row]
  /// Share of events that became brighter, 0...1.
  public var brighterShare: Double?
  /// Bytes that were read.
  public var bytes: Int64
  /// Bytes of the header.
  public var headerBytes: Int64
  /// Bytes at the end that make no event.
  public var tailBytes: Int64
  /// What was read and is no event.
  public var skipped: [Row]
  /// What broke the rules.
  public var violations: [Violation]
  /// Of every field of all events; nil where it was not asked for.
  public var digest: EventDigest.Fields?
  /// Lines of the header.
  public var metadata: [EventMetadata]
  /// What the reader took for granted because the recording does not say it.
  public var guesses: [ReadingGuess]
  /// The cameras, sources or topics of a recording of several, one of which everything else here is about.
  public var streams: [RecordingStream]

  /// Reads a recording to its end. With `strictness` set to `stop` the first violation is thrown.
  public init(
    reading reader: inout any EventReader, source: String, withDigest: Bool = true
  ) throws(EventFormatError) {
    var batch = EventBatch()
    var digest = EventDigest()
    var brighter: Int64 = 0
    var times = TimeStatistics()
    var triggerTimes = TimeStatistics()
    var lastColumn: UInt16 = 0
    var lastRow: UInt16 = 0
    while try reader.read(into: &batch, maximum: 16384) {
      if withDigest { digest.add(batch) }
      brighter += batch.polarities.withUnsafeBufferPointer { polarities in
        ganglion_sum_bytes(polarities.baseAddress, Int64(polarities.count))
      }
      times.add(batch.times)
      triggerTimes.add(batch.triggers.map(\.timeMicroseconds))
      lastColumn = max(lastColumn, batch.x.max() ?? 0)
      lastRow = max(lastRow, batch.y.max() ?? 0)
    }
    let accounting = reader.accounting
    self.source = source
    format = reader.format.title
    encoding = reader.encoding
    sensor = reader.geometry
    extent = times.count > 0 ? SensorGeometry(width: Int(lastColumn) + 1, height: Int(lastRow) + 1) : nil
    durationMicroseconds = times.duration
    rows = [times.row("events")]
    if triggerTimes.count > 0 { rows.append(triggerTimes.row("triggers")) }
    brighterShare = times.count > 0 ? Double(brighter) / Double(times.count) : nil
    bytes = accounting.bytesRead
    headerBytes = accounting.headerBytes
    tailBytes = accounting.tailBytes
    skipped = SkippedContent.allCases.compactMap { kind in
      accounting.skipped[kind].map { Row(type: kind.name, count: $0) }
    }
    violations = EventViolation.allCases.compactMap { kind in
      accounting.violations[kind].map {
        Violation(kind: kind.name, count: $0.count, firstByteOffset: $0.firstByteOffset, firstRow: $0.firstRow)
      }
    }
    self.digest = withDigest ? digest.fields : nil
    metadata = reader.metadata
    streams = reader.streams
    guesses = reader.guesses
  }
}

/// First, last and densest stretch of a stream of times.
private struct TimeStatistics {
  static let window: Int64 = 10_000

  var count: Int64 = 0
  var first: Int64 = .max
  var last: Int64 = .min
  private var windowEnd: Int64 = .min
  private var windowCount: Int64 = 0
  private var fullest: Int64 = 0

  var duration: Int64 { count > 0 ? last &- first : 0 }

  mutating func add(_ times: [Int64]) {
    guard !times.isEmpty else { return }
    count += Int64(times.count)
    for time in times {
      first = min(first, time)
      last = max(last, time)
      if time >= windowEnd {
        windowEnd = time &+ Self.window
        windowCount = 0
      }
      windowCount += 1
      fullest = max(fullest, windowCount)
    }
  }

  func row(_ type: String) -> RecordingSummary.Row {
    guard count > 0 else { return RecordingSummary.Row(type: type, count: 0) }
    return RecordingSummary.Row(
      type: type, count: count, firstMicroseconds: first, lastMicroseconds: last,
      meanRate: duration > 0 ? Double(count) * 1e6 / Double(duration) : nil,
      peakRate: Double(fullest) * 1e6 / Double(Self.window))
  }
}
