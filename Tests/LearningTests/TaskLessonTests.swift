import ClassifierStreams
import Foundation
import ModelFiles
import Numerics
import Recognition
import Spiketrum
import SpikingNetworks
import Testing

@testable import Experiments
@testable import Learning

/// Spikes that stand for a label: more of them in its own third of the inputs.
private func sequences(_ label: Int, count: Int, seed: UInt64) -> [SpikeSequence] {
  (0..<count).map { take in
    var random = RandomStream(seed: seed, purpose: "label \(label)", index: take)
    var sequence = SpikeSequence(shape: [36])
    for _ in 0..<12 {
      let channels = (0..<36).filter { random.uniform() < ($0 / 12 == label ? 0.4 : 0.05) }.map { UInt32($0) }
      sequence.append(channels: channels, values: channels.map { _ in Float(1 + random.integer(below: 2)) })
    }
    return sequence
  }
}

/// A network with everything that can grow, with normalisations that have met data, and two labels.
private func model(_ more: [LayerDescription] = []) throws -> Model {
  let description = NetworkDescription(
    input: [36],
    layers: [
      .dense(.init(units: 20, taps: 3)), .batchNorm(.init()),
      .neurons(.init(decay: 0.5, learnedDecay: .neuron)), .dense(.init(units: 18, taps: 2, dilation: 2)),
      .batchNorm(.init()), .neurons(.init(decay: 0.8, recurrent: true)),
    ] + more + [.dense(.init(units: 2, bias: true))])
  let manifest = ModelManifest(
    name: "two", labels: ["a", "b"], network: description,
    encoder: .sound(SpiketrumConfiguration(sampleRate: 8_000, channelCount: 12)),
    decision: DecisionConfiguration())
  let network = try Network<Float>(description, seed: 3)
  let runner = BatchRunner(network, lanes: Lanes(threads: 1))
  for pass in 0..<20 { runner.forward(sequences(pass % 2, count: 8, seed: UInt64(pass)), training: true) }
  var measured = network
  measured.parameters = runner.parameters.array
  return try Model(manifest: manifest, network: measured)
}

private func lesson(_ model: Model, _ name: String, neurons: Int = 6) throws -> TaskLesson {
  var settings = TaskLesson.Settings()
  settings.neurons = neurons
  settings.epochs = 200
  settings.rate = 0.02
  return try TaskLesson(model, name: name, settings: settings)
}

private func teach(
  _ model: Model, _ name: String, label: String, like third: Int, background: [SpikeSequence] = [],
  guards: [SpikeSequence] = []
) throws -> TaskLesson.Outcome {
  let material = TaskLesson.Material(
    labels: [label], variants: sequences(third, count: 15, seed: 77).map { [$0] },
    targets: [Int](repeating: 0, count: 15))
  return try #require(
    try lesson(model, name).learn(
      material, background: background.map { [$0] }, guards: guards, augmentation: SpikeAugmentation(), levels: 3,
      threads: 1, progress: { _, _, _ in true })
  )
}

/// Every output of every step, in a task.
private func outputs(_ model: Model, _ task: TaskSelection, _ sequences: [SpikeSequence]) -> [[Float]] {
  sequences.map { sequence in
    var network = TaskNetwork(model, selection: task)
    var values = [Float](repeating: 0, count: network.outputCount)
    return (0..<sequence.steps).flatMap { step -> [Float] in
      let range = sequence.range(ofStep: step)
      network.step(
        SpikeFrame(
          step: step, startMicroseconds: 0, endMicroseconds: 1, channels: Array(sequence.channels[range]),
          values: Array(sequence.values[range])), outputs: &values)
      return Array(values.prefix(model.manifest.labels.count))
    }
  }
}

@Suite("Learning a further task")
struct TaskLessonTests {
  @Test("earlier tasks say the same as before, to the bit, after one task more and after two")
  func keepsEarlierTasks() throws {
    let base = try model()
    let heard = (0..<3).flatMap { sequences($0, count: 20, seed: 5) }
    let before = outputs(base, .task(0), heard)
    let first = try teach(base, "more", label: "c", like: 2)
    #expect(first.isProtected)
    func own(_ all: [[Float]], of labels: Int, among width: Int) -> [[Float]] {
      all.map { values in values.indices.filter { $0 % width < labels }.map { values[$0] } }
    }
    #expect(own(outputs(first.model, .task(0), heard), of: 2, among: 3) == before)
    let middle = outputs(first.model, .task(1), heard)
    #expect(own(middle, of: 2, among: 3) != before)
    let second = try teach(first.model, "evenMore", label: "d", like: 1)
    #expect(second.isProtected)
    #expect(own(outputs(second.model, .task(0), heard), of: 2, among: 4) == before)
    #expect(own(outputs(second.model, .task(1), heard), of: 3, among: 4) == middle)
    #expect(second.model.manifest.knownTasks.map(\.name) == ["two", "more", "evenMore"])
  }

