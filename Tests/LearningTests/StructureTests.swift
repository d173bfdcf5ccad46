import Foundation
import Numerics
import SpikingNetworks
import TestSupport
import Testing

@testable import Learning

/// Which of two groups of inputs is active.
func groupsSet(_ count: Int, shape: [Int] = [8], seed: UInt64) -> TrainingSet {
  let groups = groups(count, shape: shape, seed: seed)
  return TrainingSet(variants: groups.variants, targets: groups.targets)
}

@Suite("Networks that learn which connections to have")
struct StructureTests {
  private let description = NetworkDescription(
    input: [8],
    layers: [
      .dense(.init(units: 40)), .neurons(.init(decay: 0.7, recurrent: true)), .dense(.init(units: 24)),
      .neurons(.init(decay: 0.7)), .dense(.init(units: 2, bias: true)),
    ])

  private func trainer(
    _ growth: StructureOptions.Growth, pruning: StructureOptions.Pruning = .magnitude, density: Double = 0.2,
    block: Int = 1, averaging: Double = 0, resuming: TrainingState? = nil
  ) throws -> Trainer {
    var options = TrainingOptions(epochs: 6, batch: 8, seed: 3, optimiser: OptimiserDescription(rate: 0.01))
    options.optimiser.weightDecay = 0.01
    options.averaging = averaging
    options.structure = StructureOptions(density: density, growth: growth)
    options.structure?.pruning = pruning
    options.structure?.block = block
    options.structure?.interval = 3
    return try Trainer(
      network: Network(description, seed: 3), options: options, augmentation: SpikeAugmentation(),
      train: groupsSet(48, seed: 1), validation: groupsSet(20, seed: 2), levels: 1, threads: 1, fingerprint: "",
      resuming: resuming)
  }

