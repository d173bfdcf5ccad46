import Recognition
import Tensors

/// Network and recogniser of one stream: spike frames in, decisions out. A value; copying it copies the stream's state.
///
/// Streams, whole clips and evaluation all go through it, so they agree to the bit.
public struct StreamClassifier: Sendable {
  /// The scores after one active step.
  public struct Scores: Equatable, Sendable {
    public var endMicroseconds: Int64
    /// One for each label.
    public var values: [Double]
  }

  private var network: TaskNetwork
  private var recogniser: Recogniser
  private var outputs: [Float]

  /// Throws `RecognitionError` only for a manifest that `Model` would refuse.
  ///
  /// - Parameters:
  ///   - task: one that the model has, see `Model.selection`.
  ///   - tellsProgress: whether detections are told from their start on, see `Recogniser`.
  public init(
    _ model: Model, task: TaskSelection = .task(0), tellsProgress: Bool = false
  ) throws(RecognitionError) {
    network = TaskNetwork(model, selection: task)
    outputs = [Float](repeating: 0, count: network.outputCount)
    recogniser = try Recogniser(
      labels: model.manifest.labels, configuration: model.manifest.decision, tellsProgress: tellsProgress,
      rows: network.rows)
  }

  /// What the stream is about. A change counts from the next step on; nothing that is open is lost by it.
  public var task: TaskSelection {
    get { network.selection }
    set { if newValue != network.selection { network.select(newValue) } }
  }

  /// Whether nothing is open: the place to put another model in.
  public var isBetweenUtterances: Bool { recogniser.isBetweenUtterances }

  /// Takes the next step of the stream; returns the scores after it if it was active.
  @discardableResult
  public mutating func push(
    _ frame: SpikeFrame, emit: (Decision) -> Void
  ) throws(RecognitionError) -> Scores? {
    let request = recogniser.advance(
      startMicroseconds: frame.startMicroseconds, endMicroseconds: frame.endMicroseconds, isActive: !frame.isSilent,
      emit: emit)
    if request == .skip { return nil }
    if request == .resetThenRun { network.reset() }
    network.step(frame, outputs: &outputs)
    try recogniser.take(logits: outputs, emit: emit)
    if frame.isSilent { return nil }
    return recogniser.currentScores.map { Scores(endMicroseconds: frame.endMicroseconds, values: $0) }
  }

  /// Ends the stream and decides what is open.
  public mutating func finish(emit: (Decision) -> Void) {
    recogniser.finish(emit: emit)
  }

  /// The decisions on a whole recording by the same code; the classifier itself stays as it is.
  ///
  /// - Parameter stepMicroseconds: length of a step, `EncoderConfiguration.stepMicroseconds`.
  public func decisions(
    on sequence: SpikeSequence, stepMicroseconds: Int64
  ) throws(RecognitionError) -> [Decision] {
    var classifier = self
    var decisions: [Decision] = []
    for step in 0..<sequence.steps {
      let range = sequence.range(ofStep: step)
      let start = Int64(step) * stepMicroseconds
      let frame = SpikeFrame(
        step: step, startMicroseconds: start, endMicroseconds: start + stepMicroseconds,
        channels: Array(sequence.channels[range]), values: Array(sequence.values[range]))
      try classifier.push(frame) { decisions.append($0) }
    }
    classifier.finish { decisions.append($0) }
    return decisions
  }
}
