import Foundation
import Learning
import Numerics
import SpikingNetworks
import Testing

/// A task that can be learnt in a few epochs: which of two groups of inputs is active.
private func toySet(_ count: Int, seed: UInt64) -> TrainingSet {
  var random = RandomStream(seed: seed)
  var set = TrainingSet(variants: [], targets: [])
  for sample in 0..<count {
    let label = sample % 2
    var sequence = SpikeSequence(shape: [8])
    for _ in 0..<(5 + random.integer(below: 4)) {
      let channel = UInt32(label * 4 + random.integer(below: 4))
      sequence.append(channels: [channel], values: [1])
    }
    set.variants.append([sequence])
    set.targets.append(label)
  }
  return set
}

private let recipe = """
  name: toy
  data: {layout: folders}
  encoder: {events: {width: 2, height: 2, binMicroseconds: 1000}}
  network:
    input: [8]
    layers:
      - dense: {units: 12, taps: 2}
      - batchNorm: {}
      - neurons: {decay: 0.7, learnedDecay: neuron, recurrent: true}
      - dropout: {rate: 0.1}
      - dense: {units: 2, bias: true}
  spikes: {loss: 0.2}
  training:
    epochs: 4
    batch: 7
    seed: 11
    averaging: 0.9
    optimiser: {rate: 0.02, weightDecay: 0.01, clip: 1}
  """

private func trainer(
  threads: Int = 1, resuming: TrainingState? = nil, more: String = "", isNormalised: Bool = true
) throws -> Trainer {
  let layers = isNormalised ? recipe : recipe.replacing("    - batchNorm: {}\n", with: "")
  let recipe = try Recipe(yaml: layers + "\n" + more, path: "toy.yaml")
  return try Trainer(
    network: Network(recipe.network, seed: recipe.training.seed), options: recipe.training,
    augmentation: recipe.spikes, train: toySet(40, seed: 1), validation: toySet(20, seed: 2), levels: 1,
    threads: threads, fingerprint: "toy", resuming: resuming)
}

