import EncoderList
import Events
import FoundationEssentials
import Numerics
import SoundEncoders

/// An encoder at work, of sound or of events, and the inputs that the caller has not taken yet.
private struct Encoding: Sendable {
  enum Encoder: Sendable {
    case sound(any SoundEncoder)
    case events(EventBinner)
  }
  var encoder: Encoder
  let shape: [Int]
  /// Steps so far, and of each input since the last take its step, place and value.
  var steps: Int64 = 0
  var places: [Int64] = []
  var channels: [UInt32] = []
  var values: [Float] = []

  mutating func keep(_ frame: SpikeFrame) {
    for (channel, value) in zip(frame.channels, frame.values) {
      places.append(steps)
      channels.append(channel)
      values.append(value)
    }
    steps += 1
  }

  mutating func push(_ samples: [Float]) throws {
    guard case .sound(var own) = encoder else { throw CallError(description: "this encoder takes events") }
    var frames: [SpikeFrame] = []
    own.push(samples) { frames.append($0) }
    encoder = .sound(own)
    for frame in frames { keep(frame) }
  }

  mutating func push(_ events: EventBatch) throws {
    guard case .events(var own) = encoder else { throw CallError(description: "this encoder takes sound") }
    var frames: [SpikeFrame] = []
    try own.push(events) { frames.append($0) }
    encoder = .events(own)
    for frame in frames { keep(frame) }
  }

  mutating func finish() {
    var frames: [SpikeFrame] = []
    switch encoder {
    case .sound(var own):
      own.finish { frames.append($0) }
      encoder = .sound(own)
    case .events(var own):
      own.finish { frames.append($0) }
      encoder = .events(own)
    }
    for frame in frames { keep(frame) }
  }
}

/// - Parameter configuration: JSON as in a model's manifest, `{"spiketrum": {…}}` or `{"events": {…}}`.
@_cdecl("ganglion_encoder_open")
public func ganglionEncoderOpen(
  _ configuration: UnsafePointer<CChar>, _ encoder: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    encoder.pointee = nil
    let read: EncoderConfiguration
    do {
      read = try JSONDecoder().decode(EncoderConfiguration.self, from: Data(String(cString: configuration).utf8))
    } catch let error as DecodingError {
      throw CallError(description: "the configuration of the encoder: \(explanation(of: error))")
    }
    let made: Encoding.Encoder =
      switch read {
      case .sound(let encoding): .sound(try encoding.makeEncoder())
      case .events(let binning): .events(try EventBinner(binning))
      }
    encoder.pointee = Handle(Encoding(encoder: made, shape: read.shape)).pointer
  }
}

/// What JSON lacks, in one line.
private func explanation(of error: DecodingError) -> String {
  func path(_ context: DecodingError.Context) -> String { context.codingPath.map(\.stringValue).joined(separator: ".") }
  switch error {
  case .keyNotFound(let key, let context):
    return (path(context).isEmpty ? "" : path(context) + ": ") + "'\(key.stringValue)' is missing"
  case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
    return (path(context).isEmpty ? "" : path(context) + ": ") + context.debugDescription
  @unknown default: return "\(error)"
  }
}

@_cdecl("ganglion_encoder_push_sound")
public func ganglionEncoderPushSound(
  _ encoder: UnsafeMutableRawPointer, _ samples: UnsafePointer<Float>, _ count: Int,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let samples = Array(UnsafeBufferPointer(start: samples, count: count))
    try Handle<Encoding>.with(encoder) { try $0.push(samples) }
  }
}

@_cdecl("ganglion_encoder_push_events")
public func ganglionEncoderPushEvents(
  _ encoder: UnsafeMutableRawPointer, _ count: Int, _ times: UnsafePointer<Int64>, _ x: UnsafePointer<UInt16>,
  _ y: UnsafePointer<UInt16>, _ polarities: UnsafePointer<UInt8>,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let events = try batch(count, times, x, y, polarities)
    try Handle<Encoding>.with(encoder) { try $0.push(events) }
  }
}

@_cdecl("ganglion_encoder_finish")
public func ganglionEncoderFinish(
  _ encoder: UnsafeMutableRawPointer, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) { try Handle<Encoding>.with(encoder) { $0.finish() } }
}

/// How many inputs wait to be taken, how many steps there were since the beginning, and how many inputs a step has.
@_cdecl("ganglion_encoder_waiting")
public func ganglionEncoderWaiting(
  _ encoder: UnsafeMutableRawPointer, _ waiting: UnsafeMutablePointer<Int>, _ steps: UnsafeMutablePointer<Int64>,
  _ width: UnsafeMutablePointer<Int>, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let found = try Handle<Encoding>.with(encoder) { ($0.values.count, $0.steps, $0.shape.reduce(1, *)) }
    (waiting.pointee, steps.pointee, width.pointee) = found
  }
}

/// Hands over all inputs that wait; the caller has room for them.
@_cdecl("ganglion_encoder_take")
public func ganglionEncoderTake(
  _ encoder: UnsafeMutableRawPointer, _ room: Int, _ steps: UnsafeMutablePointer<Int64>,
  _ channels: UnsafeMutablePointer<UInt32>, _ values: UnsafeMutablePointer<Float>, _ count: UnsafeMutablePointer<Int>,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let taken = try Handle<Encoding>.with(encoder) { encoding in
      let part = min(max(room, 0), encoding.values.count)
      let taken = (
        Array(encoding.places.prefix(part)), Array(encoding.channels.prefix(part)), Array(encoding.values.prefix(part))
      )
      encoding.places.removeFirst(part)
      encoding.channels.removeFirst(part)
      encoding.values.removeFirst(part)
      return taken
    }
    for (index, value) in taken.0.enumerated() { steps[index] = value }
    for (index, value) in taken.1.enumerated() { channels[index] = value }
    for (index, value) in taken.2.enumerated() { values[index] = value }
    count.pointee = taken.2.count
  }
}

@_cdecl("ganglion_encoder_close")
public func ganglionEncoderClose(_ encoder: UnsafeMutableRawPointer?) { Handle<Encoding>.close(encoder) }