  @Test("where the task is inferred, a new label takes at most one in a hundred of other sounds")
  func leavesOtherSoundsAlone() throws {
    let base = try model()
    let others = (0..<2).flatMap { sequences($0, count: 60, seed: 31) }
    func taken(_ model: Model, _ heard: [SpikeSequence]) throws -> Double {
      let classifier = try StreamClassifier(model, task: .inferred)
      let labels = try heard.map { sequence in
        try classifier.decisions(on: sequence, stepMicroseconds: 10_000).max { $0.score < $1.score }?.label
      }
      return Double(labels.count { $0 == "c" }) / Double(heard.count)
    }
    let background = (0..<2).flatMap { sequences($0, count: 30, seed: 13) }
    let own = sequences(2, count: 40, seed: 8)
    let apart = try teach(base, "more", label: "c", like: 2, background: background, guards: others)
    let safety = try #require(apart.safety)
    #expect(safety.sounds == 120 && safety.taken <= 0.01)
    #expect(safety.heard > 0.8)
    #expect(try taken(apart.model, others) <= 0.01)
    #expect(try taken(apart.model, own) > 0.8)
    // One that sounds like a known label takes that over, and is lowered until it does not.
    let alike = try teach(base, "more", label: "c", like: 1, guards: others)
    let measured = try #require(alike.safety)
    #expect(measured.takenBefore > 0.2)
    #expect(measured.taken <= 0.01 && measured.lowered > 0)
    #expect(measured.heard < 0.5)
    #expect(try taken(alike.model, others) <= 0.01)
    // What it says when it is told the old task is what it said.
    #expect(alike.isProtected)
  }

  @Test("the new label is found in its own context, and in the old one it does not compete")
  func findsTheNewLabel() throws {
    let outcome = try teach(try model(), "more", label: "c", like: 2)
    let heard = sequences(2, count: 30, seed: 8)
    var found = 0
    for values in outputs(outcome.model, .task(1), heard) {
      var sums: [Float] = [0, 0, 0]
      for (place, value) in values.enumerated() { sums[place % 3] += value }
      if sums[2] > max(sums[0], sums[1]) { found += 1 }
    }
    #expect(found >= 27)
    #expect(outcome.model.manifest.knownTasks[1].accuracy == 1)
    let told = outputs(outcome.model, .task(0), heard)
    for values in told {
      #expect(values.indices.filter { $0 % 3 == 2 }.allSatisfy { values[$0] <= -10_000 })
    }
  }

  @Test("a neuron that is closed for good fires for no input whatever")
  func closedForGood() throws {
    let outcome = try teach(try model(), "more", label: "c", like: 2)
    let learner = GatedLearner(outcome.model.network, threads: 1)
    var loud = SpikeSequence(shape: [36])
    for _ in 0..<40 { loud.append(channels: (0..<36).map { $0 }, values: [Float](repeating: 3, count: 36)) }
    let heard = [loud] + (0..<3).flatMap { sequences($0, count: 10, seed: 9) }
    let context = outcome.model.manifest.knownTasks[0].context + [0]
    let rates = learner.rates(heard, context: context)
    for each in rates {
      // The new neurons stand behind the old ones of their layer.
      #expect(each[20..<26].allSatisfy { $0 == 0 } && each[44..<50].allSatisfy { $0 == 0 })
      #expect(each[..<20].contains { $0 > 0 })
    }
    let own = learner.rates(heard, context: outcome.model.manifest.knownTasks[1].context)
    #expect(own.contains { $0[20..<26].contains { $0 > 0 } })
  }

  @Test("only what earlier tasks do not use is written")
  func writable() throws {
    let network = try model().network.grown(contexts: 3, neurons: 2, outputs: 1, seed: 1)
    var gated = network
    let gates = GateMap(network)
    for (site, old) in zip(gates.sites, [20, 18]) {
      for channel in 0..<site.channels {
        gated.parameters[site.row(1).lowerBound + channel] = channel < old ? 1 : -1
      }
    }
    let writable = gates.writable(gated, task: 1, newOutputs: 2..<3)
    for (name, specification, range) in gated.named {
      let count = range.count { writable[$0] }
      switch name {
      // Three taps from 36 inputs to the two new of 22 neurons.
      case "layers.0.weight": #expect(count == 3 * 36 * 2)
      case "layers.1.gain", "layers.1.mean", "layers.3.decayLogit": #expect(count == 2)
      case "layers.2.weight", "layers.6.weight": #expect(count == specification.shape[1])
      // All but the synapses between old neurons.
      case "layers.4.weight": #expect(count == 2 * (22 * 20 - 20 * 18))
      case "layers.7.recurrent": #expect(count == 20 * 20 - 18 * 18)
      // The new output's row, and what new neurons say to the old outputs.
      case "layers.8.weight": #expect(count == 20 + 2 * 2)
      case "layers.8.bias": #expect(count == 1)
      default: #expect(count == (name.hasPrefix("layers.1") || name.hasPrefix("layers.5") ? 2 : -1), "\(name)")
      }
    }
  }