  @Test("shares of layers fall with their size, add up, and never pass one")
  func erdosRenyiKernel() throws {
    let shapes = [[5, 120, 96], [3, 96, 96], [96, 10]]
    let counts = shapes.map { Double($0.reduce(1, *)) }
    let densities = try Connections.densities(shapes, density: 0.1, layout: .erdosRenyiKernel)
    let kept = zip(densities, counts).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(kept - 0.1 * counts.reduce(0, +)) < 1e-6)
    #expect(densities[2] == 1)
    // Of those that are not full: (5 + 120 + 96) / (5 · 120 · 96) to (3 + 96 + 96) / (3 · 96 · 96).
    #expect(abs(densities[0] / densities[1] - (221.0 / 57600) / (195.0 / 27648)) < 1e-9)
    #expect(try Connections.densities(shapes, density: 0.1, layout: .uniform) == [0.1, 0.1, 0.1])
    #expect(throws: StructureError.noWeights) { try Connections.densities([], density: 0.1, layout: .uniform) }
  }

  @Test("rewiring takes the least worth and brings the most promising, as many as asked for")
  func rewiring() throws {
    let network = try Network<Float>(
      NetworkDescription(input: [10], layers: [.dense(.init(units: 10))]), seed: 1)
    var connections = try Connections(network, StructureOptions(density: 0.3), seed: 5)
    let before = connections.exists
    let present = before.indices.filter { before[$0] }
    let absent = before.indices.filter { !before[$0] }
    #expect(present.count == 30)
    // Worth rises with the index among those there are, promise falls among those there are not.
    let came = connections.rewire(0, count: 4, worth: { Float($0) }, promise: { -Float($0) })
    #expect(came == Array(absent.prefix(4)))
    let gone = present.filter { !connections.exists[$0] }
    #expect(gone == Array(present.prefix(4)))
    #expect(connections.exists.count { $0 } == 30)
  }

  @Test(
    "the number of connections of every layer stays, absent ones are zero and so are their moments",
    arguments: StructureOptions.Growth.allCases, StructureOptions.Pruning.allCases)
  func density(growth: StructureOptions.Growth, pruning: StructureOptions.Pruning) throws {
    let trainer = try trainer(growth, pruning: pruning, averaging: 0.9)
    let begun = trainer.state.exists
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    let weights = trainer.network.named.filter { $0.specification.role == .weight }
    #expect(weights.count == 4)
    for weight in weights {
      #expect(weight.range.count { trainer.state.exists[$0] } == weight.range.count { begun[$0] })
    }
    let all = weights.flatMap { Array($0.range) }
    #expect(abs(Double(all.count { begun[$0] }) / Double(all.count) - 0.2) < 0.005)
    for index in all where !trainer.state.exists[index] {
      #expect(trainer.state.parameters[index] == 0)
      #expect(trainer.state.first[index] == 0 && trainer.state.second[index] == 0)
      #expect(trainer.state.average[index] == 0)
    }
    let best = try trainer.bestNetwork()
    for index in all where !trainer.state.bestExists[index] { #expect(best.parameters[index] == 0) }
    #expect((begun == trainer.state.exists) == (growth == .none))
  }

  @Test("connections begin larger by as much as there are fewer, so that currents vary as in the full network")
  func beginning() throws {
    let trainer = try trainer(.none)
    let full = try Network<Float>(description, seed: 3)
    for weight in full.named where weight.specification.role == .weight {
      let kept = weight.range.filter { trainer.state.exists[$0] }
      let gain = (Float(weight.range.count) / Float(kept.count)).squareRoot()
      #expect(kept.allSatisfy { abs(trainer.state.parameters[$0] / full.parameters[$0] / gain - 1) < 1e-5 })
    }
  }

  @Test(
    "connections in blocks come and go as whole blocks of one input",
    arguments: [StructureOptions.Growth.random, .momentum])
  func blocks(growth: StructureOptions.Growth) throws {
    let trainer = try trainer(growth, density: 0.4, block: 8)
    let begun = trainer.state.exists
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    #expect(begun != trainer.state.exists)
    let weights = trainer.network.named.filter { $0.specification.role == .weight }
    for weight in weights {
      #expect(weight.range.count { trainer.state.exists[$0] } == weight.range.count { begun[$0] })
      // The readout has two units: they go singly.
      guard weight.specification.shape.last != 2 else { continue }
      for start in stride(from: weight.range.lowerBound, to: weight.range.upperBound, by: 8) {
        #expect(Set((start..<start + 8).map { trainer.state.exists[$0] }).count == 1)
      }
    }
  }

  @Test("a block's worth and promise are the sums over its members")
  func rewiringBlocks() throws {
    let network = try Network<Float>(NetworkDescription(input: [2], layers: [.dense(.init(units: 16))]), seed: 1)
    var options = StructureOptions(density: 0.5)
    options.block = 4
    var connections = try Connections(network, options, seed: 2)
    let starts = Array(stride(from: 0, to: 32, by: 4))
    let present = starts.filter { connections.exists[$0] }
    let absent = starts.filter { !connections.exists[$0] }
    #expect(present.count == 4)
    // One member is worth much, three nothing: less than the blocks whose members are all worth 1.
    let (loser, winner) = (present[2], absent[1])
    let came = connections.rewire(
      0, count: 7, worth: { ($0 / 4 * 4) == loser ? ($0 == loser ? 3 : 0) : 1 },
      promise: { ($0 / 4 * 4) == winner ? 1 : ($0 % 4 == 0 ? 3 : 0) })
    #expect(came == Array(winner..<winner + 4))
    #expect(!connections.exists[loser..<loser + 4].contains(true))
    #expect(connections.exists.count { $0 } == 16)
  }

  @Test("fewer and fewer connections change, and none towards the end")
  func turnover() throws {
    let trainer = try trainer(.random)
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    let turnovers = trainer.state.history.compactMap(\.turnover)
    #expect(turnovers.count == 6)
    #expect(turnovers[1] > 0.3)
    #expect(turnovers[1] > turnovers[2] && turnovers[2] > turnovers[3])
    #expect(turnovers[5] == 0)
  }

  @Test("a sparse network learns the task")
  func learns() throws {
    let trainer = try trainer(.gradient)
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    #expect(trainer.state.history[trainer.state.bestEpoch - 1].validationAccuracy == 1)
  }

  @Test(
    "a run that was stopped goes on to the same connections", arguments: [StructureOptions.Growth.gradient, .momentum])
  func resuming(growth: StructureOptions.Growth) throws {
    let unbroken = try trainer(growth)
    while !unbroken.isFinished { _ = try unbroken.runEpoch { _, _, _ in true } }
    let first = try trainer(growth)
    for _ in 0..<2 { _ = try first.runEpoch { _, _, _ in true } }
    #expect(try first.runEpoch { done, total, _ in done < total / 2 } == nil)
    let folder = NSTemporaryDirectory() + "structure-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Checkpoint(path: folder).write(first.state)
    let read = try #require(try Checkpoint(path: folder).read(fingerprint: ""))
    #expect(read == first.state)
    let resumed = try trainer(growth, resuming: read)
    for trainer in [first, resumed] {
      while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
      #expect(trainer.state == unbroken.state)
    }
  }

  @Test("synapses are scaled until neurons fire as often as asked for")
  func firingRates() throws {
    var options = TrainingOptions(epochs: 1, batch: 8, optimiser: OptimiserDescription(rate: 1e-9))
    options.structure = StructureOptions(density: 0.15, growth: .none)
    options.beginning = BeginningOptions(firingRate: 0.2)
    let description = NetworkDescription(
      input: [40],
      layers: [
        .dense(.init(units: 60)), .neurons(.init(decay: 0.7)), .dense(.init(units: 50)), .neurons(.init(decay: 0.7)),
        .dense(.init(units: 2)),
      ])
    let set = groupsSet(64, shape: [40], seed: 4)
    let trainer = try Trainer(
      network: Network(description, seed: 1), options: options, augmentation: SpikeAugmentation(), train: set,
      validation: set, levels: 1, threads: 1, fingerprint: "")
    let record = try #require(try trainer.runEpoch { _, _, _ in true })
    for rate in record.firingRates { #expect(abs(rate - 0.2) < 0.03) }
  }

  @Test("impossible options are refused by name")
  func refusals() throws {
    func reason(_ yaml: String) -> String {
      do {
        _ = try Recipe(
          yaml: """
            name: x
            data: {layout: folders}
            encoder: {events: {width: 2, height: 2, binMicroseconds: 1000}}
            network: {input: [8], layers: [{dense: {units: 2}}]}
            training:
              epochs: 1
              optimiser: {rate: 0.1}
            \(yaml)
            """, path: "x.yaml")
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(reason("  structure: {density: 0}").contains("training.structure.density: 0 is outside its range"))
    #expect(
      reason("  structure: {density: 0.1, block: 0}").contains("training.structure.block: 0 is outside its range"))
    #expect(reason("  structure: {density: 0.1, grow: random}").contains("unknown option 'grow'"))
    #expect(reason("  channels: {keep: 2}").contains("training.channels.keep: 2 is outside its range"))
    #expect(
      reason("  channels: {keep: 0.5}\n  structure: {density: 0.5}").contains(
        "structure and channels are two trainings"))
    #expect(reason("  distillation: {weight: 0.5}").contains("a teacher is one of model, joint and virtual"))
    #expect(
      reason("  distillation: {virtual: 0.9, attention: [{student: 1, teacher: 1}]}").contains("no layers to compare"))
    #expect(
      reason("  beginning: {firingRate: 1.5}").contains("training.beginning.firingRate: 1.5 is outside its range"))
    #expect(reason("  structure: {density: 0.1, growth: momentum}").isEmpty)
  }
}

