import Audio
import Events
import Pipelines
import Spiketrum
import StreamSources
import Tensors

/// What may be sent down a live stream.
public enum StreamItem<Block: StreamBlock>: Sendable {
  /// - Parameter arrivedMicroseconds: on the monotonic clock, for the latency.
  case block(Block, arrivedMicroseconds: Int64)
  /// What is open is to be finished; what follows begins anew.
  case cut
  /// Nothing has come up to this stream time, and nothing earlier will.
  case idle(untilMicroseconds: Int64)
}

/// Turns the blocks of a stream into spike frames, one unbroken segment after another.
protocol SegmentEncoder {
  associatedtype Block: StreamBlock
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

/// Sound, resampled to the model's rate.
struct SoundSegments: SegmentEncoder {
  private let fresh: SpiketrumEncoder
  private let source: String
  private var encoder: SpiketrumEncoder
  private var resampler: Resampler?
  private(set) var originMicroseconds: Int64 = 0
  private var last: SoundBlock?

  init(_ fresh: SpiketrumEncoder, source: String) {
    self.fresh = fresh
    self.source = source
    encoder = fresh
  }

  func missing(before block: SoundBlock, droppedBefore: Int) -> Int64 {
    guard let last else { return 0 }
    if last.sampleRate == block.sampleRate && last.originMicroseconds == block.originMicroseconds {
      return (block.startSample - last.endSample) * 1_000_000 / Int64(block.sampleRate)
    }
    return max(0, block.startMicroseconds - last.endMicroseconds)
  }

  mutating func begin(_ block: SoundBlock) throws {
    encoder = fresh
    resampler = try Resampler(
      inputRate: block.sampleRate, outputRate: fresh.configuration.sampleRate, source: source)
    originMicroseconds = block.startMicroseconds
  }

  mutating func push(_ block: SoundBlock, emit: (SpikeFrame) -> Void) throws {
    var place = block
    // Only its place is needed later.
    let count = block.samples.count
    place.samples = []
    place.startSample += Int64(count)
    last = place
    guard let resampler else { return }
    encoder.push(try resampler.push(block.samples), emit: emit)
  }

  mutating func advance(toMicroseconds time: Int64, emit: (SpikeFrame) -> Void) {}

  mutating func finish(emit: (SpikeFrame) -> Void) throws {
    if let resampler { encoder.push(try resampler.finish(), emit: emit) }
    resampler = nil
    encoder.finish(emit: emit)
  }
}

/// Events, binned; their times are stream time already.
struct EventSegments: SegmentEncoder {
  private let fresh: EventBinner
  private var binner: EventBinner
  private var lastEnd: Int64?

  init(_ configuration: EventBinningConfiguration) throws(EventBinningError) {
    fresh = try EventBinner(configuration)
    binner = fresh
  }

  var originMicroseconds: Int64 { 0 }

  /// Events have no rate: only the source knows whether some are missing, and the pause is what may hold them.
  func missing(before block: EventBlock, droppedBefore: Int) -> Int64 {
    guard let lastEnd, block.loss != nil || droppedBefore > 0 else { return 0 }
    return max(0, block.startMicroseconds - lastEnd)
  }

  mutating func begin(_ block: EventBlock) { binner = fresh }

  mutating func push(_ block: EventBlock, emit: (SpikeFrame) -> Void) throws {
    try binner.push(block.events, emit: emit)
    lastEnd = block.endMicroseconds
  }

  mutating func advance(toMicroseconds time: Int64, emit: (SpikeFrame) -> Void) {
    binner.advance(toMicroseconds: time, emit: emit)
  }

  mutating func finish(emit: (SpikeFrame) -> Void) { binner.finish(emit: emit) }
}
