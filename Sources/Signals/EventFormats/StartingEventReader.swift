import Events

/// A reader whose recording begins where it says, and whose times count from where they should.
struct StartingEventReader: EventReader {
  /// So many triggers without one event are a recording of triggers: they count from the first.
  private static let maximumHeldTriggers = 1 << 20

  private var reader: any EventReader
  private let timeOrigin: TimeOrigin
  private let leavesStraysOut: Bool
  /// What was read before it was settled where the recording begins.
  private var held = EventBatch()
  private var isSettled = false
  /// Taken from every time.
  private var origin: Int64 = 0
  private var strays: Int64 = 0
  private var strayGuess: ReadingGuess?
  /// Thrown once what came before it is delivered.
  private var pending: EventFormatError?
  private var isAtEnd = false

  init(_ reader: any EventReader, options: EventReadingOptions) {
    self.reader = reader
    timeOrigin = options.timeOrigin
    leavesStraysOut = options.leavesStraysOut
  }

  var format: EventFormat { reader.format }
  var encoding: String { reader.encoding }
  var geometry: SensorGeometry? { reader.geometry }
  var metadata: [EventMetadata] { reader.metadata }
  var streams: [RecordingStream] { reader.streams }
  var guesses: [ReadingGuess] { reader.guesses + (strayGuess.map { [$0] } ?? []) }

  var accounting: EventAccounting {
    var accounting = reader.accounting
    // What is held has not been delivered.
    accounting.events -= strays + Int64(held.count)
    accounting.triggers -= Int64(held.triggers.count)
    accounting.skip(.strays, count: strays)
    return accounting
  }

  mutating func read(into batch: inout EventBatch, maximum: Int) throws(EventFormatError) -> Bool {
    while !isSettled { try settle(maximum: maximum) }
    if !held.isEmpty {
      deliverHeld(into: &batch, maximum: maximum)
      return true
    }
    batch.removeAll()
    if let pending { throw pending }
    guard !isAtEnd, try reader.read(into: &batch, maximum: maximum) else { return false }
    if origin != 0 { batch.shiftTimes(by: 0 &- origin) }
    return true
  }

  /// Reads on until it is known where the recording begins.
  private mutating func settle(maximum: Int) throws(EventFormatError) {
    var batch = EventBatch()
    do throws(EventFormatError) {
      isAtEnd = try !reader.read(into: &batch, maximum: maximum)
    } catch {
      pending = error
    }
    held.append(contentsOf: batch)
    let isComplete = isAtEnd || pending != nil
    if held.count == 0 {
      guard isComplete || held.triggers.count >= Self.maximumHeldTriggers else { return }
      begin(at: held.triggers.first?.timeMicroseconds ?? 0)
    } else if let count = RecordingStart.strays(in: held.times, isComplete: isComplete) {
      begin(after: count)
    }
  }

  private mutating func begin(after count: Int) {
    let gap = count > 0 ? held.times[count] &- held.times[count - 1] : 0
    if count > 0 {
      strayGuess = ReadingGuess(
        .origin, "the event at \(held.times[count]) us",
        because: "\(count == 1 ? "a single event stands" : "\(count) events stand") \(gap.magnitude) us "
          + (gap > 0 ? "before it" : "after it, though in front")
          + (leavesStraysOut ? ", left out" : ", kept: models begin without"))
    }
    if leavesStraysOut, count > 0 {
      strays = Int64(count)
      let triggers = held.triggers
      held = held.slice(count..<held.count)
      held.triggers = triggers
    }
    begin(at: held.times[0])
  }

  private mutating func begin(at time: Int64) {
    isSettled = true
    guard timeOrigin == .firstEvent else { return }
    origin = time
    held.shiftTimes(by: 0 &- origin)
  }

  private mutating func deliverHeld(into batch: inout EventBatch, maximum: Int) {
    let count = min(held.count, max(maximum, 1))
    if count == held.count {
      swap(&batch, &held)
      held.removeAll()
      return
    }
    // Triggers go with the events that they stand between.
    let last = held.times[count - 1]
    let triggers = held.triggers
    batch = held.slice(0..<count)
    held = held.slice(count..<held.count)
    batch.triggers = Array(triggers.prefix { $0.timeMicroseconds <= last })
    held.triggers = Array(triggers.dropFirst(batch.triggers.count))
  }
}