@Suite("Networks that lose channels")
struct ChannelTests {
  private static let description = NetworkDescription(
    input: [2, 8, 8],
    layers: [
      .channelsLast, .conv(.init(channels: 10)), .batchNorm(.init()),
      .neurons(.init(decay: 0.6, learnedDecay: .neuron, surrogate: .arctan)), .pool(.init(kind: .sum)),
      .conv(.init(channels: 12, bias: true)), .batchNorm(.init()), .neurons(.init(decay: 0.6, surrogate: .arctan)),
      .flatten, .dense(.init(units: 16)), .batchNorm(.init()),
      .neurons(.init(decay: 0.6, surrogate: .arctan, recurrent: true)), .dense(.init(units: 2, bias: true)),
    ])

  /// Networks whose channels are left by other ways: cells, and around residual layers.
  private static let cell = NetworkDescription(
    input: [2, 8, 8],
    layers: [
      .channelsLast, .conv(.init(channels: 8, stride: 2)), .batchNorm(.init()),
      .neurons(.init(decay: 0.6, threshold: 0.4, surrogate: .arctan)),
      .convLSTM(.init(channels: 8, attention: .init(kind: .none), threshold: 0.1)), .flatten,
      .dense(.init(units: 10)), .batchNorm(.init()),
      .neurons(.init(decay: 0.6, threshold: 0.4, surrogate: .arctan, recurrent: true)),
      .dense(.init(units: 2, bias: true)),
    ])

