import Numerics
import SoundEncoders
import SpikingNetworks
import TestSupport
import Testing

@testable import Experiments
@testable import Learning

/// Which of two groups of inputs is active.
private func groupsSet(_ count: Int, shape: [Int] = [8], seed: UInt64) -> TrainingSet {
  let groups = groups(count, shape: shape, seed: seed)
  return TrainingSet(variants: groups.variants, targets: groups.targets)
}

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
      options: TrainingOptions(epochs: 2, batch: 8, optimiser: OptimiserDescription(rate: 1)), rates: [1e-9, 0.05, 10])
  }

  @Test("the rate that validates best with the first seed is used with the others, and nothing is run twice")
  func tuning() throws {
    let runner = TrialRunner(
      experiment: "x", task: task, arms: [arm("one")], known: [], threads: 1, measure: { _, _ in ["seven": 7] })
    var reported: [TrialResult] = []
    try runner.run(nil, seeds: 1...3) { reported.append($0) }
    #expect(reported.map(\.seed) == [1, 1, 1, 2, 3])
    #expect(reported.map(\.rate) == [1e-9, 0.05, 10, 0.05, 0.05])
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
    #expect(all.map(\.arm) == ["teacher", "teacher", "teacher", "student", "student", "student", "student"])
    #expect(all.allSatisfy { $0.teacherRate == ($0.arm == "student" ? 0.05 : nil) && $0.beginningRate == nil })
    // The student at the better rate learns all it knows from the teacher.
    #expect(all.chosen(task: "groups", arm: "student").allSatisfy { $0.accuracy > 0.9 })
    let resumed = try run(Array(all.dropLast()))
    #expect(resumed.count == 1)
    #expect(resumed.first?.accuracy == all.last?.accuracy && resumed.first?.validation == all.last?.validation)
  }

  @Test("a rate at an end of those tried is no choice: the next one is tried until the best lies inside")
  func widening() throws {
    #expect(TrialRunner.next([(1, 0.5)]) == 0.5)
    #expect(TrialRunner.next([(0.001, 0.5), (0.002, 0.6), (0.004, 0.7)]) == 0.008)
    #expect(TrialRunner.next([(0.001, 0.7), (0.002, 0.6), (0.004, 0.5)]) == 0.0005)
    #expect(TrialRunner.next([(0.002, 0.7), (0.001, 0.6), (0.004, 0.5)]) == nil)
    // A plateau is left at both ends, or chance would be taken for the best.
    #expect(TrialRunner.next([(0.001, 0.6), (0.002, 0.7), (0.004, 0.7)]) == 0.008)
    #expect(TrialRunner.next([(0.001, 0.7), (0.002, 0.7), (0.004, 0.7)]) == 0.008)
    #expect(TrialRunner.next([(0.001, 0.7), (0.002, 0.7), (0.004, 0.6)]) == 0.0005)
    #expect(TrialRunner.next([(0.4, 0.1), (0.8, 0.7)]) == nil && TrialRunner.next([(0, 1)]) == nil)
    var few = arm("few")
    few.rates = [0.0005, 0.001]
    let runner = TrialRunner(
      experiment: "x", task: task, arms: [few], known: [], threads: 1, measure: { _, _ in [:] })
    try runner.run(nil, seeds: 1...2) { _ in }
    let tried = runner.results.filter { $0.seed == 1 }.map(\.rate)
    let best = try #require(runner.results.last?.rate)
    #expect(tried[..<2] == [0.0005, 0.001] && tried.count > 2)
    let (lowest, highest) = (try #require(tried.min()), try #require(tried.max()))
    #expect(lowest < best && best < highest, "\(best) of \(tried)")
    #expect(runner.results.chosen(task: "groups", arm: "few").map(\.rate) == [best, best])
    #expect(runner.results.filter { $0.seed == 2 }.map(\.rate) == [best])
  }

  @Test("where a teacher's rate changes its students are trained again, and only then")
  func staleStudents() throws {
    let teacher = arm("teacher")
    let student = arm("student").named("student") { arm in
      arm.teacher = "teacher"
      arm.options.distillation = DistillationOptions(weight: 1)
    }
    func run(_ known: [TrialResult]) throws -> [TrialResult] {
      let runner = TrialRunner(
        experiment: "x", task: task, arms: [teacher, student], known: known, threads: 1, measure: { _, _ in [:] })
      var fresh: [TrialResult] = []
      try runner.run(nil, seeds: 1...2) { fresh.append($0) }
      return fresh
    }
    let first = try run([])
    // Records of a time when the rates of teachers were not noted.
    let old = first.map { result in
      var result = result
      result.teacherRate = nil
      return result
    }
    #expect(try run(old) == [])
    // A better rate that is not among the arm's own.
    var better = try #require(first.first { $0.arm == "teacher" && $0.rate == 0.05 })
    better.rate = 0.07
    better.validation = 2
    for known in [first, old] {
      let again = try run(known + [better])
      #expect(
        again.filter { $0.arm == "student" }.count == 4 && again.allSatisfy { $0.rate != 0.05 || $0.arm == "student" })
      #expect(again.filter { $0.arm == "student" }.allSatisfy { $0.teacherRate == 0.07 })
      let every = known + [better] + again
      #expect(every.chosen(task: "groups", arm: "student").allSatisfy { $0.teacherRate == 0.07 })
      #expect(every.chosen(task: "groups", arm: "student").map(\.seed) == [1, 2])
    }
  }

  @Test("a rate at which training diverges is a result, and not the best")
  func divergence() throws {
    var wild = arm("wild")
    wild.rates = [1e-9, 0.05, 1e38]
    wild.options.optimiser.clip = 0
    let runner = TrialRunner(experiment: "x", task: task, arms: [wild], known: [], threads: 1, measure: { _, _ in [:] })
    try runner.run(nil, seeds: 1...1) { _ in }
    #expect(runner.results.map(\.rate) == [1e-9, 0.05, 1e38])
    #expect(runner.results.last?.figures == ["diverged": 1] && runner.results.last?.validation == 0)
    #expect(runner.results.chosen(task: "groups", arm: "wild").map(\.rate) == [0.05])
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
    var potentials: [Double] = []
    let runner = TrialRunner(
      experiment: "x", task: task.still(steps: 30), arms: [converted, teacher], known: [], threads: 1,
      measure: { network, _ in
        for case .neurons(let neurons) in network.description.layers { potentials.append(neurons.initialPotential) }
        return [:]
      })
    try runner.run(["converted"], seeds: 1...1) { _ in }
    #expect(potentials == [0.5])
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
    let activity = SynapticActivity(
      network, [sequence], stepMicroseconds: 10_000,
      encoder: EncoderWork(kind: .eventBinning, integerAdditions: 3))
    #expect(activity.layers.map(\.index) == [0, 1, 2])
    // Two of eight inputs in two steps; of 20 weights 4 exist, one for each input.
    #expect(activity.layers[0].activeInputs == 0.25 && activity.layers[0].gradedInputs == 0)
    #expect(activity.layers[0].weights == 4 && activity.layers[0].places == 20)
    #expect(activity.layers[0].synapses == Arithmetic(additions: 1))
    // Of the five neurons, which all leak, one gets current and fires: its potential of 2 decays to 1.2 and fires again.
    #expect(activity.layers[1].units == Arithmetic(additions: 1, multiplications: 5))
    #expect(abs(activity.layers[2].activeInputs - 0.2) < 1e-12)
    #expect(activity.layers[2].synapses == Arithmetic(additions: 2))
    #expect(abs(activity.operationsEachSecond - 300) < 1e-9)
    #expect(abs(activity.nanojoulesEachSecond.synapses - 300 * 0.9 / 1000) < 1e-9)
    #expect(abs(activity.nanojoulesEachSecond.units - 100 * (0.9 + 5 * 4.6) / 1000) < 1e-9)
    #expect(abs(activity.nanojoulesEachSecond.full - 100 * 30 * 4.6 / 1000) < 1e-9)
    // Three events in two steps of 10 ms.
    #expect(abs(activity.nanojoulesEachSecond.encoder - 150 * 0.1 / 1000) < 1e-9)
  }
}
