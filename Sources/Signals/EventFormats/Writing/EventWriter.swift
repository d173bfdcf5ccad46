import Events

/// What a writer is told beside the events.
public struct EventWritingOptions: Sendable {
  /// What is written.
  public var format: EventFormat
  /// Pixel array, written where the format has a place for it.
  public var geometry: SensorGeometry?
  /// Compression of AEDAT 4.
  public var compression: AEDAT4Compression = .lz4
  /// Address layout of AEDAT 1 and 2; nil chooses by the sensor.
  public var aedat2Layout: AEDAT2Layout?
  /// Whether EVT 2.1 has the halves of its words swapped.
  public var evt21IsLegacy = false
  /// Where HDF5 keeps the events: one dataset a column in this group, or records in a dataset of that path.
  public var hdf5Layout = HDF5Layout.columns
  /// Whether the columns of a text stand between tabs instead of commas.
  public var separatesWithTabs = false
  /// Leave triggers out where the format cannot hold them, instead of refusing.
  public var dropsTriggers = false

  /// A format with what it does where nothing else is said.
  public init(format: EventFormat, geometry: SensorGeometry? = nil) {
    self.format = format
    self.geometry = geometry
  }
}

/// Writes one recording front to back in bounded memory.
public protocol EventWriter: Sendable {
  /// Events written so far.
  var count: Int64 { get }
  /// External triggers that were left out because the format cannot hold them.
  var triggersLeftOut: Int64 { get }
  /// Writes the next events and triggers; throws `cannotRepresent` at what the format cannot hold.
  mutating func write(_ batch: EventBatch) throws(EventFormatError)
  /// Writes what the format needs at its end. Nothing is written after it.
  mutating func finish() throws(EventFormatError)
}

extension EventWriter {
  public var triggersLeftOut: Int64 { 0 }
}

/// Begins a recording in a sink.
public func openEventWriter(
  sink: any ByteSink, options: EventWritingOptions
) throws(EventFormatError) -> any EventWriter {
  try options.format.definition.writer(to: sink, options)
}

/// Begins a recording in a file; `-` is standard output.
public func openEventWriter(
  path: String, options: EventWritingOptions
) throws(EventFormatError) -> any EventWriter {
  try openEventWriter(
    sink: FileByteSink(path: path, needsName: options.format.definition.isWrittenByName), options: options)
}

/// What a writer says that has to go back to the beginning, where its sink cannot.
func needsFile(_ format: EventFormat, _ sink: any ByteSink) -> EventFormatError {
  EventFormatError(
    .cannotRepresent, source: sink.name,
    reason: "\(format.title) says at its beginning how much follows, which is known only at the end",
    remedy: "write to a file")
}

/// Counts triggers that a format has no place for, or refuses them unless they are to be left out.
func leaveOut(
  _ triggers: [TriggerEvent], _ isAllowed: Bool, _ format: EventFormat, _ sink: any ByteSink, _ count: inout Int64
) throws(EventFormatError) {
  guard isAllowed || triggers.isEmpty else {
    throw EventFormatError(
      .cannotRepresent, source: sink.name, reason: "\(format.title) has no place for external triggers",
      remedy: "drop them with --drop-triggers, or choose EVT, AEDAT 4 or HDF5")
  }
  count += Int64(triggers.count)
}

/// What a format can hold.
struct EventLimits: Sendable {
  var times: ClosedRange<Int64> = .min ... .max
  var width = 65536
  var height = 65536
  /// Whether time may step back.
  var allowsBackwards = true
  /// Longest step of time, microseconds.
  var longestStep = Int64.max
  /// Longest step back of time, microseconds.
  var longestStepBack = Int64.max
  /// Inputs whose triggers it tells apart, 0 where it has no place for triggers.
  var triggerChannels = 0
}

/// Turns events into bytes, one after the other: a value, so it is easy to test.
protocol EventEncoder: Sendable {
  var limits: EventLimits { get }
  mutating func begin(_ output: inout OutputBuffer)
  /// Events of one batch have passed the limits.
  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer)
  mutating func encode(_ trigger: TriggerEvent, _ output: inout OutputBuffer)
  mutating func end(_ output: inout OutputBuffer)
}

extension EventEncoder {
  mutating func begin(_ output: inout OutputBuffer) {}
  mutating func encode(_ trigger: TriggerEvent, _ output: inout OutputBuffer) {}
  mutating func end(_ output: inout OutputBuffer) {}
}

