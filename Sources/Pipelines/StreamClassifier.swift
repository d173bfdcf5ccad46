import Recognition
import SpikingNetworks
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

  private let network: Network<Float>
  private var state: NetworkState<Float>
  private var recogniser: Recogniser
  private var logits: [Float]

  /// Throws `RecognitionError` only for a manifest that `Model` would refuse.
  ///
  /// - Parameter tellsProgress: whether detections are told from their start on, see `Recogniser`.
  public init(_ model: Model, tellsProgress: Bool = false) throws(RecognitionError) {
    network = model.stepped
    state = model.stepped.makeState()
    logits = [Float](repeating: 0, count: model.network.outputCount)
    recogniser = try Recogniser(
      labels: model.manifest.labels, configuration: model.manifest.decision, tellsProgress: tellsProgress)
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
    if request == .resetThenRun { state.reset() }
    network.step(frame, &state, logits: &logits)
    try recogniser.take(logits: logits, emit: emit)
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
