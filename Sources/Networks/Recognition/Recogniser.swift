/// Turns a network's outputs, step by step, into decisions: a pure state machine in stream time.
///
/// The stream is cut into *utterances*: activity without a silence of `gapMicroseconds` in it. The network's state is
/// reset where one begins and nowhere else, and steps outside are not computed at all. For every step call `advance`,
/// do with the network what it asks for, and hand the outputs to `take`; at the end of the stream call `finish`.
///
/// - An utterance no longer than `windowMicroseconds` gives exactly one decision when it ends: softmax of the mean
///   output from its first to its last active step. A clip alone and the same clip in a stream therefore agree.
/// - A longer one is scored over a sliding window. A label that leads above its threshold for `patienceSteps` becomes
///   a candidate, follows its maximum, and is decided when its score fell below `releaseRatio` of the peak, did not
///   rise for `settleMicroseconds`, was overtaken by another candidate, or the utterance ended; then the label rests
///   for `refractoryMicroseconds`. If nothing was decided by the end, the best step of the utterance is.
///   With `tellsProgress` every such detection is told from its start on: `start`, any number of `update`, `end`, with
///   nothing between them but those of its own.
///
/// Silent steps count only once activity resumes.
public struct Recogniser: Codable, Equatable, Sendable {
  /// What a step asks of the network.
  public enum Request: Equatable, Sendable {
    /// Nothing: it lies outside every utterance.
    case skip
    /// One step.
    case run
    /// Its state set to zero, then one step.
    case resetThenRun
  }

  /// The least stream time between two messages about the rise of a detection.
  public static let progressMicroseconds: Int64 = 100_000

  public let labels: [String]
  public let configuration: DecisionConfiguration
  /// Whether a detection is told when it starts and when it rises, too, and not only once it is complete.
  public let tellsProgress: Bool
  /// Rows of outputs that are followed side by side; the one with the highest score is what counts.
  public let rows: Int
  private let isBackground: [Bool]
  private let thresholds: [Double]
  private var utterance: Utterance?
  /// The utterance before, for its room only.
  private var spare: Utterance?
  /// The step whose outputs are due.
  private var awaited: StepTime?
  /// Steps that the next outputs are of too.
  private var begun: StepTime?
  /// Per label, stream time until which it rests.
  private var restingUntil: [Int64]
  /// Scores of the window that ends with the last active step of the running utterance.
  public var currentScores: [Double]? { hasScores ? scores : nil }
  private var scores: [Double]
  private var hasScores = false

  /// Whether it lies between two utterances: nothing is lost when it is replaced now.
  public var isBetweenUtterances: Bool { utterance == nil && awaited == nil }

  public init(
    labels: [String], configuration: DecisionConfiguration, tellsProgress: Bool = false, rows: Int = 1
  ) throws(RecognitionError) {
    try configuration.validate(labels: labels)
    self.tellsProgress = tellsProgress
    self.labels = labels
    self.rows = rows
    self.configuration = configuration
    isBackground = labels.map(configuration.backgroundLabels.contains)
    thresholds = labels.map(configuration.threshold(of:))
    scores = [Double](repeating: 0, count: labels.count)
    restingUntil = [Int64](repeating: .min, count: labels.count)
  }

  /// Goes on to the next step; decisions that fall due without it are emitted first.
  public mutating func advance(
    startMicroseconds: Int64, endMicroseconds: Int64, isActive: Bool, emit: (Decision) -> Void
  ) -> Request {
    precondition(awaited == nil, "the outputs of the last step were not taken")
    let silenceEnd = isActive ? startMicroseconds : endMicroseconds
    if let open = utterance, silenceEnd - open.lastActiveEnd >= configuration.gapMicroseconds { close(emit: emit) }
    let step = StepTime(start: startMicroseconds, end: endMicroseconds, isActive: isActive)
    if utterance != nil {
      settle(by: step, emit: emit)
      awaited = step
      return .run
    }
    if !isActive { return .skip }
    var next = spare.take() ?? Utterance(start: startMicroseconds, width: labels.count, rows: rows)
    next.restart(at: startMicroseconds)
    utterance = next
    awaited = step
    return .resetThenRun
  }

