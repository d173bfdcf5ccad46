import ModelFiles
import Numerics
import StreamSources

/// Turns the blocks of a stream into spike frames, one unbroken segment after another.
public protocol SegmentEncoder: SendableMetatype {
  associatedtype Block: StreamBlock
  /// - Parameter source: what messages call the stream.
  /// - Throws: for a model of the other sense.
  init(_ model: PreparedModel, source: String) throws
  /// Added to the times of frames to get stream time, microseconds.
  var originMicroseconds: Int64 { get }
  /// How much of the stream is missing before a block, microseconds; 0 where it follows the last.
  func missing(before block: Block, droppedBefore: Int) -> Int64
  /// Begins a segment with a block, forgetting all state.
  mutating func begin(_ block: Block) throws
  mutating func push(_ block: Block, emit: (SpikeFrame) -> Void) throws
  mutating func advance(toMicroseconds time: Int64, emit: (SpikeFrame) -> Void)
  mutating func finish(emit: (SpikeFrame) -> Void) throws
}
