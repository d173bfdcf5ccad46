/// Detects words in a stream without beginning or end: a pure state machine in stream time; see `StreamDecision`.
///
/// For every step of the network call `advance`, and hand what the network answers to `take`. The same answers give the same
/// detections however the stream is cut into blocks.
public struct WordSpotter: Codable, Equatable, Sendable {
  public let labels: [String]
  public let configuration: DecisionConfiguration
  private let decision: StreamDecision
  private let thresholds: [Double]
  private let isBackground: [Bool]
  private var window: LogitWindow
  /// Per label, stream time until which it rests.
  private var restingUntil: [Int64]
  /// Per label, whether it was detected and has not been released since.
  private var isHeld: [Bool]
  private var scores: [Double]
  /// When the running stream began; nil before its first step.
  private var begun: Int64?
  /// Where the steps begin that the next outputs are of.
  private var answerStart: Int64?
  private var isWarm = false

  /// - Throws: where the configuration does not fit the labels, or is one of utterances.
  public init(labels: [String], configuration: DecisionConfiguration) throws(RecognitionError) {
    try configuration.validate(labels: labels)
    guard let decision = configuration.stream else {
      throw .setting(name: "stream", value: "absent", allowed: "what decides on streams")
    }
    self.labels = labels
    self.configuration = configuration
    self.decision = decision
    thresholds = labels.map(configuration.threshold(of:))
    isBackground = labels.map(configuration.backgroundLabels.contains)
    window = LogitWindow(width: labels.count)
    restingUntil = [Int64](repeating: .min, count: labels.count)
    isHeld = [Bool](repeating: false, count: labels.count)
    scores = [Double](repeating: 0, count: labels.count)
  }

  /// Scores after the last answer; nil until the stream is warm.
  public var currentScores: [Double]? { isWarm ? scores : nil }

  /// Goes on to the next step.
  ///
  /// - Returns: whether a stream begins with it, so that the network's state is to be set to zero first.
  public mutating func advance(startMicroseconds: Int64) -> Bool {
    if answerStart == nil { answerStart = startMicroseconds }
    guard begun == nil else { return false }
    begun = startMicroseconds
    return true
  }

  /// Takes an answer of the network: one value for each label, of all steps since the answer before.
  public mutating func take(
    logits: [Float], endMicroseconds: Int64, emit: (Decision) -> Void
  ) throws(RecognitionError) {
    guard let start = answerStart, let begun else { preconditionFailure("no step was gone on to") }
    precondition(logits.count == labels.count, "\(logits.count) outputs for \(labels.count) labels")
    if let bad = logits.firstIndex(where: { !$0.isFinite }) {
      throw .badLogit(label: labels[bad], value: logits[bad], startMicroseconds: start)
    }
    answerStart = nil
    window.append(logits: logits, startMicroseconds: start, endMicroseconds: endMicroseconds)
    window.drop(before: min(start, endMicroseconds - decision.scoreMicroseconds))
    isWarm = endMicroseconds - begun > decision.warmUpMicroseconds
    guard isWarm, let from = window.startMicroseconds else { return }
    window.write(chances: &scores)
    if let share = decision.releaseShare {
      for label in labels.indices where scores[label] < share * thresholds[label] { isHeld[label] = false }
    }
    for label in labels.indices
    where !isBackground[label] && scores[label] >= thresholds[label] && endMicroseconds > restingUntil[label]
      && !isHeld[label]
    {
      isHeld[label] = decision.releaseShare != nil
      restingUntil[label] = endMicroseconds + decision.restMicroseconds
      emit(
        Decision(
          kind: .detection, label: labels[label], labelIndex: label, score: scores[label], threshold: thresholds[label],
          startMicroseconds: from, endMicroseconds: endMicroseconds, scores: scores))
    }
  }

  /// Ends the stream, or interrupts it; another may begin, with times of its own.
  public mutating func finish() {
    begun = nil
    answerStart = nil
    isWarm = false
    window.removeAll()
    for label in restingUntil.indices {
      restingUntil[label] = .min
      isHeld[label] = false
    }
  }
}
