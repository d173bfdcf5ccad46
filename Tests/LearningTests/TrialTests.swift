import SpikingNetworks
import Tensors
import Testing

@testable import Learning

@Suite("Arms of an experiment")
struct TrialTests {
  private var task: TrialTask {
    TrialTask(
      name: "groups", input: [8], labels: ["a", "b"], train: groupsSet(40, seed: 1), validation: groupsSet(20, seed: 2),
      test: groupsSet(20, seed: 3))
  }

  private func arm(_ name: String) -> TrialArm {
    TrialArm(
      name: name,
      network: NetworkDescription(
        input: [8], layers: [.dense(.init(units: 12)), .neurons(.init()), .dense(.init(units: 2))]),
      options: TrainingOptions(epochs: 2, batch: 8, optimiser: OptimiserDescription(rate: 1)), rates: [1e-9, 0.05])
  }

  @Test("the rate that validates best with the first seed is used with the others, and nothing is run twice")
  func tuning() throws {
    let runner = TrialRunner(
      experiment: "x", task: task, arms: [arm("one")], known: [], threads: 1, measure: { _, _ in ["seven": 7] })
    var reported: [TrialResult] = []
    try runner.run(nil, seeds: 1...3) { reported.append($0) }
    #expect(reported.map(\.seed) == [1, 1, 2, 3])
    #expect(reported.map(\.rate) == [1e-9, 0.05, 0.05, 0.05])
    #expect(reported.allSatisfy { $0.figures["seven"] == 7 })
    #expect(reported[1].validation > 0.9 && reported[1].validation > reported[0].validation)
    let chosen = reported.chosen(task: "groups", arm: "one")
    #expect(chosen.map(\.seed) == [1, 2, 3] && chosen.allSatisfy { $0.rate == 0.05 })
    let again = TrialRunner(
      experiment: "x", task: task, arms: [arm("one")], known: reported, threads: 1, measure: { _, _ in [:] })
    try again.run(nil, seeds: 1...3) { _ in Issue.record("a run was repeated") }
  }

  @Test("a teacher is trained with the same seed before its student, and what it was is the same after a restart")
  func teachers() throws {
    let student = arm("student").named("student") { arm in
      arm.teacher = "teacher"
      arm.options.distillation = DistillationOptions(weight: 1)
    }
    func run(_ known: [TrialResult]) throws -> [TrialResult] {
      let runner = TrialRunner(
        experiment: "x", task: task, arms: [student, arm("teacher")], known: known, threads: 1, measure: { _, _ in [:] }
      )
      var reported: [TrialResult] = []
      try runner.run(["student"], seeds: 1...2) { reported.append($0) }
      return reported
    }
    let all = try run([])
    #expect(all.map(\.arm) == ["teacher", "teacher", "student", "student", "student"])
    // The student at the better rate learns all it knows from the teacher.
    #expect(all.chosen(task: "groups", arm: "student").allSatisfy { $0.accuracy > 0.9 })
    let resumed = try run(Array(all.dropLast()))
    #expect(resumed.count == 1)
    #expect(resumed.first?.accuracy == all.last?.accuracy && resumed.first?.validation == all.last?.validation)
  }

  @Test("an untrained arm is its beginning, converted")
  func untrained() throws {
    var teacher = arm("teacher")
    teacher.network = NetworkDescription(
      input: [8], layers: [.dense(.init(units: 12, bias: true)), .relu, .dense(.init(units: 2))])
    let converted = teacher.named("converted") { arm in
      arm.beginning = "teacher"
      arm.isUntrained = true
      arm.rates = [0]
    }
    var spiking = 0
    let runner = TrialRunner(
      experiment: "x", task: task.still(steps: 30), arms: [converted, teacher], known: [], threads: 1,
      measure: { network, _ in
        spiking += network.layers.count { $0.emitsSpikes }
        return [:]
      })
    try runner.run(["converted"], seeds: 1...1) { _ in }
    #expect(spiking == 1)
    #expect(runner.results.last?.arm == "converted" && (runner.results.last?.accuracy ?? 0) > 0.9)
  }

  @Test("operations are counted as active inputs meet the weights there are")
  func operations() throws {
    var network = try Network<Float>(
      NetworkDescription(
        input: [4], layers: [.dense(.init(units: 5)), .neurons(.init(threshold: 0.5)), .dense(.init(units: 2))]),
      seed: 1)
    for index in 0..<20 { network.parameters[index] = index % 5 == 0 ? 1 : 0 }
    var sequence = SpikeSequence(shape: [4])
    sequence.append(channels: [0, 2], values: [1, 1])
    sequence.append(channels: [], values: [])
    let activity = SynapticActivity(network, [sequence], stepMicroseconds: 10_000)
    #expect(activity.layers.map(\.index) == [0, 2])
    // Two of eight inputs in two steps; of 20 weights 4 exist.
    #expect(activity.layers[0].activeInputs == 0.25)
    #expect(activity.layers[0].weights == 4 && activity.layers[0].places == 20)
    #expect(abs(activity.layers[0].operationsEachStep - 1) < 1e-12)
    // Of the five neurons one gets current and fires: its potential of 2 decays to 1.2 and fires again.
    #expect(abs(activity.layers[1].activeInputs - 0.2) < 1e-12)
    #expect(abs(activity.operationsEachSecond - 100 * (1 + 0.2 * 10)) < 1e-9)
    #expect(abs(activity.nanojoulesEachSecond - 300 * 0.9 / 1000) < 1e-9)
    #expect(abs(activity.fullNanojoulesEachSecond - 100 * 30 * 4.6 / 1000) < 1e-9)
  }
}
