import ArgumentParser
import CommandSupport
import Foundation
import Learning
import Numerics
import SpikingNetworks

/// `ganglion-lab benchmark sparse`: what connections that do not exist save of a step, by the width of a network.
struct BenchmarkSparse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sparse",
    abstract: "Time a step of networks with all connections, with a share of them, and with that share in blocks.",
    discussion: """
      Networks of 120 inputs, two layers of leaky neurons and ten outputs are drawn at random, with all connections, with \
      single ones (structure: {density: D}) and with blocks of eight neighbours (block: 8), and scaled until their neurons \
      fire as often as the inputs. They step in turns through the same random spikes. Prints the median time of a step in \
      microseconds and how many times as fast as the full network each is: the median over the rounds of the ratio.

      Example: ganglion-lab benchmark sparse --density 0.1 --widths 256 1024
      """)

  @Option(parsing: .upToNextOption, help: "Neurons of a layer; multiples of 8.") var widths = [128, 256, 512, 1024]
  @Option(help: "Share of the connections that exist.") var density = 0.1
  @Option(help: "Share of the inputs, and of the neurons, that fire in a step.") var activity = 0.1
  @Option(help: "How often every network is timed.") var rounds = 21
  @Option(help: "Seed of the networks and of the spikes.") var seed: UInt64 = 1

  func validate() throws {
    guard widths.allSatisfy({ $0 > 0 && $0 % 8 == 0 }) else { throw ValidationError("--widths are multiples of 8") }
    guard density > 0, density <= 1, activity > 0, activity < 1 else {
      throw ValidationError("--density and --activity lie within 0...1")
    }
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
  }

  func run() throws {
    try StandardOutput.shared.write(line: "seed \(seed), density \(density), activity \(activity)")
    try StandardOutput.shared.write(
      line:
        padded("neurons a layer", 17) + right("all, us", 10) + right("single, us", 12) + right("times", 8)
        + right("blocks, us", 12) + right("times", 8))
    for width in widths {
      let networks = try [nil, 1, 8].map { try network(width: width, block: $0).sparse() }
      let times = time(networks)
      func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
      func ratio(_ index: Int) -> Double { median(zip(times[0], times[index]).map { $0 / $1 }) }
      try StandardOutput.shared.write(
        line:
          padded("\(width)", 17) + right(fixed(median(times[0]), 2), 10) + right(fixed(median(times[1]), 2), 12)
          + right(fixed(ratio(1), 2), 8) + right(fixed(median(times[2]), 2), 12) + right(fixed(ratio(2), 2), 8))
    }
  }

  private func spikes(_ index: Int) -> SpikeSequence {
    var random = RandomStream(seed: seed, purpose: "spikes", index: index)
    var sequence = SpikeSequence(shape: [120])
    for _ in 0..<50 {
      let channels = (UInt32(0)..<120).filter { _ in random.uniform() < activity }
      sequence.append(channels: channels, values: channels.map { _ in 1 })
    }
    return sequence
  }

  /// - Parameter block: neighbours that exist together; all connections do when nil.
  private func network(width: Int, block: Int?) throws -> Network<Float> {
    let neurons = NeuronDescription(decay: 0.8)
    let description = NetworkDescription(
      input: [120],
      layers: [
        .dense(.init(units: width)), .neurons(neurons), .dense(.init(units: width)), .neurons(neurons),
        .dense(.init(units: 10, bias: true)),
      ])
    // What draws connections and scales weights is the beginning of a training; its one step changes next to nothing.
    var options = TrainingOptions(epochs: 1, batch: 8, seed: seed, optimiser: OptimiserDescription(rate: 1e-9))
    options.beginning = BeginningOptions(firingRate: activity)
    if let block {
      options.structure = StructureOptions(density: density, growth: .none)
      options.structure?.block = block
    }
    let set = TrainingSet(variants: (0..<8).map { [spikes($0)] }, targets: Array(0..<8))
    let trainer = try Trainer(
      network: Network(description, seed: seed), options: options, augmentation: SpikeAugmentation(), train: set,
      validation: set, levels: 1, threads: 1, fingerprint: "")
    _ = try trainer.runEpoch { _, _, _ in true }
    return try trainer.bestNetwork()
  }

  /// Microseconds of a step in every round, network by network.
  private func time(_ networks: [Network<Float>]) -> [[Double]] {
    let frames = (8..<28).flatMap { spikes($0).frames }
    var states = networks.map { $0.makeState() }
    var logits = [Float](repeating: 0, count: 10)
    var times = networks.map { _ in [Double]() }
    for round in 0...rounds {
      for (index, network) in networks.enumerated() {
        let begin = ContinuousClock.now
        for frame in frames { network.step(frame, &states[index], logits: &logits) }
        // The first round warms caches.
        if round > 0 { times[index].append((ContinuousClock.now - begin) / .microseconds(1) / Double(frames.count)) }
      }
    }
    return times
  }
}
