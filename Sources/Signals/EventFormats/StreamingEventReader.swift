import CKernels
import Events

/// Feeds a decoder from a source and keeps the books: the part that all streamed formats share.
struct StreamingEventReader<Decoder: BlockDecoder>: EventReader {
  let format: EventFormat
  let encoding: String
  let geometry: SensorGeometry?
  let metadata: [EventMetadata]
  /// What was taken for granted when the recording was opened.
  private let openingGuesses: [ReadingGuess]
  private(set) var accounting = EventAccounting()

  private var input: InputBuffer
  private var decoder: Decoder
  private var report = ganglion_event_report()
  private let strictness: EventStrictness
  private var previousTime = Int64.min
  private var zeros = ZeroTail()
  /// Thrown by the next call: what came before is delivered first.
  private var pending: EventFormatError?
  private var isFinished = false
  private var wanted = 1
  /// The rule that was broken first, whether or not it is counted; the end of a recording that was cut is none.
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
    openingGuesses = guesses
    strictness = options.strictness
    report.stop_at_violation = options.strictness == .stop ? 1 : 0
    accounting.headerBytes = input.byteOffset
  }

  var streams: [RecordingStream] { decoder.streams }
  var guesses: [ReadingGuess] { openingGuesses + decoder.guesses }

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
    if batch.isEmpty, let pending {
      isFinished = true
      throw pending
    }
    return !batch.isEmpty
  }

  private mutating func decodeBlock(into batch: inout EventBatch, maximum: Int) throws(EventFormatError) {
    switch zeros.next(input, wordSize: decoder.zerosArePadding ? decoder.wordSize : nil) {
    case .bytes(let count, let isLast):
      let progress = try decode(count, isLast: isLast, into: &batch, maximum: maximum) {
        input, body throws(EventFormatError) in
        try input.withBytes { bytes throws(EventFormatError) in
          try body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
      }
      input.consume(progress.consumed)
      advance(progress)
    case .heldZeros(let count):
      let progress = try decode(count, isLast: true, into: &batch, maximum: maximum) {
        _, body throws(EventFormatError) in
        try ZeroTail.withZeros(count, body)
      }
      zeros.release(progress.consumed)
    case .hold(let count):
      zeros.hold(count)
      input.consume(count)
      wanted = input.count + 1
    case .more:
      wanted = input.count + 1
    case .end(let words):
      if words == 1, isEvent(zeroWordAt: input.byteOffset) {
        zeros.takeAsEvent()
        return
      }
      accounting.skip(.padding, count: words)
      zeros.release(zeros.held)
      input.consume(input.count)
    }
  }

  /// Whether one word of zeros at the end of a recording is an event: if time does not step back to it.
  private func isEvent(zeroWordAt offset: Int64) -> Bool {
    if Decoder.zeroMeansTimeZero { return previousTime <= 0 }
    var decoder = decoder
    var scratch = EventBatch()
    var ignored = ganglion_event_report()
    scratch.append(capacity: 1) { columns in
      ZeroTail.withZeros(decoder.wordSize) { bytes in
        (try? decoder.decode(bytes, byteOffset: offset, isLast: true, into: columns, report: &ignored))?.produced ?? 0
      }
    }
    return scratch.times.first.map { $0 >= previousTime } ?? true
  }

  private typealias WithBytes =
    (InputBuffer, (UnsafeRawBufferPointer) throws(EventFormatError) -> DecodingProgress) throws(EventFormatError) ->
    DecodingProgress

  /// Decodes bytes of the window, or what stands for them, and writes the books.
  private mutating func decode(
    _ count: Int, isLast: Bool, into batch: inout EventBatch, maximum: Int, withBytes: WithBytes
  ) throws(EventFormatError) -> DecodingProgress {
    report.clear()
    let offset = input.byteOffset - Int64(zeros.held)
    let before = Decoder.isCheapToCopy ? decoder : nil
    var progress = DecodingProgress(consumed: 0, produced: 0)
    try batch.append(capacity: maximum) { columns throws(EventFormatError) in
      progress = try withBytes(input) { bytes throws(EventFormatError) in
        try decoder.decode(bytes, byteOffset: offset, isLast: isLast, into: columns, report: &report)
      }
      return progress.produced
    }
    let (window, decoded) = (input, decoder)
    examine(&batch, offset: offset) { index in
      guard var replayed = before else { return decoded.byteOffset(ofEvent: index) ?? offset }
      let place = Self.byteOffset(
        ofEvent: index, in: &replayed, at: offset, isLast: isLast, window: window, withBytes)
      return offset + Int64(place)
    }
    collectReport(&batch, offset: offset)
    accounting.events += Int64(batch.count)
    accounting.triggers += Int64(batch.triggers.count)
    return progress
  }

  /// Says what the next block needs, or that there is none.
  private mutating func advance(_ progress: DecodingProgress) {
    if progress.consumed > 0 || progress.produced > 0 || report.trigger_count > 0 {
      wanted = 1
      return
    }
    wanted = max(input.count + 1, progress.needed)
    if input.isAtEnd {
      isFinished = true
      if input.count > 0 || decoder.isWithinPacket {
        accounting.tailBytes = Int64(input.count)
        note(
          .truncatedTail, count: 1, offset: input.byteOffset,
          reason: input.count > 0 ? "\(input.count) bytes are left over" : "the recording goes on, the file does not")
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
  private mutating func examine(_ batch: inout EventBatch, offset: Int64, place: (Int) -> Int64) {
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
    if found.backwards > 0 {
      let index = Int(found.first_backwards)
      let earlier = index > 0 ? batch.times[index - 1] : previousTime
      if strictness != .stop || found.first_backwards == first {
        note(
          .nonMonotonicTime, count: found.backwards,
          offset: isFirst(.nonMonotonicTime) ? place(Int(found.first_backwards)) : offset,
          reason: "an event at \(batch.times[index]) us follows one at \(earlier) us")
      }
    }
    if found.outside > 0 {
      let index = Int(found.first_outside)
      if strictness != .stop || found.first_outside == first {
        note(
          .addressOutOfRange, count: found.outside,
          offset: isFirst(.addressOutOfRange) ? place(Int(found.first_outside)) : offset,
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
  private static func byteOffset(
    ofEvent index: Int, in decoder: inout Decoder, at offset: Int64, isLast: Bool, window: InputBuffer,
    _ withBytes: WithBytes
  ) -> Int {
    var scratch = EventBatch()
    // Its own report, with room for triggers: the block's may be full.
    var ignored = ganglion_event_report()
    var end = 0
    scratch.append(capacity: index + 1) { columns in
      do throws(EventFormatError) {
        end = try withBytes(window) { bytes throws(EventFormatError) in
          try decoder.decode(bytes, byteOffset: offset, isLast: isLast, into: columns, report: &ignored)
        }.consumed
      } catch {
        end = 0
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
    if firstViolation == nil, kind != .truncatedTail {
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
}
