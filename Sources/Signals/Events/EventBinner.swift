import CKernels
import Failures
import Numerics

/// Why events cannot be binned.
public struct EventBinningError: ReportedError, Sendable, Equatable {
  public enum Code: String, Sendable {
    case invalidConfiguration
    case doesNotFit
    case gapTooLong
  }
  public var code: Code
  public var kind: FailureKind {
    switch code {
    case .invalidConfiguration: .configuration
    case .doesNotFit, .gapTooLong: .badInput
    }
  }

  public var description: String
}

/// Cuts a stream of events into network steps of equal length.
///
/// Step 0 begins at the first event. Every step is emitted, in order, also those in which nothing happened; what is
/// emitted does not depend on how the events are cut into batches. An event earlier than the current step is counted in
/// `lateEvents` and goes into the current step; one outside the sensor is counted in `eventsOutside` and left out, one of
/// a pixel that the fit cuts off in `eventsCut`: no event is lost silently.
///
/// Events of a camera of another size than the model's are brought onto the model's sensor (`SensorFit`). There each input
/// holds the mean count of the camera's pixels in it times the number of its own: an edge that passes makes as many
/// events on a square of k x k pixels as k x k times one pixel makes, so the same scene gives the same input. In binary
/// steps an input is active from half an event of a pixel on.
public struct EventBinner: Sendable {
  public let configuration: EventBinningConfiguration
  /// Events outside the sensor so far.
  public private(set) var eventsOutside: Int64 = 0
  /// Events so far that came after the end of the step they belong to.
  public private(set) var lateEvents: Int64 = 0

  /// Where the camera's picture comes to lie; while it follows what moves, where it lies now.
  public private(set) var placement: SensorPlacement
  private let fit: SensorFit

  private var accumulator: EventAccumulator
  private var follower: ActivityFollower?
  private var step = 0
  private var stepStart: Int64?

  /// - Parameters:
  ///   - camera: the sensor the events are from; nil for the model's own.
  ///   - fit: how its picture comes onto the model's.
  public init(
    _ configuration: EventBinningConfiguration, camera: SensorGeometry? = nil, fit: SensorFit = SensorFit()
  ) throws(EventBinningError) {
    if let problem = configuration.problem {
      throw EventBinningError(code: .invalidConfiguration, description: problem)
    }
    self.configuration = configuration
    self.fit = fit
    do throws(SensorFitError) {
      placement = try fit.placement(of: camera ?? configuration.sensor, on: configuration.sensor)
    } catch {
      throw EventBinningError(code: .doesNotFit, description: error.description)
    }
    accumulator = EventAccumulator(configuration, placement: placement)
    follower = freshFollower
  }

  private var freshFollower: ActivityFollower? {
    guard fit.mode == .follow else { return nil }
    return ActivityFollower(
      camera: placement.camera, model: configuration.sensor, stepMicroseconds: configuration.binMicroseconds)
  }

  /// Events so far of pixels that the fit cuts off.
  public var eventsCut: Int64 { accumulator.cut }

  /// Extent of each input dimension: `[2, height, width]`.
  public var shape: [Int] { configuration.shape }

  /// Begins the first step at a time instead of at the first event.
  package mutating func begin(atMicroseconds time: Int64) {
    precondition(stepStart == nil, "a stream begins once")
    stepStart = time
  }

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
    startAnew()
  }

  private mutating func startAnew() {
    stepStart = nil
    step = 0
    guard follower != nil else { return }
    follower = freshFollower
    move(to: ActivityFollower.beginning(in: placement.camera))
  }

  private mutating func move(to region: PixelRectangle) {
    placement = fit.placement(of: region, camera: placement.camera, model: placement.model)
    accumulator.use(placement)
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
      follower?.see(batch, in: index..<next)
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
    startAnew()
  }

  private mutating func emitStep(start: Int64, _ emit: (SpikeFrame) -> Void) {
    let (channels, values) = accumulator.take()
    emit(
      SpikeFrame(
        step: step, startMicroseconds: start, endMicroseconds: start &+ configuration.binMicroseconds,
        channels: channels, values: values))
    step += 1
    if follower?.endStep() == true, let region = follower?.region { move(to: region) }
  }
}
