/// What was recognised, or not, in a stretch of the stream.
public struct Decision: Codable, Equatable, Sendable {
  public enum Kind: String, Codable, Sendable {
    /// A label reached its threshold.
    case detection
    /// The best label is background or stayed below its threshold.
    case rejection
  }

  /// Where in the life of a detection it is told.
  public enum Phase: String, Codable, Sendable {
    /// Complete, and not told before: a whole utterance, or a rejection.
    case point
    /// A label has led above its threshold for long enough; the detection is certain, its peak may still rise.
    case start
    /// It has risen since; told at most every `Recogniser.progressMicroseconds`.
    case update
    /// It is complete: the highest score it reached. Only a detection told step by step has begun before.
    case end
  }

  public var kind: Kind
  public var phase: Phase
  public var label: String
  /// Place of the label in the model's list.
  public var labelIndex: Int
  /// Softmax of the mean network output, 0 to 1.
  public var score: Double
  /// What the score was held against.
  public var threshold: Double
  /// Stream time at which the averaged stretch begins and ends.
  public var startMicroseconds: Int64
  public var endMicroseconds: Int64
  /// Scores of all labels, in the model's order; they sum to 1.
  public var scores: [Double]

  public init(
    kind: Kind, phase: Phase = .point, label: String, labelIndex: Int, score: Double, threshold: Double,
    startMicroseconds: Int64,
    endMicroseconds: Int64, scores: [Double]
  ) {
    self.kind = kind
    self.phase = phase
    self.label = label
    self.labelIndex = labelIndex
    self.score = score
    self.threshold = threshold
    self.startMicroseconds = startMicroseconds
    self.endMicroseconds = endMicroseconds
    self.scores = scores
  }
}

extension Decision {
  /// The same at another stream time.
  public func shifted(by microseconds: Int64) -> Decision {
    var shifted = self
    shifted.startMicroseconds += microseconds
    shifted.endMicroseconds += microseconds
    return shifted
  }
}
