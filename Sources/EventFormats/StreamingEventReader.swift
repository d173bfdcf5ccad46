import CKernels
import Events

/// Feeds a decoder from a source and keeps the books: the part that all streamed formats share.
struct StreamingEventReader<Decoder: BlockDecoder>: EventReader {
  let format: EventFormat
  let encoding: String
  let geometry: SensorGeometry?
  let metadata: [EventMetadata]
  private(set) var guesses: [ReadingGuess]
  private(set) var accounting = EventAccounting()

  private var input: InputBuffer
  private var decoder: Decoder
  private var report = ganglion_event_report()
  private let strictness: EventStrictness
  private let timeOrigin: TimeOrigin
  private var previousTime = Int64.min
  private var originMicroseconds: Int64?
  /// Triggers in front of the first event, while its time is not known and everything counts from there.
  private var heldTriggers: [TriggerEvent] = []
  /// So many triggers without one event are a recording of triggers: they count from the first.
  private static var maximumHeldTriggers: Int { 1 << 20 }
  /// Thrown by the next call: what came before is delivered first.
  private var pending: EventFormatError?
  private var isFinished = false
  private var wanted = 1
  /// The rule that was broken first, whether or not it is counted.
  private var firstViolation: EventFormatError?

  init(
    input: InputBuffer, decoder: Decoder, format: EventFormat, encoding: String, geometry: SensorGeometry?,
    metadata: [EventMetadata], guesses: [ReadingGuess] = [], options: EventReadingOptions
  ) {
    self.input = input
    self.decoder = decoder
    self.format = format
    self.encoding = encoding
    self.geometry = geometry
    self.metadata = metadata
    self.guesses = guesses
    strictness = options.strictness
    timeOrigin = options.timeOrigin
    report.stop_at_violation = options.strictness == .stop ? 1 : 0
    accounting.headerBytes = input.byteOffset
  }

  mutating func read(into batch: inout EventBatch, maximum: Int) throws(EventFormatError) -> Bool {
    batch.removeAll()
    if let pending {
      isFinished = true
      throw pending
    }
    while !isFinished, pending == nil, batch.isEmpty {
      if input.count < wanted { try input.fill(wanted: wanted) }
      try decodeBlock(into: &batch, maximum: max(maximum, 1))
      accounting.bytesRead = decoder.bytesTaken ?? input.bytesRead
    }
    if batch.isEmpty, !heldTriggers.isEmpty { releaseTriggers(into: &batch, origin: heldTriggers[0].timeMicroseconds) }
    if batch.isEmpty, let pending {
      isFinished = true
      throw pending
    }
    return !batch.isEmpty
  }

  private mutating func decodeBlock(into batch: inout EventBatch, maximum: Int) throws(EventFormatError) {
    report.clear()
    let offset = input.byteOffset
    let before = Decoder.isCheapToCopy ? decoder : nil
    var progress = DecodingProgress(consumed: 0, produced: 0)
    try batch.append(capacity: maximum) { columns throws(EventFormatError) in
      progress = try input.withBytes { bytes throws(EventFormatError) in
        try decoder.decode(
          bytes, byteOffset: offset, isLast: input.isAtEnd, into: columns, report: &report)
      }
      return progress.produced
    }
    examine(&batch, before: before, offset: offset, consumed: progress.consumed)
    collectReport(&batch, offset: offset)
    input.consume(progress.consumed)
    accounting.events += Int64(batch.count)
    accounting.triggers += Int64(batch.triggers.count)
    applyOrigin(&batch)
    if progress.consumed > 0 || progress.produced > 0 || report.trigger_count > 0 {
      wanted = 1
      return
    }
    wanted = max(input.count + 1, progress.needed)
    if input.isAtEnd {
      isFinished = true
      if input.count > 0 || decoder.isWithinPacket {
        accounting.tailBytes = Int64(input.count)
        note(.truncatedTail, count: 1, offset: input.byteOffset, reason: "\(input.count) bytes are left over")
      }
      if decoder.mustHoldEvents, accounting.events == 0, pending == nil { pending = emptyError }
    }
  }

  /// What to say where rules were broken until nothing was left; nil for a recording that is just empty.
  private var emptyError: EventFormatError? {
    guard var error = firstViolation else { return nil }
    error.reason = "nothing in it can be read as an event (first of all: \(error.reason))"
    error.remedy = "check that the columns are those of time, x, y and polarity"
    error.subject = .columns
    return error
  }

