import ClassifierStreams
import Events
import ModelFiles
import ResultLines
import StreamSources

/// A model, made ready.
private struct Ready: Sendable {
  let model: Model
}

/// What a model makes of one stream, and the lines that the caller has not taken yet.
private struct Running {
  enum Stream {
    case sound(ClassifierStream<SoundSegments>)
    case events(ClassifierStream<EventSegments>)
  }
  /// A recording that is read through it.
  enum Recording {
    case sound(any StreamSource<SoundBlock>)
    case events(any StreamSource<EventBlock>)
  }

  /// About a second of sound: whoever calls can be interrupted in between.
  private static let blocksAtATime = 6

  var stream: Stream
  var recording: Recording?
  let format: ResultLine
  var lines: [String] = []
  /// Samples so far, and the time of the first event.
  var samples: Int64 = 0
  var origin: Int64?
  var camera: SensorGeometry?

  mutating func push(_ sound: SoundBlock) throws {
    guard case .sound(var own) = stream else { throw CallError(description: "this model watches; give it events") }
    try withLines { try own.process(.block(sound, arrivedMicroseconds: 0), droppedBefore: 0, emit: $0) }
    stream = .sound(own)
  }

  mutating func push(_ block: EventBlock) throws {
    guard case .events(var own) = stream else { throw CallError(description: "this model listens; give it sound") }
    try withLines { try own.process(.block(block, arrivedMicroseconds: 0), droppedBefore: 0, emit: $0) }
    stream = .events(own)
  }

  /// Goes on with the recording by some blocks; whether there is more of it.
  mutating func read() throws -> Bool {
    for _ in 0..<Self.blocksAtATime {
      let isOver: Bool
      switch recording {
      case .sound(let source)?: isOver = try take(source.next()) { try $0.push($1) }
      case .events(let source)?: isOver = try take(source.next()) { try $0.push($1) }
      case nil: throw CallError(description: "no recording is being read")
      }
      if isOver { return false }
    }
    return true
  }

  /// Takes what came of a recording; whether that was its end.
  private mutating func take<Block>(
    _ arrival: Arrival<Block>, _ push: (inout Running, Block) throws -> Void
  ) throws -> Bool {
    switch arrival {
    case .block(let block): try push(&self, block)
    case .cut: try cut()
    case .end:
      recording = nil
      try finish()
      return true
    case .lost, .ready, .absent, .quiet: break
    }
    return false
  }

  private mutating func cut() throws {
    switch stream {
    case .sound(var own):
      try withLines { try own.process(.cut, droppedBefore: 0, emit: $0) }
      stream = .sound(own)
    case .events(var own):
      try withLines { try own.process(.cut, droppedBefore: 0, emit: $0) }
      stream = .events(own)
    }
  }

  mutating func finish() throws {
    switch stream {
    case .sound(var own):
      try withLines { try own.finish(emit: $0) }
      stream = .sound(own)
    case .events(var own):
      try withLines { try own.finish(emit: $0) }
      stream = .events(own)
    }
  }

  private mutating func withLines(_ work: ((StreamResult) -> Void) throws -> Void) rethrows {
    var fresh: [String] = []
    let format = format
    try work { result in
      switch result {
      case .decision(let decision, _): fresh.append(format.text(decision))
      case .scores(let scores): fresh.append(format.text(scores))
      case .gap, .progress, .step: break
      }
    }
    lines += fresh
  }
}

@_cdecl("ganglion_model_open")
public func ganglionModelOpen(
  _ path: UnsafePointer<CChar>, _ sensitivity: UnsafePointer<CChar>?,
  _ model: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    model.pointee = nil
    let read = try Model(reading: String(cString: path)).with(sensitivity: sensitivity.map { String(cString: $0) })
    model.pointee = Handle(Ready(model: read)).pointer
  }
}

/// JSON of the model's manifest.
@_cdecl("ganglion_model_describe")
public func ganglionModelDescribe(
  _ model: UnsafeMutableRawPointer, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let manifest = try Handle<Ready>.with(model) { $0.model.manifest }
    give(try json(manifest), to: text)
  }
}

@_cdecl("ganglion_model_close")
public func ganglionModelClose(_ model: UnsafeMutableRawPointer?) { Handle<Ready>.close(model) }

