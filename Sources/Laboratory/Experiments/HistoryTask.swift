import Learning
import Numerics

/// A generated task that only the past can solve: bars sweep over a small sensor to the left, to the right, up and down,
/// once each in a random order, and the class is the direction that came first.
///
/// Every recording holds all four sweeps and the same amount of noise, so no frame and no count of frames tells classes
/// apart: what sees one moment at a time is right in a quarter of the cases. The sensor is noisy for a few frames before
/// the first sweep, so that a network cannot tell it by its own awakening, and between sweeps.
public struct HistoryTask: Sendable {
  /// Width and height of the sensor in pixels.
  public var extent = 10
  public static let directions = ["left", "right", "up", "down"]
  /// Pixels a bar moves in a frame, and frames of a sweep.
  private let speed = 3
  private let sweepFrames = 3
  /// Frames of noise behind a sweep: long enough for leaky neurons to forget it. A net that knew each sweep's
  /// predecessor would know the one that has none.
  private let gapFrames = 4
  /// Share of pixels that give an event without cause.
  private let noise = 0.06

  public init() {}

  /// Polarity, row and column: a bar's leading edge gives events of the first polarity, its trailing edge of the second.
  public var shape: [Int] { [2, extent, extent] }

  /// Recordings with the classes in turn.
  public func recordings(_ count: Int, seed: UInt64) -> TrainingSet {
    var set = TrainingSet(variants: [], targets: [])
    for index in 0..<count {
      var random = RandomStream(seed: seed, purpose: "history", index: index)
      let target = index % Self.directions.count
      var order = (0..<Self.directions.count).filter { $0 != target }
      random.shuffle(&order)
      set.variants.append([recording([target] + order, &random)])
      set.targets.append(target)
    }
    return set
  }

  private func recording(_ order: [Int], _ random: inout RandomStream) -> SpikeSequence {
    var sequence = SpikeSequence(shape: shape)
    for _ in 0..<2 + random.integer(below: 3) { append([], to: &sequence, &random) }
    for direction in order {
      let start = random.integer(below: extent - speed * (sweepFrames - 1) - 1)
      for frame in 0..<sweepFrames {
        let along = start + speed * frame
        append(
          edges(direction, at: along + 1, polarity: 0) + edges(direction, at: along, polarity: 1), to: &sequence,
          &random)
      }
      for _ in 0..<gapFrames { append([], to: &sequence, &random) }
    }
    return sequence
  }

  /// The line of pixels at a distance from where the sweep of that direction begins.
  private func edges(_ direction: Int, at distance: Int, polarity: Int) -> [UInt32] {
    let place = direction == 0 || direction == 2 ? extent - 1 - distance : distance
    return (0..<extent).map { across in
      let (row, column) = direction < 2 ? (across, place) : (place, across)
      return UInt32((polarity * extent + row) * extent + column)
    }
  }

  /// A frame of edges, each pixel of which is seen in nine of ten cases, and noise.
  private func append(_ edges: [UInt32], to sequence: inout SpikeSequence, _ random: inout RandomStream) {
    var active = Set(edges.filter { _ in random.uniform() < 0.9 })
    for index in 0..<UInt32(sequence.width) where random.uniform() < noise { active.insert(index) }
    sequence.append(channels: active.sorted(), values: [Float](repeating: 1, count: active.count))
  }
}
