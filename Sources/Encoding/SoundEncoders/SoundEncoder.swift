import Numerics

/// What turns a stream of samples into frames of spikes or currents, one for each step.
///
/// A value that holds the stream's state. Building one may take a while; a copy is cheap and begins where the original is.
public protocol SoundEncoder: Sendable {
  /// Extent of each frame's inputs.
  var shape: [Int] { get }
  /// Stream time from the end of a step until its frame is emitted, at most.
  var latencyMicroseconds: Int64 { get }
  /// What has been calculated so far; nil where nobody counts.
  var work: EncoderWork? { get }
  /// Takes samples, at the configuration's rate and about -1...1, and emits the frames that are complete, in order, also
  /// silent ones; the result does not depend on how the stream is cut into pushes.
  mutating func push(_ samples: Span<Float>, emit: (SpikeFrame) -> Void)
  /// Ends the stream and emits what is left.
  mutating func finish(emit: (SpikeFrame) -> Void)
}

extension SoundEncoder {
  /// Takes samples of the stream and emits the frames that are complete.
  public mutating func push(_ samples: [Float], emit: (SpikeFrame) -> Void) { push(samples.span, emit: emit) }

  /// The frames of a whole recording, by the same streaming code; the encoder itself stays as it is.
  public func encode(_ samples: [Float]) -> SpikeSequence { encodeCounting(samples).sequence }

  /// The same, and what it took.
  public func encodeCounting(_ samples: [Float]) -> (sequence: SpikeSequence, work: EncoderWork?) {
    var encoder = self
    let before = encoder.work
    var sequence = SpikeSequence(shape: shape)
    encoder.push(samples.span) { sequence.append($0) }
    encoder.finish { sequence.append($0) }
    return (sequence, encoder.work.map { work in before.map { work - $0 } ?? work })
  }
}

extension SpikeFrame {
  /// Appends every input whose value is not zero.
  package mutating func append(nonzero values: [Float]) {
    for (index, value) in values.enumerated() where value != 0 {
      channels.append(UInt32(index))
      self.values.append(value)
    }
  }
}
