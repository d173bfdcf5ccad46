import Experiments
import Learning
import Numerics
import SpikingNetworks
import Testing

@Suite("Experiments")
struct ExperimentTests {
  @Test("every recording of the history task has the same four sweeps, and the class is the first")
  func history() {
    let task = HistoryTask()
    let set = task.recordings(40, seed: 7)
    #expect(set.variants == task.recordings(40, seed: 7).variants)
    #expect(set.variants != task.recordings(40, seed: 8).variants)
    #expect(set.targets == (0..<40).map { $0 % 4 })
    for (variants, target) in zip(set.variants, set.targets) {
      let sweeps = directions(of: variants[0], extent: task.extent)
      #expect(sweeps.first == target)
      #expect(Set(sweeps) == [0, 1, 2, 3])
      #expect((10...12).contains(sweeps.count), "four sweeps of three frames, all but a few of them clear")
    }
  }

  /// Direction of every frame with a bar in it: a line of one polarity beside one of the other.
  private func directions(of sequence: SpikeSequence, extent: Int) -> [Int] {
    (0..<sequence.steps).compactMap { step in
      var rows = [[Int]](repeating: [Int](repeating: 0, count: extent), count: 2)
      var columns = rows
      for place in sequence.range(ofStep: step) {
        let index = Int(sequence.channels[place])
        rows[index / (extent * extent)][index / extent % extent] += 1
        columns[index / (extent * extent)][index % extent] += 1
      }
      func lead(_ counts: [[Int]]) -> Int? {
        guard let first = counts[0].firstIndex(where: { $0 >= 6 }),
          let second = counts[1].firstIndex(where: { $0 >= 6 })
        else { return nil }
        return first - second
      }
      if let lead = lead(columns) { return lead < 0 ? 0 : 1 }
      if let lead = lead(rows) { return lead < 0 ? 2 : 3 }
      return nil
    }
  }

  private static let sequence: SpikeSequence = {
    var sequence = SpikeSequence(shape: [9])
    for step in 0..<9 { sequence.append(channels: [UInt32(step)], values: [Float(step)]) }
    return sequence
  }()

  @Test("shuffled in time, a recording keeps its frames and loses their order")
  func shuffle() {
    let set = TrainingSet(variants: [[Self.sequence], [Self.sequence]], targets: [0, 1])
    let shuffled = set.shuffledInTime(seed: 3)
    for variants in shuffled.variants {
      #expect(variants[0].channels != Self.sequence.channels)
      #expect(variants[0].channels.sorted() == Self.sequence.channels)
      #expect(variants[0].values == variants[0].channels.map { Float($0) })
    }
    #expect(shuffled.variants[0] != shuffled.variants[1])
  }

  @Test("reversed recordings are classes of their own")
  func reversed() {
    let both = TrainingSet(variants: [[Self.sequence]], targets: [2]).withReversed(classes: 10)
    #expect(both.targets == [2, 12])
    #expect(both.variants[1][0].channels == Self.sequence.channels.reversed())
  }

  @Test("intervals over seeds are Student's")
  func statistics() {
    // Mean 0.5, deviation 0.1: half of the interval is 2.776 * 0.1 / sqrt(5).
    let five = SeedStatistics([0.4, 0.45, 0.5, 0.5, 0.65])
    let deviation = 0.093_541_434_669_348_53
    #expect(abs((five.halfWidth ?? 0) - 2.776 * deviation / 5.0.squareRoot()) < 1e-9)
    #expect(five.percentText == "50.0 ± 11.6")
    #expect(SeedStatistics([0.5]).halfWidth == nil)
    #expect(SeedStatistics([-0.02, -0.04, -0.03]).percentText == "−3.0 ± 2.5")
  }

  @Test("nets that are compared have equal numbers of parameters, and half ones half the memory")
  func equalParameters() throws {
    let empty = TrainingSet(variants: [], targets: [])
    for task in [
      AttentionTask.history(seed: 1),
      AttentionTask.spoken(classes: 20, train: empty, validation: empty, test: empty),
    ] {
      func summary(_ arm: AttentionArm) throws -> NetworkSummary {
        try Network<Float>(task.network(arm), seed: 1).summary()
      }
      let count = Double(try summary(.attention).learned)
      for arm in [AttentionArm.plain, .softAttention, .feedForward] {
        #expect(abs(Double(try summary(arm).learned) / count - 1) < 0.03)
      }
      #expect(try summary(.halfPlain).stateBytes * 2 == summary(.plain).stateBytes)
    }
  }

  @Test("a net is trained and tested the same way twice")
  func repeats() throws {
    var task = AttentionTask.history(seed: 1)
    for part in [\AttentionTask.train, \.validation, \.test] {
      task[keyPath: part].variants.removeLast(task[keyPath: part].count - 24)
      task[keyPath: part].targets.removeLast(task[keyPath: part].targets.count - 24)
    }
    task.epochs = 1
    var first = try task.run(.halfAttention, seed: 2, threads: 1) { _ in }
    var second = try task.run(.halfAttention, seed: 2, threads: 2) { _ in }
    (first.seconds, second.seconds) = (0, 0)
    #expect(first == second)
    #expect(first.channelAttentionOn.map { (0.5...1).contains($0) } == true)
    #expect((0...1).contains(first.accuracy))
  }
}
