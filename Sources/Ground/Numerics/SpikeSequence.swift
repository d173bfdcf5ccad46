/// The spikes of a whole recording, step after step, in compressed rows: what a network is trained on.
public struct SpikeSequence: Sendable, Equatable {
  /// Extent of each input dimension, for example `[120]` or `[2, 34, 34]`.
  public let shape: [Int]
  /// Where each step begins in `channels` and `values`; one longer than the number of steps.
  public private(set) var offsets: [Int32] = [0]
  /// Flat index of each active input, ascending within a step.
  public private(set) var channels: [UInt32] = []
  /// Spike count or amplitude of each active input.
  public private(set) var values: [Float] = []

  public init(shape: [Int]) {
    self.shape = shape
  }

  /// Number of time steps.
  public var steps: Int { offsets.count - 1 }
  /// Number of inputs of one step.
  public var width: Int { shape.reduce(1, *) }

  /// Appends the spikes of one frame as the next step.
  public mutating func append(_ frame: SpikeFrame) {
    append(channels: frame.channels, values: frame.values)
  }

  /// Appends the next step; both lists have the same length and channels ascend.
  public mutating func append(channels stepChannels: [UInt32], values stepValues: [Float]) {
    precondition(stepChannels.count == stepValues.count, "a step needs one value for each channel")
    channels.append(contentsOf: stepChannels)
    values.append(contentsOf: stepValues)
    offsets.append(Int32(channels.count))
  }

  /// Appends all steps of another sequence of the same shape.
  public mutating func append(contentsOf other: SpikeSequence) {
    precondition(other.shape == shape, "sequences that follow each other have one shape")
    let begin = Int32(channels.count)
    channels += other.channels
    values += other.values
    offsets += other.offsets.dropFirst().map { $0 + begin }
  }

  /// Positions in `channels` and `values` of the spikes of one step.
  public func range(ofStep step: Int) -> Range<Int> {
    Int(offsets[step])..<Int(offsets[step + 1])
  }

  /// Every step as a frame of a running stream, a microsecond long.
  public var frames: [SpikeFrame] {
    (0..<steps).map { step in
      let range = range(ofStep: step)
      return SpikeFrame(
        step: step, startMicroseconds: Int64(step), endMicroseconds: Int64(step) + 1, channels: Array(channels[range]),
        values: Array(values[range]))
    }
  }

  /// The same with silent steps behind it, where it has fewer than so many.
  public func extended(to least: Int) -> SpikeSequence {
    var sequence = self
    while sequence.steps < least { sequence.append(channels: [], values: []) }
    return sequence
  }

  /// Some of the steps as a sequence of their own.
  public func part(_ steps: Range<Int>) -> SpikeSequence {
    var part = SpikeSequence(shape: shape)
    let places = Int(offsets[steps.lowerBound])..<Int(offsets[steps.upperBound])
    part.offsets = offsets[steps.lowerBound...steps.upperBound].map { $0 - offsets[steps.lowerBound] }
    part.channels = Array(channels[places])
    part.values = Array(values[places])
    return part
  }
}
