import ModelFiles
import Recognition

/// Decides again, under other settings, what a network has answered before: which detections would have come.
///
/// The network's answers do not depend on thresholds, so the recogniser itself, fed with what was kept of them, gives what
/// the stream would have given, but for what was open where the kept steps begin. A value.
public struct DecisionTrial: Sendable {
  /// What has to be kept of a step.
  public struct Step: Equatable, Sendable {
    public var startMicroseconds: Int64
    public var endMicroseconds: Int64
    /// Whether anything went into the network.
    public var isActive: Bool
    /// What the network answered; nil where it was not run or no answer was due.
    public var outputs: [Float]?

    public init(startMicroseconds: Int64, endMicroseconds: Int64, isActive: Bool, outputs: [Float]?) {
      self.startMicroseconds = startMicroseconds
      self.endMicroseconds = endMicroseconds
      self.isActive = isActive
      self.outputs = outputs
    }

    public init(_ step: StreamStep) {
      self.init(
        startMicroseconds: step.frame.startMicroseconds, endMicroseconds: step.frame.endMicroseconds,
        isActive: !step.frame.isSilent, outputs: step.seen?.outputs)
    }
  }

  // One of both, in a place of its own so that it is changed there.
  private var recogniser: Recogniser?
  private var spotter: WordSpotter?

  /// - Parameter decision: the model's own, or the same with other thresholds.
  /// - Throws: for settings that cannot be.
  public init(_ manifest: ModelManifest, decision: DecisionConfiguration) throws(RecognitionError) {
    if decision.stream != nil {
      spotter = try WordSpotter(labels: manifest.labels, configuration: decision)
    } else {
      recogniser = try Recogniser(
        labels: manifest.labels, configuration: decision, rows: manifest.knownTasks.count)
    }
  }

  public mutating func take(_ step: Step, emit: (Decision) -> Void) throws(RecognitionError) {
    if spotter != nil {
      _ = spotter?.advance(startMicroseconds: step.startMicroseconds)
      if let outputs = step.outputs {
        try spotter?.take(logits: outputs, endMicroseconds: step.endMicroseconds, emit: emit)
      }
      return
    }
    let request = recogniser?.advance(
      startMicroseconds: step.startMicroseconds, endMicroseconds: step.endMicroseconds, isActive: step.isActive,
      emit: emit)
    if request == .skip { return }
    if let outputs = step.outputs {
      _ = try recogniser?.take(logits: outputs, emit: emit)
    } else {
      recogniser?.takeNothing()
    }
  }

  /// The stream was interrupted here, or there is no more of it.
  public mutating func finish(emit: (Decision) -> Void) {
    spotter?.finish()
    recogniser?.finish(emit: emit)
  }
}
