import Numerics

/// An encoder that hears the sound without its constant offset, see `OffsetBlocker`.
package struct OffsetFreeEncoder<Base: SoundEncoder>: SoundEncoder {
  private var base: Base
  private var blocker: OffsetBlocker
  /// The samples at hand without their offset; kept for its room.
  private var filtered: [Float] = []

  /// - Parameter frequency: where the filter takes away 3 dB, Hz.
  package init(_ base: Base, frequency: Double, sampleRate: Int) {
    self.base = base
    blocker = OffsetBlocker(frequency: frequency, sampleRate: sampleRate)
  }

  package var shape: [Int] { base.shape }
  package var latencyMicroseconds: Int64 { base.latencyMicroseconds }
  package var work: EncoderWork? { base.work }

  package mutating func push(_ samples: Span<Float>, emit: (SpikeFrame) -> Void) {
    blocker.process(samples, into: &filtered)
    // Let go of again before the next push, which then uses its room.
    let sound = filtered
    base.push(sound.span, emit: emit)
  }

  package mutating func finish(emit: (SpikeFrame) -> Void) { base.finish(emit: emit) }
}
