import Numerics

/// Counts the spikes of a place code in bins of fixed length and emits every bin once, in order.
struct PlaceCodeBins: Sendable {
  private var placeCode: PlaceCode
  private let levels: Int
  private let countClip: Float
  private let sampleRate: Int64
  private let binMicroseconds: Int64
  /// Spikes of the bin that is being filled, by flat index.
  private var counts: [Float]
  /// Flat indices whose count is not zero.
  private var active: [UInt32] = []
  /// The bin that is being filled; its lists are reused.
  private var frame: SpikeFrame

  init(_ configuration: SpiketrumConfiguration) {
    placeCode = PlaceCode(configuration)
    levels = configuration.levels
    countClip = configuration.countClip
    sampleRate = Int64(configuration.sampleRate)
    binMicroseconds = configuration.binMicroseconds
    counts = [Float](repeating: 0, count: configuration.channelCount * configuration.levels)
    frame = SpikeFrame(step: 0, startMicroseconds: 0, endMicroseconds: binMicroseconds)
  }

  /// Counts a spike; spikes come in stream order.
  mutating func add(_ spike: Spike, _ emit: (SpikeFrame) -> Void) {
    advance(toSample: spike.sample, emit)
    guard let level = placeCode.level(spike) else { return }
    let index = spike.kernel * levels + level
    if counts[index] == 0 { active.append(UInt32(index)) }
    counts[index] += 1
  }

  /// Emits every bin in which nothing can begin from a sample on.
  mutating func advance(toSample sample: Int64, _ emit: (SpikeFrame) -> Void) {
    advance(to: sample * 1_000_000 / sampleRate, emit)
  }

  /// Emits the rest of a stream of so many samples, up to and with the bin of the last one.
  mutating func finish(samples: Int64, _ emit: (SpikeFrame) -> Void) {
    if samples > 0 { advance(to: (samples - 1) * 1_000_000 / sampleRate + binMicroseconds, emit) }
  }

  private mutating func advance(to time: Int64, _ emit: (SpikeFrame) -> Void) {
    while frame.endMicroseconds <= time {
      active.sort()
      frame.channels.removeAll(keepingCapacity: true)
      frame.values.removeAll(keepingCapacity: true)
      for index in active {
        frame.channels.append(index)
        frame.values.append(min(counts[Int(index)], countClip))
        counts[Int(index)] = 0
      }
      active.removeAll(keepingCapacity: true)
      emit(frame)
      frame.step += 1
      frame.startMicroseconds = frame.endMicroseconds
      frame.endMicroseconds += binMicroseconds
    }
  }
}
