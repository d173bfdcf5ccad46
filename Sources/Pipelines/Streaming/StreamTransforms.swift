import Dataflow
import Events
import Recognition
import Spiketrum
import Tensors

/// Sound to spike frames.
struct SoundEncoding: StreamTransform {
  private var encoder: SpiketrumEncoder

  init(_ configuration: SpiketrumConfiguration) throws(SpiketrumError) {
    encoder = try SpiketrumEncoder(configuration)
  }

  mutating func process(_ samples: [Float], droppedBefore: Int, emit: ([SpikeFrame]) -> Void) {
    var frames: [SpikeFrame] = []
    encoder.push(samples) { frames.append($0) }
    if !frames.isEmpty { emit(frames) }
  }

  mutating func finish(emit: ([SpikeFrame]) -> Void) {
    var frames: [SpikeFrame] = []
    encoder.finish { frames.append($0) }
    if !frames.isEmpty { emit(frames) }
  }
}

/// Events to spike frames.
struct EventEncoding: StreamTransform {
  /// So many events are looked at before a recording is judged to be of another sensor.
  private static let trial: Int64 = 1_000

  private var binner: EventBinner
  private let source: String
  private var events: Int64 = 0

  init(_ configuration: EventBinningConfiguration, source: String) throws(EventBinningError) {
    binner = try EventBinner(configuration)
    self.source = source
  }

  mutating func process(_ batch: EventBatch, droppedBefore: Int, emit: ([SpikeFrame]) -> Void) throws {
    var frames: [SpikeFrame] = []
    events += Int64(batch.count)
    do throws(EventBinningError) {
      try binner.push(batch) { frames.append($0) }
    } catch {
      if !frames.isEmpty { emit(frames) }
      throw InputError(
        source: source, problem: error.description, remedy: "results cover what came before")
    }
    if events >= Self.trial { try checkSensor() }
    if !frames.isEmpty { emit(frames) }
  }

  mutating func finish(emit: ([SpikeFrame]) -> Void) throws {
    try checkSensor()
    var frames: [SpikeFrame] = []
    binner.finish { frames.append($0) }
    if !frames.isEmpty { emit(frames) }
  }

  /// A few stray events are noise; one in ten means that the camera is another.
  private func checkSensor() throws(InputError) {
    if binner.eventsOutside * 10 > events {
      let sensor = binner.configuration.sensor
      throw InputError(
        source: source,
        problem: "\(binner.eventsOutside) of the first \(events) events lie outside the model's sensor of \(sensor)",
        remedy: "use a model for this camera, or crop or downsample the recording to \(sensor)")
    }
  }
}

/// What comes out of a pipeline.
public enum PipelineEvent: Equatable, Sendable {
  case decision(Decision)
  /// Scores after one active step, if asked for.
  case scores(StreamClassifier.Scores)
  /// Everything up to this stream time has been classified.
  case progress(microseconds: Int64)
}

/// Spike frames to decisions.
struct Classification: StreamTransform {
  private var classifier: StreamClassifier
  private let wantsScores: Bool

  init(
    _ model: Model, task: TaskSelection = .task(0), wantsScores: Bool, tellsProgress: Bool = false
  ) throws(RecognitionError) {
    classifier = try StreamClassifier(model, task: task, tellsProgress: tellsProgress)
    self.wantsScores = wantsScores
  }

  mutating func process(_ frames: [SpikeFrame], droppedBefore: Int, emit: (PipelineEvent) -> Void) throws {
    for frame in frames {
      let scores = try classifier.push(frame) { emit(.decision($0)) }
      if wantsScores, let scores { emit(.scores(scores)) }
    }
    if let last = frames.last { emit(.progress(microseconds: last.endMicroseconds)) }
  }

  mutating func finish(emit: (PipelineEvent) -> Void) {
    classifier.finish { emit(.decision($0)) }
  }
}