/// Checks events against what the format can hold, puts triggers between them, and feeds the encoder.
struct EncodingEventWriter<Encoder: EventEncoder>: EventWriter {
  private(set) var count: Int64 = 0
  private(set) var triggersLeftOut: Int64 = 0
  private var encoder: Encoder
  private var output: OutputBuffer
  private let limits: EventLimits
  private let dropsTriggers: Bool
  private let format: EventFormat
  private var previous: Int64?

  init(sink: any ByteSink, encoder: Encoder, options: EventWritingOptions) throws(EventFormatError) {
    self.encoder = encoder
    output = OutputBuffer(sink)
    limits = encoder.limits
    dropsTriggers = options.dropsTriggers
    format = options.format
    self.encoder.begin(&output)
  }

  private func refusal(_ reason: String, _ remedy: String) -> EventFormatError {
    EventFormatError(.cannotRepresent, source: output.sink.name, reason: "\(format.title) \(reason)", remedy: remedy)
  }

  private mutating func check(_ batch: EventBatch) throws(EventFormatError) {
    for index in 0..<batch.count {
      let event = batch[index]
      guard limits.times.contains(event.timeMicroseconds) else {
        throw refusal(
          "cannot hold the time of event \(count + Int64(index)), \(event.timeMicroseconds) us: it reaches from "
            + "\(limits.times.lowerBound) to \(limits.times.upperBound) us",
          "write with --time-origin first-event, slice the recording, or choose AEDAT 4")
      }
      guard Int(event.x) < limits.width, Int(event.y) < limits.height else {
        throw refusal(
          "cannot hold event \(count + Int64(index)) at (\(event.x), \(event.y)): its sensor is "
            + "\(limits.width)x\(limits.height)", "crop or downsample, or choose another format")
      }
      // A format of steps begins at zero.
      if let previous = previous ?? (limits.allowsBackwards ? nil : 0) {
        if event.timeMicroseconds < previous, !limits.allowsBackwards {
          throw refusal(
            "cannot hold event \(count + Int64(index)): its time of \(event.timeMicroseconds) us is before the "
              + "\(previous) us of the one before it", "choose a format with whole times, such as AEDAT 4 or NPY")
        }
        if previous &- event.timeMicroseconds > limits.longestStepBack {
          throw refusal(
            "cannot hold event \(count + Int64(index)): its time is more than \(limits.longestStepBack) us before "
              + "that of the one before it, which readers take for a mistake or the counter running over",
            "choose a format with whole times, such as AEDAT 4 or NPY")
        }
        if event.timeMicroseconds &- previous > limits.longestStep {
          throw refusal(
            "cannot hold event \(count + Int64(index)): it follows the one before it by more than "
              + "\(limits.longestStep) us", "slice the recording at the gap")
        }
      }
      previous = event.timeMicroseconds
    }
    if !dropsTriggers { try checkTriggers(batch.triggers) }
  }

  private func checkTriggers(_ triggers: [TriggerEvent]) throws(EventFormatError) {
    let drop = "drop them with --drop-triggers, or choose EVT 2.0 or 3.0"
    if limits.triggerChannels == 0, !triggers.isEmpty { throw refusal("has no place for external triggers", drop) }
    for trigger in triggers {
      guard trigger.channel < limits.triggerChannels else {
        throw refusal(
          "cannot hold a trigger of input \(trigger.channel): it tells \(limits.triggerChannels) of them apart", drop)
      }
      guard limits.times.contains(trigger.timeMicroseconds) else {
        throw refusal("cannot hold a trigger at \(trigger.timeMicroseconds) us", "drop it with --drop-triggers")
      }
    }
  }

  mutating func write(_ batch: EventBatch) throws(EventFormatError) {
    try check(batch)
    var start = 0
    for trigger in batch.triggers {
      guard trigger.channel < limits.triggerChannels, limits.times.contains(trigger.timeMicroseconds) else {
        triggersLeftOut += 1
        continue
      }
      var end = start
      while end < batch.count, batch.times[end] <= trigger.timeMicroseconds { end += 1 }
      if end > start { encoder.encode(batch, in: start..<end, &output) }
      encoder.encode(trigger, &output)
      start = end
    }
    while start < batch.count {
      let end = min(batch.count, start + 8192)
      encoder.encode(batch, in: start..<end, &output)
      try output.flushIfLarge()
      start = end
    }
    count += Int64(batch.count)
  }

  mutating func finish() throws(EventFormatError) {
    encoder.end(&output)
    try output.finish()
  }
}