  private static let residual = NetworkDescription(
    input: [2, 8, 8],
    layers: [
      .flatten, .dense(.init(units: 12)), .batchNorm(.init()),
      .neurons(.init(decay: 0.6, threshold: 0.4, surrogate: .arctan, recurrent: true)),
      .residual(
        .init(layers: [
          .dense(.init(units: 14)), .batchNorm(.init()),
          .neurons(.init(decay: 0.6, threshold: 0.4, surrogate: .arctan, recurrent: true)), .dense(.init(units: 12)),
          .batchNorm(.init()), .neurons(.init(decay: 0.6, threshold: 0.4, surrogate: .arctan, recurrent: true)),
        ])), .dense(.init(units: 2, bias: true)),
    ])

  private func trainer(
    _ channels: ChannelOptions, epochs: Int = 6, seed: UInt64 = 2, description: NetworkDescription = description,
    averaging: Double = 0
  ) throws -> Trainer {
    var options = TrainingOptions(epochs: epochs, batch: 8, seed: seed, optimiser: OptimiserDescription(rate: 0.01))
    options.channels = channels
    options.channels?.interval = 1
    options.averaging = averaging
    return try Trainer(
      network: Network(description, seed: seed), options: options, augmentation: SpikeAugmentation(),
      train: groupsSet(32, shape: [2, 8, 8], seed: seed &- 1), validation: groupsSet(16, shape: [2, 8, 8], seed: seed),
      levels: 1, threads: 1, fingerprint: "")
  }

  @Test("as many channels are left as asked for, whatever judges them", arguments: ChannelOptions.Score.allCases)
  func count(score: ChannelOptions.Score) throws {
    let trainer = try trainer(ChannelOptions(keep: 0.3, score: score))
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    let network = try trainer.bestNetwork()
    let widths = network.channelGroups.map(\.channels)
    #expect(widths.reduce(0, +) == 11)
    #expect(widths.allSatisfy { $0 >= 2 })
    #expect(trainer.state.isBestFinal)
    let densities = trainer.state.history.compactMap(\.density)
    #expect(densities.first == 1 || (densities.first ?? 0) > 0.5)
    #expect(densities.last == 11.0 / 38)
  }

  @Test("lost channels come back while there is time, and do not where regrowing is off")
  func regrowth() throws {
    func returns(_ regrow: Double) throws -> Int {
      var options = ChannelOptions(keep: 0.3, regrow: regrow)
      options.until = 1
      let trainer = try trainer(options, epochs: 8)
      var count = 0
      var before = trainer.state.exists
      while !trainer.isFinished {
        _ = try trainer.runEpoch { _, _, _ in true }
        count += zip(before, trainer.state.exists).count { !$0 && $1 }
        before = trainer.state.exists
      }
      return count
    }
    #expect(try returns(0.5) > 0)
    #expect(try returns(0) == 0)
  }

