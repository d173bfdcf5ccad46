import CKernels
import Failures
import Numerics

/// Why events cannot be binned.
public struct EventBinningError: ReportedError, Sendable, Equatable {
  public enum Code: String, Sendable {
    case invalidConfiguration
    case gapTooLong
  }
  public var code: Code
  public var kind: FailureKind {
    switch code {
    case .invalidConfiguration: .configuration
    case .gapTooLong: .badInput
    }
  }

  public var description: String
}

/// Cuts a stream of events into network steps of equal length.
///
/// Step 0 begins at the first event. Every step is emitted, in order, also those in which nothing happened; what is
/// emitted does not depend on how the events are cut into batches. An event earlier than the current step is counted in
/// `lateEvents` and goes into the current step; one outside the sensor is counted in `eventsOutside` and left out: no
/// event is lost silently.
public struct EventBinner: Sendable {
  public let configuration: EventBinningConfiguration
  /// Events outside the sensor so far.
  public private(set) var eventsOutside: Int64 = 0
  /// Events so far that came after the end of the step they belong to.
  public private(set) var lateEvents: Int64 = 0

  private var accumulator: EventAccumulator
  private var step = 0
  private var stepStart: Int64?

  public init(_ configuration: EventBinningConfiguration) throws(EventBinningError) {
    if let problem = configuration.problem {
      throw EventBinningError(code: .invalidConfiguration, description: problem)
    }
    self.configuration = configuration
    accumulator = EventAccumulator(configuration)
  }

  /// Extent of each input dimension: `[2, height, width]`.
  public var shape: [Int] { configuration.shape }

  /// Takes the next events of the stream and emits the steps that they complete.
  public mutating func push(_ batch: EventBatch, emit: (SpikeFrame) -> Void) throws(EventBinningError) {
    try push(batch) { binner, start in binner.emitStep(start: start, emit) }
  }

  /// The same for consumers of whole frames: emits the number of the step and one byte an input, 255 for more, in the
  /// order of the flat index (mode and largest count do not apply). Not to be mixed with `push(_:emit:)`.
  public mutating func pushDense(
    _ batch: EventBatch, emit: (Int, Span<UInt8>) -> Void
  ) throws(EventBinningError) {
    try push(batch) { binner, _ in binner.emitDense(emit) }
  }

  /// Ends a stream of whole frames.
  public mutating func finishDense(emit: (Int, Span<UInt8>) -> Void) {
    if stepStart != nil { emitDense(emit) }
    stepStart = nil
    step = 0
  }

  private mutating func emitDense(_ emit: (Int, Span<UInt8>) -> Void) {
    accumulator.takeDense { emit(step, $0) }
    step += 1
  }

  private mutating func push(
    _ batch: EventBatch, endStep: (inout EventBinner, Int64) -> Void
  ) throws(EventBinningError) {
    var index = 0
    while index < batch.count {
      let start = stepStart ?? batch.times[index]
      stepStart = start
      let end = start &+ configuration.binMicroseconds
      let next = batch.firstIndex(atOrAfter: end, from: index)
      lateEvents += batch.countEarlier(than: start, in: index..<next)
      eventsOutside += accumulator.add(batch, in: index..<next)
      index = next
      guard index < batch.count else { break }
      let gap = batch.times[index] &- end
      guard gap >= 0, gap <= configuration.maximumGapMicroseconds else {
        throw EventBinningError(
          code: .gapTooLong,
          description: "an event at \(batch.times[index]) us follows a step that ends at \(end) us, more than "
            + "\(configuration.maximumGapMicroseconds) us apart: check the recording's times, slice it, or allow a "
            + "longer gap")
      }
      endStep(&self, start)
      stepStart = end
    }
  }

  /// Emits the steps that end by `time`, microseconds: for live streams, in which nothing may happen for long. It emits
  /// what the next event would have made `push` emit.
  public mutating func advance(toMicroseconds time: Int64, emit: (SpikeFrame) -> Void) {
    while let start = stepStart, start &+ configuration.binMicroseconds <= time {
      emitStep(start: start, emit)
      stepStart = start &+ configuration.binMicroseconds
    }
  }

  /// Ends the stream: emits the last step, which may be shorter than its length, and starts anew.
  public mutating func finish(emit: (SpikeFrame) -> Void) {
    if let start = stepStart { emitStep(start: start, emit) }
    stepStart = nil
    step = 0
  }

  private mutating func emitStep(start: Int64, _ emit: (SpikeFrame) -> Void) {
    let (channels, values) = accumulator.take()
    emit(
      SpikeFrame(
        step: step, startMicroseconds: start, endMicroseconds: start &+ configuration.binMicroseconds,
        channels: channels, values: values))
    step += 1
  }
}