  /// Goes past the step `advance` asked to run, which has no outputs of its own: the next outputs are of it too.
  public mutating func takeNothing() {
    guard var step = awaited, utterance != nil else { preconditionFailure("no step was asked for") }
    awaited = nil
    if step.isActive { utterance?.lastActiveEnd = step.end }
    if let begun { step = step.joined(behind: begun) }
    begun = step
  }

  /// Takes the network's outputs for the step `advance` asked to run, and for those that had none before it; `rows` of
  /// one value a label.
  ///
  /// - Returns: whether there was activity in it.
  @discardableResult
  public mutating func take(logits: [Float], emit: (Decision) -> Void) throws(RecognitionError) -> Bool {
    guard let last = awaited, utterance != nil else { preconditionFailure("no step was asked for") }
    let step = begun.map { last.joined(behind: $0) } ?? last
    precondition(logits.count == rows * labels.count, "\(logits.count) outputs for \(labels.count) labels")
    if let bad = logits.firstIndex(where: { !$0.isFinite }) {
      throw .badLogit(label: labels[bad % labels.count], value: logits[bad], startMicroseconds: step.start)
    }
    awaited = nil
    begun = nil
    let activeEnd = last.isActive ? nil : utterance?.lastActiveEnd
    utterance?.add(logits, at: step, windowMicroseconds: configuration.windowMicroseconds)
    // Silence counts from where it began, within the outputs' step too.
    if let activeEnd { utterance?.lastActiveEnd = activeEnd }
    guard step.isActive else { return false }
    utterance?.window.write(scores: &scores)
    hasScores = true
    if utterance?.isLong(windowMicroseconds: configuration.windowMicroseconds) == true {
      follow(at: step, emit: emit)
    }
    return true
  }

  /// Ends the stream, or interrupts it: the running utterance is closed and decided. The recogniser can go on after it with
  /// another stream, whose times begin anew.
  public mutating func finish(emit: (Decision) -> Void) {
    close(emit: emit)
    // No label rests until a time of a stream that is over.
    for label in restingUntil.indices { restingUntil[label] = .min }
  }

  private mutating func close(emit: (Decision) -> Void) {
    awaited = nil
    begun = nil
    hasScores = false
    guard var open = utterance.take() else { return }
    defer { spare = open }
    if !open.isLong(windowMicroseconds: configuration.windowMicroseconds) {
      if open.window.count > 0 {
        open.window.write(scores: &scores)
        emit(decision(scores, start: open.start, end: open.lastActiveEnd))
      }
      return
    }
    if let candidate = open.candidate {
      emit(decide(candidate, at: open.lastActiveEnd))
      open.hasDecided = true
    }
    guard !open.hasDecided else { return }
    if let best = open.best {
      emit(decision(best.scores, start: best.start, end: best.end))
    } else if open.window.count > 0 {
      // It outgrew the window in steps without outputs of their own: what there is has the whole of it.
      open.window.write(scores: &scores)
      emit(decision(scores, start: open.start, end: open.lastActiveEnd))
    }
  }
}

extension Recogniser {
  /// Decides a candidate whose time is up even if the stream has gone silent.
  private mutating func settle(by step: StepTime, emit: (Decision) -> Void) {
    guard let candidate = utterance?.candidate, !step.isActive,
      step.end - candidate.end >= configuration.settleMicroseconds
    else { return }
    conclude(candidate, at: step, emit: emit)
  }