@Suite("Training")
struct TrainerTests {
  @Test("windows of time are refused beside batch normalisation, in a recipe and where training begins")
  func windowsAndNormalisation() throws {
    let windowed = recipe.replacing("  averaging: 0.9", with: "  averaging: 0.9\n  window: {steps: 3}")
    let error = #expect(throws: RecipeError.self) { try Recipe(yaml: windowed, path: "toy.yaml") }
    #expect(
      error?.reason.hasPrefix("training.window: window: batch normalisation (layer 1) takes its statistics") == true)
    let inside = windowed.replacing(
      "- batchNorm: {}", with: "- residual: {layers: [{dense: {units: 12}}, {batchNorm: {}}]}")
    let other = #expect(throws: RecipeError.self) { try Recipe(yaml: inside, path: "toy.yaml") }
    #expect(other?.reason.contains("(layer 1, inside it 1)") == true)
    let plain = try Recipe(yaml: windowed.replacing("    - batchNorm: {}\n", with: ""), path: "toy.yaml")
    #expect(plain.training.window == TimeWindows(steps: 3))
    let strided = windowed.replacing("- batchNorm: {}", with: "- frames: {steps: 1, stride: 2}")
    let cut = #expect(throws: RecipeError.self) { try Recipe(yaml: strided, path: "toy.yaml") }
    #expect(cut?.reason.hasPrefix("training.window: window: 3 steps end within a step of the output") == true)
    _ = try Recipe(yaml: strided.replacing("window: {steps: 3}", with: "window: {steps: 4}"), path: "toy.yaml")
    // Who configures training without a recipe is told the same.
    let whole = try Recipe(yaml: recipe, path: "toy.yaml")
    #expect(throws: TrainingError.windowedNormalisation(layer: [1])) {
      try Trainer(
        network: Network(whole.network, seed: 1), options: plain.training, augmentation: whole.spikes,
        train: toySet(8, seed: 1), validation: toySet(4, seed: 2), levels: 1, threads: 1, fingerprint: "")
    }
  }

  @Test("a toy task is learnt")
  func learns() throws {
    let trainer = try trainer()
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    #expect(trainer.state.history[3].validationAccuracy == 1)
    #expect(trainer.state.history[3].trainLoss < trainer.state.history[0].trainLoss)
  }

  @Test("windows that cover every recording change nothing, shorter ones still teach")
  func windows() throws {
    let whole = try trainer(isNormalised: false)
    let covered = try trainer(more: "  window: {steps: 40}", isNormalised: false)
    let short = try trainer(more: "  window: {steps: 3, truncated: true}", isNormalised: false)
    for trainer in [whole, covered, short] {
      while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    }
    #expect(covered.state == whole.state)
    #expect(short.state.parameters != whole.state.parameters)
    #expect(short.state.history[3].validationAccuracy == 1)
    #expect(short.state.history[3].firingRates.allSatisfy { $0 > 0 })
  }

  @Test("gradient descent with momentum learns the task as well")
  func momentum() throws {
    var recipe = try Recipe(yaml: recipe, path: "toy.yaml")
    recipe.training.optimiser = OptimiserDescription(rate: 0.2)
    recipe.training.optimiser.momentum = 0.9
    let trainer = try Trainer(
      network: Network(recipe.network, seed: 1), options: recipe.training, augmentation: recipe.spikes,
      train: toySet(40, seed: 1), validation: toySet(20, seed: 2), levels: 1, threads: 1, fingerprint: "")
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    #expect(trainer.state.history[3].validationAccuracy == 1)
    #expect(trainer.state.second.allSatisfy { $0 == 0 })
  }

  @Test("the share of attention that is on is part of an epoch's record")
  func attention() throws {
    let recipe = try Recipe(yaml: recipe, path: "toy.yaml")
    let network = try Network<Float>(
      NetworkDescription(
        input: [2, 2, 2],
        layers: [.channelsLast, .convLSTM(.init(channels: 2)), .flatten, .dense(.init(units: 2))]), seed: 1)
    let trainer = try Trainer(
      network: network, options: recipe.training, augmentation: recipe.spikes, train: toySet(40, seed: 1),
      validation: toySet(20, seed: 2), levels: 1, threads: 1, fingerprint: "")
    let record = try #require(try trainer.runEpoch { _, _, _ in true })
    let measurements = try #require(record.measurements)
    let shares = AttentionShares.found(in: measurements)
    #expect(
      shares.map(\.map) == ["channel", "spatial"] && shares.allSatisfy { $0.layer == "1" && (0.5...1).contains($0.on) })
    #expect(measurements.count == 4)
  }

  @Test("Attention that never changes, or keeps nothing, is warned about; other attention is told")
  func attentionShares() {
    func shares(on: Double, constant: Double) -> [AttentionShares] {
      AttentionShares.found(in: [
        "8.0.channelAttentionOn": on, "8.0.channelAttentionConstant": constant, "3.spatialAttentionOn": 0.5,
      ])
    }
    #expect(shares(on: 0.9, constant: 0.25).map(\.warning) == [nil])
    #expect(
      shares(on: 0.9, constant: 0.25).map(\.text) == [
        "channel attention of layer 8.0 is on for 90 %, 25 % of it never changes"
      ])
    #expect(shares(on: 0.9, constant: 1)[0].warning?.contains("never changes") == true)
    #expect(shares(on: 0.01, constant: 0.25)[0].warning?.contains("erases") == true)
  }

  @Test("rates are drawn towards their bounds")
  func rates() throws {
    func rate(_ loss: LossDescription) throws -> Double {
      var recipe = try Recipe(yaml: recipe, path: "toy.yaml")
      recipe.training.loss = loss
      recipe.training.averaging = 0
      let trainer = try Trainer(
        network: Network(recipe.network, seed: 1), options: recipe.training, augmentation: recipe.spikes,
        train: toySet(40, seed: 1), validation: toySet(20, seed: 2), levels: 1, threads: 1, fingerprint: "")
      while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
      return trainer.state.history[3].firingRates[0]
    }
    let free = try rate(LossDescription())
    let low = try rate(LossDescription(rates: RateRegularisation(strength: 100, lower: 0, upper: 0.02)))
    let high = try rate(LossDescription(rates: RateRegularisation(strength: 100, lower: 0.6, upper: 1)))
    #expect(low < free && free < high)
  }

  @Test("threads do not change the weights")
  func threads() throws {
    let one = try trainer(threads: 1)
    let three = try trainer(threads: 3)
    _ = try one.runEpoch { _, _, _ in true }
    _ = try three.runEpoch { _, _, _ in true }
    #expect(one.state == three.state)
  }

  @Test("stopped in the middle of an epoch and resumed from the checkpoint, training ends with the same weights")
  func resumes() throws {
    let unbroken = try trainer()
    while !unbroken.isFinished { _ = try unbroken.runEpoch { _, _, _ in true } }

    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).checkpoint").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let checkpoint = Checkpoint(path: path)
    let first = try trainer()
    _ = try first.runEpoch { _, _, _ in true }
    _ = try first.runEpoch { _, _, _ in true }
    try checkpoint.write(first.state)
    #expect(try first.runEpoch { done, total, _ in done < total / 2 } == nil)

    let resumed = try trainer(resuming: checkpoint.read(fingerprint: "toy"))
    #expect(resumed.state.epochsDone == 2)
    while !resumed.isFinished { _ = try resumed.runEpoch { _, _, _ in true } }
    #expect(resumed.state == unbroken.state)
    // The one that was stopped can go on as well: the broken epoch left no trace.
    while !first.isFinished { _ = try first.runEpoch { _, _, _ in true } }
    #expect(first.state == unbroken.state)
  }

  @Test("a checkpoint of another recipe or a truncated one is refused with its path")
  func refuses() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).checkpoint").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let checkpoint = Checkpoint(path: path)
    #expect(try checkpoint.read(fingerprint: "toy") == nil)
    try checkpoint.write(trainer().state)
    #expect(throws: CheckpointError.self) { try checkpoint.read(fingerprint: "other") }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: CheckpointError.self) { try checkpoint.read(fingerprint: "toy") }
    #expect(error?.description.contains(path) == true)
  }

  @Test("an impossible rate is noticed as divergence")
  func diverges() throws {
    var recipe = try Recipe(yaml: recipe, path: "toy.yaml")
    recipe.training.optimiser.rate = 1e38
    recipe.training.optimiser.clip = 0
    let trainer = try Trainer(
      network: Network(recipe.network, seed: 1), options: recipe.training, augmentation: recipe.spikes,
      train: toySet(40, seed: 1), validation: toySet(4, seed: 2), levels: 1, threads: 1, fingerprint: "")
    #expect(throws: TrainingError.self) {
      while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    }
  }
}