  /// Looks for events that go back in time or lie outside the sensor.
  private mutating func examine(_ batch: inout EventBatch, before: Decoder?, offset: Int64, consumed: Int) {
    guard batch.count > 0 else { return }
    let width = UInt32(geometry?.width ?? 65536)
    let height = UInt32(geometry?.height ?? 65536)
    let found = batch.times.withUnsafeBufferPointer { times in
      batch.x.withUnsafeBufferPointer { x in
        batch.y.withUnsafeBufferPointer { y in
          ganglion_check_events(
            times.baseAddress, x.baseAddress, y.baseAddress, Int64(times.count), previousTime, width, height)
        }
      }
    }
    let first = [found.first_backwards, found.first_outside].filter { $0 >= 0 }.min()
    guard let first else {
      previousTime = batch.times[batch.count - 1]
      return
    }
    // Only the place of the first is kept, and none where violations are ignored: finding it costs a second decoding.
    func isFirst(_ kind: EventViolation) -> Bool { strictness != .ignore && accounting.violations[kind] == nil }
    func place(_ index: Int64) -> Int64 {
      guard var replayed = before else { return offset }
      return offset + Int64(byteOffset(ofEvent: Int(index), in: &replayed, within: consumed))
    }
    if found.backwards > 0 {
      let index = Int(found.first_backwards)
      let earlier = index > 0 ? batch.times[index - 1] : previousTime
      if strictness != .stop || found.first_backwards == first {
        note(
          .nonMonotonicTime, count: found.backwards,
          offset: isFirst(.nonMonotonicTime) ? place(found.first_backwards) : offset,
          reason: "an event at \(batch.times[index]) us follows one at \(earlier) us")
      }
    }
    if found.outside > 0 {
      let index = Int(found.first_outside)
      if strictness != .stop || found.first_outside == first {
        note(
          .addressOutOfRange, count: found.outside,
          offset: isFirst(.addressOutOfRange) ? place(found.first_outside) : offset,
          reason: "an event at (\(batch.x[index]), \(batch.y[index])) lies outside the sensor of \(width)x\(height)")
      }
    }
    previousTime = batch.times[batch.count - 1]
    if strictness == .stop {
      batch.truncate(to: Int(first))
    } else if found.outside > 0 {
      batch.withMutableColumns {
        Int(ganglion_remove_outside($0.times, $0.x, $0.y, $0.polarities, $0.capacity, width, height))
      }
    }
  }

  /// Where in the block the word of an event stands: decodes the block again up to there.
  private mutating func byteOffset(ofEvent index: Int, in decoder: inout Decoder, within consumed: Int) -> Int {
    var scratch = EventBatch()
    // Its own report, with room for triggers: the block's may be full.
    var ignored = ganglion_event_report()
    var end = 0
    let offset = input.byteOffset
    scratch.append(capacity: index + 1) { columns in
      input.withBytes { bytes in
        let block = UnsafeRawBufferPointer(rebasing: bytes.prefix(consumed))
        do throws(EventFormatError) {
          end = try decoder.decode(block, byteOffset: offset, isLast: false, into: columns, report: &ignored).consumed
        } catch {
          end = 0
        }
      }
      return 0
    }
    return max(end - decoder.wordSize, 0)
  }

  private mutating func collectReport(_ batch: inout EventBatch, offset: Int64) {
    guard ganglion_report_has_findings(&report) != 0 else { return }
    for kind in EventViolation.allCases {
      let (count, first) = report.violations(kind)
      if count > 0 { note(kind, count: count, offset: offset + first, reason: kind.name) }
    }
    for kind in SkippedContent.allCases { accounting.skip(kind, count: report.skipped(kind)) }
    guard report.trigger_count > 0 else { return }
    withUnsafeBytes(of: report.trigger_times) { times in
      withUnsafeBytes(of: report.trigger_channels) { channels in
        withUnsafeBytes(of: report.trigger_rising) { rising in
          for index in 0..<Int(report.trigger_count) {
            batch.triggers.append(
              TriggerEvent(
                timeMicroseconds: times.load(fromByteOffset: 8 * index, as: Int64.self), channel: channels[index],
                isRising: rising[index] != 0))
          }
        }
      }
    }
  }

  /// Writes a violation into the books, and keeps it for the next call when strictness says so.
  private mutating func note(_ kind: EventViolation, count: Int64, offset: Int64, reason: String) {
    if firstViolation == nil {
      firstViolation = EventFormatError(
        .violation, source: input.name, byteOffset: offset, reason: reason, remedy: "")
    }
    switch strictness {
    case .ignore: return
    case .report: accounting.record(kind, count: count, byteOffset: offset)
    case .stop:
      guard pending == nil else { return }
      accounting.record(kind, byteOffset: offset)
      pending = EventFormatError(
        .violation, source: input.name, byteOffset: offset, reason: reason,
        remedy: "read it with --strictness report to go on and count what is wrong")
    }
  }

  private mutating func applyOrigin(_ batch: inout EventBatch) {
    guard timeOrigin == .firstEvent else { return }
    if let originMicroseconds {
      batch.shiftTimes(by: 0 &- originMicroseconds)
    } else if let first = batch.times.first {
      releaseTriggers(into: &batch, origin: first)
    } else {
      heldTriggers += batch.triggers
      batch.triggers.removeAll(keepingCapacity: true)
      guard let first = heldTriggers.first, heldTriggers.count >= Self.maximumHeldTriggers else { return }
      releaseTriggers(into: &batch, origin: first.timeMicroseconds)
    }
  }

  /// Settles what time counts from, and puts the triggers that waited for it in front of a batch.
  private mutating func releaseTriggers(into batch: inout EventBatch, origin: Int64) {
    originMicroseconds = origin
    batch.triggers.insert(contentsOf: heldTriggers, at: 0)
    heldTriggers = []
    batch.shiftTimes(by: 0 &- origin)
  }
}
