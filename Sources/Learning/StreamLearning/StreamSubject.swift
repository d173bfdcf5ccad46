import Numerics

/// A word or gesture that stands in a piece of a stream, in steps.
struct ChunkWord: Sendable, Equatable {
  var label: Int
  var start: Int
  var end: Int
}

/// A piece of a stream as a network sees it, and what is said or done in it.
struct StreamPiece: Sendable {
  var frames: SpikeSequence
  var words: [ChunkWord]
}

/// What a training on streams is about: where the pieces come from that the network learns from.
protocol StreamSubject: Sendable {
  var stepMicroseconds: Int64 { get }
  /// What was found out about the material so far; it belongs to the state of a training.
  var findings: StreamFindings { get set }
  /// The piece of a number: the same for the same findings and seed.
  func chunk(_ number: Int, seed: UInt64) throws -> StreamPiece
  /// Lets a network that has learnt for a while say what should be learnt from further.
  mutating func lookBack(_ listener: StreamListener) throws
}

/// What a first network found out about the material.
struct StreamFindings: Sendable, Equatable {
  /// Speech that fooled it.
  var mined: [SpeechPiece] = []
  /// Where each recording's word stands, in steps; in the order of the material.
  var spans: [Range<Int>] = []
}

/// A network that hears what a subject wants to know about.
struct StreamListener {
  /// Outputs of each sequence, answer after answer.
  let hear: ([SpikeSequence]) -> [[Float]]
  let labels: Int
  /// Steps for one answer.
  let timeStride: Int
  /// Steps at the beginning in which nothing counts.
  let free: Int
  let threads: Int
  let seed: UInt64
  /// Steps of training so far.
  let trained: Int
}

/// What thresholds are tried on.
enum TrialKind: String, CaseIterable {
  case words
  case noisyWords
  case others
}

/// Where streams come from on which thresholds are tried.
protocol TrialSubject: Sendable {
  var stepMicroseconds: Int64 { get }
  /// - Parameter restMicroseconds: for which a label cannot be detected again.
  func makeFeed(_ kind: TrialKind, restMicroseconds: Int64) -> any TrialFeed
}

/// A stream that comes minute by minute.
protocol TrialFeed {
  mutating func minute(_ number: Int) throws -> StreamPiece
}
