#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

func exponential(_ value: Double) -> Double { exp(value) }

/// How a stream is cut into windows, which may overlap.
public enum EventWindowing: Sendable, Hashable, Codable {
  /// Windows of `length` microseconds, one every `step`; the first begins where the recording does, see
  /// `RecordingStart`.
  case time(length: Int64, step: Int64)
  /// Windows of `length` events, one every `step` events.
  case count(length: Int, step: Int)

  /// What is wrong with the values, or nil.
  public var problem: String? {
    switch self {
    case .time(let length, let step) where length < 1 || step < 1 || step > length:
      "windows of \(length) us every \(step) us leave events out or never end"
    case .count(let length, let step) where length < 1 || step < 1 || step > length:
      "windows of \(length) events every \(step) events leave events out or never end"
    default: nil
    }
  }
}

/// Cuts a stream into windows of time or of events, with overlap. Every event lies in at least one window, whatever the
/// batches, but for strays in front of windows of time; the last windows may hold less.
public struct EventWindows: Sendable {
  public let windowing: EventWindowing
  private var pending = EventBatch()
  /// Events that stand so far in front of the recording that they lie in no window of time.
  public private(set) var strays = 0
  /// Begin of the next window: a time, set by the first event of the recording.
  private var start: Int64?
  /// Whether events have come that lie in no window yet.
  private var hasNew = false

  public init(_ windowing: EventWindowing) throws(EventBinningError) {
    if let problem = windowing.problem {
      throw EventBinningError(code: .invalidConfiguration, description: problem)
    }
    self.windowing = windowing
  }

  /// Takes the next events, in order of time, and emits the windows that they complete, empty ones too.
  public mutating func push(_ batch: EventBatch, emit: (EventBatch) -> Void) {
    guard batch.count > 0 else { return }
    pending.append(contentsOf: batch, in: 0..<batch.count)
    hasNew = true
    switch windowing {
    case .time(let length, let step):
      guard settleStart(isComplete: false), var begin = start else { return }
      while let last = pending.times.last, last >= begin &+ length {
        emit(pending.slice(0..<pending.firstIndex(atOrAfter: begin &+ length, from: 0)))
        begin &+= step
        pending = pending.slice(pending.firstIndex(atOrAfter: begin, from: 0)..<pending.count)
      }
      start = begin
    case .count(let length, let step):
      var position = 0
      while pending.count - position >= length {
        emit(pending.slice(position..<position + length))
        position += step
        hasNew = pending.count - position > length - step
      }
      pending = pending.slice(position..<pending.count)
    }
  }

  /// Finds the first window's begin; false while more events must come to tell.
  private mutating func settleStart(isComplete: Bool) -> Bool {
    guard start == nil, pending.count > 0 else { return true }
    guard let count = RecordingStart.strays(in: pending.times, isComplete: isComplete) else { return false }
    strays += count
    if count > 0 { pending = pending.slice(count..<pending.count) }
    start = pending.times[0]
    return true
  }

  /// Ends the stream: emits what is left; the last window only when it holds events that no other does.
  public mutating func finish(emit: (EventBatch) -> Void) {
    if case .time = windowing, start == nil, pending.count > 0, settleStart(isComplete: true) {
      let all = pending
      pending.removeAll()
      push(all, emit: emit)
    }
    if pending.count > 0, hasNew { emit(pending) }
    pending.removeAll()
    start = nil
    hasNew = false
  }
}

/// Cuts a whole recording into so many windows of equal time or, with `byCount`, of equal numbers of events. Strays in
/// front of it are in the first window, but do not lengthen it.
public func splitEvents(_ batch: EventBatch, frames: Int, byCount: Bool = false) -> [EventBatch] {
  precondition(frames >= 1, "a recording has at least one frame")
  guard batch.count > 0, let last = batch.times.last else {
    return [EventBatch](repeating: EventBatch(), count: frames)
  }
  if byCount {
    return (0..<frames).map { frame in
      batch.slice(batch.count * frame / frames..<batch.count * (frame + 1) / frames)
    }
  }
  let strays = RecordingStart.strays(in: batch.times, isComplete: true) ?? 0
  let first = batch.times[strays]
  var index = 0
  return (0..<frames).map { frame in
    let end = first + (last - first + 1) * Int64(frame + 1) / Int64(frames)
    let next = frame == frames - 1 ? batch.count : batch.firstIndex(atOrAfter: end, from: max(index, strays))
    defer { index = next }
    return batch.slice(index..<next)
  }
}