  @Test("what cannot be learnt is refused before anything is done")
  func refusals() throws {
    let base = try model()
    #expect(throws: LessonError.taskExists("two", model: "two")) { try lesson(base, "two") }
    #expect(throws: LessonError.reservedName("infer")) { try lesson(base, "infer") }
    let membrane = NeuronDescription(decay: 0.8, reset: .none, output: .membrane)
    var manifest = base.manifest
    manifest.network.layers.append(.neurons(membrane))
    let other = try Model(manifest: manifest, network: Network(manifest.network, seed: 1))
    #expect(throws: LessonError.notGateable(model: "two")) { try lesson(other, "more") }
  }

  @Test("a lesson that is stopped gives nothing")
  func stopped() throws {
    let material = TaskLesson.Material(
      labels: ["c"], variants: sequences(2, count: 5, seed: 1).map { [$0] }, targets: [0, 0, 0, 0, 0])
    let outcome = try lesson(try model(), "more").learn(
      material, augmentation: SpikeAugmentation(), levels: 3, threads: 1, progress: { done, _, _ in done < 2 })
    #expect(outcome == nil)
  }
}

@Suite("A sequence of tasks")
struct LifelongExperimentTests {
  @Test("forgetting is the best accuracy before the end less that at the end, but for the last task")
  func forgetting() {
    let matrix = [[0.9, 0.1, 0.2], [0.95, 0.8, 0.1], [0.5, 0.7, 0.9]]
    #expect(abs(LifelongResult.forgetting(matrix) - (0.45 + 0.1) / 2) < 1e-12)
    #expect(LifelongResult.forgetting([[1, 1]]) == 0)
  }

  @Test("a recording is nearest to the label whose mean rates it has")
  func classMeans() {
    var rates: [[Double]] = []
    for take in 0..<10 { rates.append([0.5 + 0.01 * Double(take), 0, 0.1]) }
    for take in 0..<10 { rates.append([0.1, 0.3 + 0.01 * Double(take), 0.1]) }
    let means = ClassMeans(rates, targets: (0..<20).map { $0 / 10 })
    #expect(means.nearness(of: [0.55, 0, 0.1]) > -0.1)
    #expect(means.nearness(of: [0.1, 0.35, 0.1]) > -0.1)
    #expect(means.nearness(of: [0.3, 0.2, 0.1]) < -1)
  }

  /// Two tasks of two labels, each a third of the inputs or a place in time.
  private var tasks: TaskSequence {
    var made = [TaskSequence.Task(name: "01", outputs: [0, 1]), TaskSequence.Task(name: "23", outputs: [2, 3])]
    for label in 0..<4 {
      func samples(_ count: Int, _ seed: UInt64) -> [TaskSample] {
        sequences(label % 3, count: count, seed: seed &+ UInt64(label / 3) &* 1000).map { sequence in
          var moved = SpikeSequence(shape: [36])
          for step in 0..<sequence.steps {
            let range = sequence.range(ofStep: label == 3 ? sequence.steps - 1 - step : step)
            let isShown = label < 2 || (step < 6) == (label == 2)
            moved.append(
              channels: isShown ? Array(sequence.channels[range]) : [],
              values: isShown ? Array(sequence.values[range]) : [])
          }
          return TaskSample(variants: [moved], target: label, task: label / 2)
        }
      }
      made[label / 2].train += samples(12, 1)
      made[label / 2].validation += samples(4, 2)
      made[label / 2].test += samples(10, 3)
    }
    return TaskSequence(
      kind: .digits, labels: ["0", "1", "2", "3"], tasks: made, inputs: 36, levels: 3, largestInput: 2)
  }

  @Test("with gates and read-only neurons the first task is asked after the second as if there had been none")
  func nothingForgotten() throws {
    var gated = try LifelongExperiment(tasks, arm: .gated, seed: 1)
    let result = try gated.run()
    #expect(result.told[0][0] >= 0.9)
    #expect(result.told[1][0] == result.told[0][0])
    #expect(result.told[1][1] >= 0.9)
    #expect(result.gates.count == 2 && result.gates[0].count == 2)
    #expect(result.gates[0].allSatisfy { $0.count == 128 && $0.contains("1") && $0.contains("0") })
    var again = try LifelongExperiment(tasks, arm: .gated, seed: 1)
    var repeated = try again.run()
    repeated.seconds = result.seconds
    #expect(repeated == result)
  }
}