  @Test(
    "the sliced network gives what the masked one gives, bit for bit, stepped and in batches, whatever the seed",
    arguments: ["synapses", "cell", "residual"], [0, 0.9])
  func slicedEqualsMasked(kind: String, averaging: Double) throws {
    let description = ["synapses": Self.description, "cell": Self.cell, "residual": Self.residual][kind]
    // Networks of some seeds have little to say.
    var lively = 0
    for seed in UInt64(1)...13 {
      let trainer = try trainer(
        ChannelOptions(keep: 0.4), seed: seed, description: #require(description), averaging: averaging)
      while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
      let sliced = try trainer.bestNetwork()
      var masked = trainer.network
      masked.parameters = trainer.state.best
      #expect(sliced.parameters.count < masked.parameters.count * 7 / 10)
      let set = groupsSet(12, shape: [2, 8, 8], seed: 9)
      let outputs = [masked, sliced].map { network in
        var logits: [UInt32] = []
        for variants in set.variants {
          var state = network.makeState()
          for frame in variants[0].frames {
            var row = [Float](repeating: 0, count: 2)
            network.step(frame, &state, logits: &row)
            logits += row.map(\.bitPattern)
          }
        }
        let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
        runner.forward(set.variants.map { $0[0] }, training: false)
        return (logits, runner.logits.array.map(\.bitPattern))
      }
      #expect(outputs[0].0 == outputs[1].0, "seed \(seed)")
      #expect(outputs[0].1 == outputs[1].1, "seed \(seed)")
      lively += Set(outputs[0].0).count > 4 ? 1 : 0
    }
    #expect(lively >= 7)
  }

  @Test("what is out stays out of training: no synapse of another neuron reaches it, and its moments are zero")
  func silencedStayZero() throws {
    let trainer = try trainer(ChannelOptions(keep: 0.4), description: Self.residual)
    var seen = 0
    while !trainer.isFinished {
      _ = try trainer.runEpoch { _, _, _ in true }
      for place in trainer.state.exists.indices where !trainer.state.exists[place] {
        #expect(trainer.state.parameters[place] == 0)
        #expect(trainer.state.first[place] == 0 && trainer.state.second[place] == 0)
        seen += 1
      }
    }
    let recurrent = trainer.network.named.filter { $0.name.hasSuffix("recurrent") }.flatMap { Array($0.range) }
    #expect(recurrent.contains { !trainer.state.exists[$0] } && seen > 1000)
  }

  @Test("a surrogate that is zero at rest is refused where channels are to come back")
  func silentSurrogate() throws {
    let description = NetworkDescription(
      input: [4],
      layers: [.dense(.init(units: 6)), .batchNorm(.init()), .neurons(.init()), .dense(.init(units: 2))])
    let network = try Network<Float>(description, seed: 1)
    #expect(throws: StructureError.silentSurrogate(layer: 2)) {
      try ChannelLearner(network, ChannelOptions(keep: 0.5), sample: [], batchesInEpoch: 1, epochs: 1, seed: 1)
    }
    #expect(
      try ChannelLearner(
        network, ChannelOptions(keep: 0.5, regrow: 0), sample: [], batchesInEpoch: 1, epochs: 1, seed: 1
      ).groups.count == 1)
    let plain = try Network<Float>(
      NetworkDescription(input: [4], layers: [.dense(.init(units: 6)), .neurons(.init()), .dense(.init(units: 2))]),
      seed: 1)
    #expect(throws: StructureError.noChannels) {
      try ChannelLearner(plain, ChannelOptions(keep: 0.5), sample: [], batchesInEpoch: 1, epochs: 1, seed: 1)
    }
  }
}
