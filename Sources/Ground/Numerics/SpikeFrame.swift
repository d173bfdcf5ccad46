/// The spikes that enter a network in one time step, as a sparse list.
///
/// `channels` is strictly ascending and has one entry in `values` for each of its own; a value is a spike count or a
/// graded amplitude, never zero. Times are stream time: microseconds since the start of the stream.
public struct SpikeFrame: Sendable, Equatable {
  /// Number of this step since the start of the stream.
  public var step: Int
  /// Stream time at which the step begins, in microseconds.
  public var startMicroseconds: Int64
  /// Stream time at which the step ends (exclusive), in microseconds.
  public var endMicroseconds: Int64
  /// Flat index of each active input, strictly ascending.
  public var channels: [UInt32]
  /// Spike count or amplitude of each active input.
  public var values: [Float]

  public init(
    step: Int, startMicroseconds: Int64, endMicroseconds: Int64, channels: [UInt32] = [], values: [Float] = []
  ) {
    precondition(channels.count == values.count, "a spike frame needs one value for each channel")
    self.step = step
    self.startMicroseconds = startMicroseconds
    self.endMicroseconds = endMicroseconds
    self.channels = channels
    self.values = values
  }

  /// Whether anything happened in this step.
  public var isSilent: Bool { channels.isEmpty }
}
