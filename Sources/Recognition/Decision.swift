/// What was recognised, or not, in a stretch of the stream.
public struct Decision: Codable, Equatable, Sendable {
  public enum Kind: String, Codable, Sendable {
    /// A label reached its threshold.
    case detection
    /// The best label is background or stayed below its threshold.
    case rejection
  }

  public var kind: Kind
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
    kind: Kind, label: String, labelIndex: Int, score: Double, threshold: Double, startMicroseconds: Int64,
    endMicroseconds: Int64, scores: [Double]
  ) {
    self.kind = kind
    self.label = label
    self.labelIndex = labelIndex
    self.score = score
    self.threshold = threshold
    self.startMicroseconds = startMicroseconds
    self.endMicroseconds = endMicroseconds
    self.scores = scores
  }
}
