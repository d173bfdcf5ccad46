import Dataflow
import Events
import Recognition
import Spiketrum
import Tensors

/// Spike frames of a stream that may consist of several recordings: their times count from the beginning of their own.
struct FramePiece: Sendable {
  var frames: [SpikeFrame] = []
  /// Stream time at which their recording begins.
  var originMicroseconds: Int64 = 0
  /// Whether the recording ends with them, and another follows.
  var endsRecording = false
}

/// Sound to spike frames.
struct SoundEncoding: StreamTransform {
  private let fresh: SpiketrumEncoder
  private var encoder: SpiketrumEncoder
  private var originMicroseconds: Int64 = 0

  init(_ configuration: SpiketrumConfiguration) throws(SpiketrumError) {
    fresh = try SpiketrumEncoder(configuration)
    encoder = fresh
  }

  mutating func process(_ piece: SoundPiece, droppedBefore: Int, emit: (FramePiece) -> Void) {
    var made = FramePiece(originMicroseconds: originMicroseconds)
    switch piece {
    case .samples(let samples): encoder.push(samples) { made.frames.append($0) }
    case .cut(let origin):
      encoder.finish { made.frames.append($0) }
      made.endsRecording = true
      encoder = fresh
      originMicroseconds = origin
    }
    if !made.frames.isEmpty || made.endsRecording { emit(made) }
  }

  mutating func finish(emit: (FramePiece) -> Void) {
    var made = FramePiece(originMicroseconds: originMicroseconds)
    encoder.finish { made.frames.append($0) }
    if !made.frames.isEmpty { emit(made) }
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

  mutating func process(_ batch: EventBatch, droppedBefore: Int, emit: (FramePiece) -> Void) throws {
    var frames: [SpikeFrame] = []
    events += Int64(batch.count)
    do throws(EventBinningError) {
      try binner.push(batch) { frames.append($0) }
    } catch {
      if !frames.isEmpty { emit(FramePiece(frames: frames)) }
      throw InputError(
        source: source, problem: error.description, remedy: "results cover what came before")
    }
    if events >= Self.trial { try checkSensor() }
    if !frames.isEmpty { emit(FramePiece(frames: frames)) }
  }

  mutating func finish(emit: (FramePiece) -> Void) throws {
    try checkSensor()
    var frames: [SpikeFrame] = []
    binner.finish { frames.append($0) }
    if !frames.isEmpty { emit(FramePiece(frames: frames)) }
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
  /// Stream time at which the running recording begins.
  private var origin: Int64 = 0

  init(
    _ model: Model, task: TaskSelection = .task(0), wantsScores: Bool, tellsProgress: Bool = false
  ) throws(RecognitionError) {
    classifier = try StreamClassifier(model, task: task, tellsProgress: tellsProgress)
    self.wantsScores = wantsScores
  }

  mutating func process(_ piece: FramePiece, droppedBefore: Int, emit: (PipelineEvent) -> Void) throws {
    let origin = piece.originMicroseconds
    self.origin = origin
    for frame in piece.frames {
      let scores = try classifier.push(frame) { emit(.decision($0.shifted(by: origin))) }
      if wantsScores, var scores {
        scores.endMicroseconds += origin
        emit(.scores(scores))
      }
    }
    if piece.endsRecording { finish(emit: emit) }
    if let last = piece.frames.last { emit(.progress(microseconds: origin + last.endMicroseconds)) }
  }

  mutating func finish(emit: (PipelineEvent) -> Void) {
    let origin = origin
    classifier.finish { emit(.decision($0.shifted(by: origin))) }
  }
}
