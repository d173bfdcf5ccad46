import Numerics
import Testing

@testable import SpikingNetworks

/// What a watched step tells, against what is known of the layers.
struct StepActivityTests {
  private func frames(width: Int, count: Int = 40) -> [SpikeFrame] {
    var random = RandomStream(seed: 7, purpose: "activity")
    return (0..<count).map { step in
      let channels = (0..<width).filter { _ in random.uniform(in: 0...1) < 0.3 }.map { UInt32($0) }
      return SpikeFrame(
        step: step, startMicroseconds: Int64(step), endMicroseconds: Int64(step) + 1, channels: channels,
        values: channels.map { $0 % 3 == 0 ? 2 : 1 })
    }
  }

  /// Runs a network watched and unwatched, which must give the same, and hands on each watched step.
  private func run(
    _ description: NetworkDescription, _ check: (SpikeFrame, StepActivity) -> Void
  ) throws -> Network<Float> {
    let network = try Network<Float>(description, seed: 3)
    var (alone, watched) = (network.makeState(), network.makeState())
    var logits = ([Float](repeating: 0, count: network.outputCount), [Float](repeating: 0, count: network.outputCount))
    var activity = StepActivity(isWanted: true)
    for frame in frames(width: network.inputWidth) {
      let isDue = network.step(frame, &alone, logits: &logits.0)
      #expect(network.step(frame, &watched, logits: &logits.1, activity: &activity) == isDue)
      #expect(logits.0 == logits.1 && alone == watched)
      check(frame, activity)
    }
    return network
  }

  @Test func spikesAndOperationsAreCounted() throws {
    var total = 0
    let network = try run(
      NetworkDescription(
        input: [10],
        layers: [
          .dense(.init(units: 7)), .neurons(.init(threshold: 0.3, recurrent: true)), .dense(.init(units: 3)),
        ])
    ) { frame, activity in
      let spikes = activity.spikes[0].count
      total += spikes
      let ones = frame.values.count { $0 == 1 }
      // Each input meets seven weights; each spike those of three labels, and seven of its own layer.
      #expect(activity.synapses.additions == Double(7 * ones + 10 * spikes))
      #expect(activity.synapses.multiplications == Double(7 * (frame.values.count - ones)))
      #expect(activity.spikes.count == 1 && activity.spikes[0] == activity.spikes[0].sorted())
    }
    #expect(total > 20 && network.spikingLayers == [1])
  }

  @Test func layersThatAreSteppedTogetherAreSeenFromBehind() throws {
    var total = 0
    let network = try run(
      NetworkDescription(
        input: [6, 6, 2],
        layers: [
          .conv(.init(channels: 4, kernel: 3)), .neurons(.init(threshold: 0.2)), .pool(.init(kind: .max)), .flatten,
          .dense(.init(units: 5)), .neurons(.init(threshold: 0.2)), .dense(.init(units: 3)),
        ])
    ) { frame, activity in
      #expect(activity.spikes.count == 2)
      total += activity.spikes[0].count
      let conv = Double(6 * 6 * 4 * 3 * 3 * 2) / 72
      let ones = frame.values.count { $0 == 1 }
      #expect(activity.synapses.multiplications == conv * Double(frame.values.count - ones))
      #expect(
        activity.synapses.additions
          == conv * Double(ones) + Double(5 * activity.spikes[0].count + 3 * activity.spikes[1].count))
    }
    #expect(network.spikingLayers == [2, 5])
    #expect(total > 20)
  }

  @Test func layersBehindAStrideAreSilentWhereTheyDoNotRun() throws {
    var lengths: [Int] = []
    _ = try run(
      NetworkDescription(
        input: [10],
        layers: [
          .dense(.init(units: 7)), .neurons(.init(threshold: 0.3)), .frames(.init(steps: 2, stride: 2)),
          .dense(.init(units: 6)), .neurons(.init(threshold: 0.3)), .dense(.init(units: 3)),
        ])
    ) { _, activity in lengths.append(activity.spikes.count) }
    #expect(lengths.prefix(4) == [1, 2, 1, 2] || lengths.prefix(4) == [2, 1, 2, 1])
  }

  @Test func energyIsOfAdditionsAndProducts() {
    #expect(abs(Arithmetic(additions: 10, multiplications: 2, functions: 1).picojoules - (9 + 14 * 4.6)) < 1e-9)
  }
}