@Suite("Recipes")
struct RecipeTests {
  @Test("a misspelt option is named, with its place and what is known")
  func misspelt() throws {
    let wrong = recipe.replacingOccurrences(of: "taps: 2", with: "tapps: 2")
    let error = #expect(throws: RecipeError.self) { try Recipe(yaml: wrong, path: "toy.yaml") }
    #expect(error?.description.contains("toy.yaml") == true)
    #expect(error?.description.contains("tapps") == true)
    #expect(error?.description.contains("taps") == true)
  }

  @Test(
    "settings that cannot be are refused",
    arguments: [
      "  window: {steps: 0}", "  window: {truncated: true}", "  loss: {rates: {strength: 1, lower: 0.5, upper: 0.1}}",
      "  loss: {rates: {upper: 0.1}}",
    ])
  func impossible(setting: String) {
    #expect(throws: RecipeError.self) { try Recipe(yaml: recipe + "\n" + setting, path: "toy.yaml") }
  }

  @Test("what is missing is named")
  func missing() throws {
    let wrong = recipe.replacingOccurrences(of: "  epochs: 4\n", with: "")
    let error = #expect(throws: RecipeError.self) { try Recipe(yaml: wrong, path: "toy.yaml") }
    #expect(error?.description.contains("'epochs' is missing") == true)
  }
}