  /// One scored step of a long utterance.
  private mutating func follow(at step: StepTime, emit: (Decision) -> Void) {
    guard let start = utterance?.window.startMicroseconds else { return }
    let lead = leader(of: scores)
    noteBest(lead, start: start, end: step.end)
    if let label = utterance?.candidate?.label, let peak = utterance?.candidate?.score {
      let score = scores[label]
      if score > peak {
        utterance?.candidate?.become(label: label, score: score, start: start, end: step.end, scores: scores)
        if tellsProgress, let candidate = utterance?.candidate, let told = utterance?.progressTold,
          step.end - told >= Self.progressMicroseconds
        {
          utterance?.progressTold = step.end
          emit(detection(candidate, .update))
        }
      } else if let candidate = utterance?.candidate,
        score < peak * configuration.releaseRatio || step.end - candidate.end >= configuration.settleMicroseconds
      {
        conclude(candidate, at: step, emit: emit)
      }
    }
    guard !isBackground[lead], scores[lead] >= thresholds[lead], step.start >= restingUntil[lead] else {
      utterance?.run = nil
      return
    }
    lengthenRun(lead, start: start, end: step.end)
    if let run = utterance?.run, run.length >= configuration.patienceSteps, utterance?.candidate?.label != lead {
      if let overtaken = utterance?.candidate { conclude(overtaken, at: step, emit: emit) }
      utterance?.candidate = run.peak
      if tellsProgress {
        utterance?.progressTold = step.end
        emit(detection(run.peak, .start))
      }
    }
  }

  /// Notes one step more with the same leader, or the first with another.
  private mutating func lengthenRun(_ lead: Int, start: Int64, end: Int64) {
    guard let length = utterance?.run?.length, utterance?.run?.peak.label == lead else {
      let peak = Candidate(label: lead, score: scores[lead], start: start, end: end, scores: scores)
      utterance?.run = Run(peak: peak, length: 1)
      return
    }
    utterance?.run?.length = length + 1
    if let peak = utterance?.run?.peak.score, scores[lead] > peak {
      utterance?.run?.peak.become(label: lead, score: scores[lead], start: start, end: end, scores: scores)
    }
  }

  /// Remembers the step at which a label other than background scored highest.
  private mutating func noteBest(_ lead: Int, start: Int64, end: Int64) {
    var score = -Double.infinity
    for index in scores.indices where !isBackground[index] { score = max(score, scores[index]) }
    if let best = utterance?.best?.score {
      if best < score { utterance?.best?.become(label: lead, score: score, start: start, end: end, scores: scores) }
    } else {
      utterance?.best = Candidate(label: lead, score: score, start: start, end: end, scores: scores)
    }
  }

  private mutating func conclude(_ candidate: Candidate, at step: StepTime, emit: (Decision) -> Void) {
    emit(decide(candidate, at: step.end))
    utterance?.candidate = nil
    utterance?.hasDecided = true
    if utterance?.run?.peak.label == candidate.label { utterance?.run = nil }
  }

  private mutating func decide(_ candidate: Candidate, at time: Int64) -> Decision {
    restingUntil[candidate.label] = time + configuration.refractoryMicroseconds
    return detection(candidate, .end)
  }

  private func detection(_ candidate: Candidate, _ phase: Decision.Phase) -> Decision {
    Decision(
      kind: .detection, phase: phase, label: labels[candidate.label], labelIndex: candidate.label,
      score: candidate.score,
      threshold: thresholds[candidate.label], startMicroseconds: candidate.start, endMicroseconds: candidate.end,
      scores: candidate.scores)
  }

  /// The decision that one set of scores gives.
  private func decision(_ scores: [Double], start: Int64, end: Int64) -> Decision {
    let lead = leader(of: scores)
    let isDetected = !isBackground[lead] && scores[lead] >= thresholds[lead]
    return Decision(
      kind: isDetected ? .detection : .rejection, label: labels[lead], labelIndex: lead, score: scores[lead],
      threshold: thresholds[lead], startMicroseconds: start, endMicroseconds: end, scores: scores)
  }

  /// Index of the highest score, the first of equals.
  private func leader(of scores: [Double]) -> Int {
    var lead = 0
    for index in scores.indices where scores[index] > scores[lead] { lead = index }
    return lead
  }
}