/// Begins a stream of a model's.
///
/// - Parameters:
///   - task: one that the model has learnt, `infer`, or nil for the first.
///   - source: what results call the stream.
@_cdecl("ganglion_stream_open")
public func ganglionStreamOpen(
  _ model: UnsafeMutableRawPointer, _ task: UnsafePointer<CChar>?, _ source: UnsafePointer<CChar>, _ scores: Int32,
  _ stream: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    stream.pointee = nil
    let name = String(cString: source)
    let loaded = try Handle<Ready>.with(model) { $0.model }
    let prepared = try PreparedModel(loaded, task: loaded.selection(task.map { String(cString: $0) }))
    let made: Running.Stream =
      switch prepared.encoder {
      case .sound: .sound(try ClassifierStream(prepared, source: name, wantsScores: scores != 0))
      case .events: .events(try ClassifierStream(prepared, source: name, wantsScores: scores != 0))
      }
    stream.pointee = Handle(Running(stream: made, format: ResultLine(source: name, manifest: loaded.manifest))).pointer
  }
}

@_cdecl("ganglion_stream_push_sound")
public func ganglionStreamPushSound(
  _ stream: UnsafeMutableRawPointer, _ samples: UnsafePointer<Float>, _ count: Int, _ sampleRate: Int,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    guard (1...1_000_000).contains(sampleRate) else {
      throw CallError(description: "a sample rate of \(sampleRate) Hz; allowed is 1 to 1000000")
    }
    let samples = Array(UnsafeBufferPointer(start: samples, count: count))
    if samples.isEmpty { return }
    try Handle<Running>.with(stream) { running in
      let block = SoundBlock(samples: samples, sampleRate: sampleRate, startSample: running.samples)
      running.samples += Int64(samples.count)
      try running.push(block)
    }
  }
}

/// Takes events; the first that comes is time zero, as it is of recordings.
@_cdecl("ganglion_stream_push_events")
public func ganglionStreamPushEvents(
  _ stream: UnsafeMutableRawPointer, _ count: Int, _ times: UnsafePointer<Int64>, _ x: UnsafePointer<UInt16>,
  _ y: UnsafePointer<UInt16>, _ polarities: UnsafePointer<UInt8>, _ width: Int, _ height: Int,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let events = try batch(count, times, x, y, polarities)
    if events.count == 0 { return }
    let camera = width > 0 && height > 0 ? SensorGeometry(width: width, height: height) : nil
    try Handle<Running>.with(stream) { running in
      let origin = running.origin ?? events.times[0]
      running.origin = origin
      var shifted = events
      shifted.shiftTimes(by: 0 &- origin)
      try running.push(EventBlock(events: shifted, camera: camera))
    }
  }
}

/// Begins to read a recording through a stream, as `ganglion run` reads it.
@_cdecl("ganglion_stream_open_recording")
public func ganglionStreamOpenRecording(
  _ stream: UnsafeMutableRawPointer, _ path: UnsafePointer<CChar>, _ options: UnsafePointer<CChar>?,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let input = RecordingInput(path: String(cString: path), options: try readingOptions(options))
    try Handle<Running>.with(stream) { running in
      switch running.stream {
      case .sound(let own):
        guard case .sound(_, let rate) = own.model.encoder else { return }
        running.recording = .sound(try input.openSound(sampleRate: rate, blocksPerSecond: 6, stop: StopSignal()))
      case .events(let own):
        guard case .events(let binning) = own.model.encoder else { return }
        running.recording = .events(
          try input.openEvents(sensor: binning.sensor, maximumEvents: 16_384, stop: StopSignal()))
      }
    }
  }
}

/// Goes on with the recording; `more` is 0 once it is over and the stream finished.
@_cdecl("ganglion_stream_read")
public func ganglionStreamRead(
  _ stream: UnsafeMutableRawPointer, _ more: UnsafeMutablePointer<Int32>,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    more.pointee = 0
    more.pointee = try Handle<Running>.with(stream) { try $0.read() } ? 1 : 0
  }
}

@_cdecl("ganglion_stream_finish")
public func ganglionStreamFinish(
  _ stream: UnsafeMutableRawPointer, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) { try Handle<Running>.with(stream) { try $0.finish() } }
}

/// Hands over the results so far, a line of JSON each, as `ganglion run` prints them; an empty text where there are none.
@_cdecl("ganglion_stream_take")
public func ganglionStreamTake(
  _ stream: UnsafeMutableRawPointer, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let lines = try Handle<Running>.with(stream) { running in
      let lines = running.lines
      running.lines = []
      return lines
    }
    give(lines.joined(separator: "\n"), to: text)
  }
}

@_cdecl("ganglion_stream_close")
public func ganglionStreamClose(_ stream: UnsafeMutableRawPointer?) { Handle<Running>.close(stream) }
