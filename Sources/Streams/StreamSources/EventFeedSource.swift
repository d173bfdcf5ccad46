import Audio
import EventFormats
import Events
import Glibc

/// Event recordings from a feed, recognised by content; the first event is at stream time 0.
///
/// What a growing file held when it was opened is not happening now: it has no time of day, or is left out.
public final class EventFeedSource: StreamSource {
  private let feed: ByteFeed
  /// What the events are taken for where nobody says it.
  private let sensor: SensorGeometry
  private let options: EventReadingOptions
  private var intake: EventIntake
  private let isLive: Bool
  private let skipsOld: Bool
  private let defects: DefectHandling
  private let maximumEvents: Int
  private var watch: SensorWatch
  private var lag = LagWatch()
  /// Of what was thrown away before the next block.
  private var loss: LossReason?
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

  public private(set) var notices: [InputNotice] = []
  /// What the reader of the running stretch takes for granted, as far as it has been noticed.
  private var guesses: [ReadingGuess] = []
  /// What is odd about its events.
  private var found: [String] = []

  public var filtered: [String: Int64] { intake.filtered }
  public var picture: String? { intake.picture }

  /// - Parameters:
  ///   - sensors: those that the models were trained on; a recording that does not name its own is taken to be from the
  ///     first.
  ///   - options: how the recording is read where its content does not say, its filters and its fit.
  ///   - skipsOld: whether to leave out what a growing file held when it was opened.
  ///   - originMicroseconds: stream time of the first event.
  ///   - maximumEvents: of a block: many where throughput counts.
  public init(
    _ feed: ByteFeed, sensors: [SensorGeometry], options: RecordingOptions = RecordingOptions(),
    skipsOld: Bool = false, originMicroseconds: Int64 = 0, defects: DefectHandling = .tell, maximumEvents: Int = 1_024
  ) {
    self.defects = defects
    self.maximumEvents = maximumEvents
    precondition(!sensors.isEmpty, "somebody watches the events")
    sensor = sensors[0]
    watch = SensorWatch(sensors[0])
    intake = EventIntake(models: sensors, options: options)
    self.skipsOld = skipsOld
    offset = originMicroseconds
    end = originMicroseconds
    self.feed = feed
    self.options = options.events
    isLive = feed.kind != .file && defects == .tell
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
    } catch let error where error is EventFormatError || error is FeedError || error is InputError {
      guard feed.kind.comesAgain, defects == .tell else {
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
    let isOver = try !reading.read(into: &batch, maximum: maximumEvents)
    if reading.guesses != guesses { note(reading.guesses) }
    if isOver {
      if defects == .refuse { try judge(reading.accounting) }
      return nil
    }
    if batch.count == 0 { return .quiet }
    watch.see(batch)
    try judge(atEnd: false)
    let isOld = events < oldEvents || feed.isBehind
    events += Int64(batch.count)
    let last = batch.times[batch.count - 1]
    if skipsOld && events <= oldEvents {
      // Stream time begins with what is told.
      offset = end - last
      return .quiet
    }
    end = max(end, offset + last)
    // Before the filters: they are what takes longest.
    if feed.kind.isConnection, lag.read(upTo: last, now: bootMicroseconds(), hasWaited: feed.takeWaiting()) {
      loss = .overload
      return .quiet
    }
    let before = intake.found
    intake.apply(&batch)
    if defects == .tell, intake.found != before { note(guesses) }
    if batch.count == 0 { return .quiet }
    batch.shiftTimes(by: offset)
    end = max(end, batch.times[batch.count - 1])
    defer { loss = nil }
    return .block(
      EventBlock(
        events: batch, camera: intake.camera, fit: intake.fit, loss: loss,
        wallMicroseconds: isLive && !isOld ? wallMicroseconds() : nil))
  }

  /// What is to be known is put together when it changes: it is asked for with every block.
  private func note(_ guesses: [ReadingGuess]) {
    self.guesses = guesses
    notices =
      guesses.map { InputNotice(source: feed.path, guess: $0) }
      + (defects == .tell ? found + intake.found : found).map { InputNotice(source: feed.path, text: $0) }
  }

  /// Tells where the events seem to be of another sensor, or refuses them.
  private func judge(atEnd: Bool) throws(InputError) {
    guard found.isEmpty, let finding = watch.finding(atEnd: atEnd) else { return }
    let setting = RecordingOptions.Setting.sensor
    let remedy = "name the camera's size, \(setting.flag) 640x480 or \(setting.key): 640x480, and it is fitted"
    if defects == .refuse { throw InputError(source: feed.path, problem: finding, remedy: remedy) }
    found.append("\(finding); \(remedy)")
    note(guesses)
  }

  /// What is wrong with a recording that has come to its end.
  private func judge(_ accounting: EventAccounting) throws(InputError) {
    try judge(atEnd: true)
    found += accounting.findings.map(\.text)
    if let picture { found.append(picture) }
    found += intake.findings
    note(guesses)
    if let emptiness = intake.emptiness {
      throw InputError(
        source: feed.path, problem: emptiness, remedy: "ask for a piece that is there; times count from the first event"
      )
    }
    if let cut = accounting.violations[.truncatedTail] {
      throw InputError(
        source: feed.path, place: cut.place, problem: "is cut off within an event or packet",
        remedy: "results cover what is there; copy the file again for the rest")
    }
    if accounting.events == 0 {
      throw InputError(
        source: feed.path, place: "byte \(accounting.bytesRead)", problem: "holds no events",
        remedy: "check that the recording was written")
    }
  }

  private func open() throws {
    var options = options
    options.timeOrigin = .firstEvent
    options.leavesStraysOut = true
    options.isLive = isLive
    oldEvents = feed.old.map { count($0, options) } ?? 0
    let opened =
      feed.kind == .file ? try open(FileByteSource(path: feed.path), options) : try open(FeedBytes(feed), options)
    note(opened.guesses)
    reader = opened
  }

  private func open(_ bytes: some ByteSource, _ options: EventReadingOptions) throws -> any EventReader {
    let source = try PeekedBytes(bytes, count: SoundSignature.length)
    // An event format without a signature would otherwise make events of it.
    if options.format == nil, let sound = SoundSignature(source.head) {
      throw InputError(
        source: feed.path, problem: "is sound (\(sound.rawValue)); the model watches events of a camera",
        remedy: "give an event recording, or a model that listens")
    }
    let opened: any EventReader
    do throws(EventFormatError) {
      opened = try openEventReader(source: source, options: options)
    } catch {
      guard error.code == .unrecognised else { throw error }
      throw InputError(
        source: feed.path, problem: error.reason,
        remedy: "give an event recording, or name its format with --input-format; ganglion info FILE lists them")
    }
    try intake.begin(camera: opened.geometry, source: feed.path)
    watch = SensorWatch(opened.geometry ?? sensor)
    return opened
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
    (guesses, found) = ([], [])
    (lag, loss) = (LagWatch(), nil)
    reader = nil
    gate.leave(isUseless: isUseless)
  }
}
