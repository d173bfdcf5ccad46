import Numerics

/// One step of a stream as whoever watches it sees it.
public struct StreamStep: Equatable, Sendable {
  /// What goes into the network; its times are stream time.
  public var frame: SpikeFrame
  /// What the network did with it; nil outside of utterances, where it is not run.
  public var seen: StreamClassifier.Seen?
  /// Scores after it, one for each label; nil where there are none.
  public var scores: [Double]?

  public init(frame: SpikeFrame, seen: StreamClassifier.Seen? = nil, scores: [Double]? = nil) {
    self.frame = frame
    self.seen = seen
    self.scores = scores
  }
}
