import Foundation
import Learning
import Numerics
import SpikingNetworks

/// One way of learning a sequence of tasks.
public enum LifelongArm: String, CaseIterable, Sendable, Codable {
  /// Context gating with Oja's rule on the gates; synapses among neurons that earlier tasks use are read only.
  case gated
  /// The same with spike-timing dependent plasticity.
  case gatedSpikeTiming
  /// Oja's rule as before, but everything may be written: what protects is silence alone.
  case gatedWritable
  /// Context units that learn by gradient only.
  case contextOnly
  /// Fixed gates: each task has neurons of its own.
  case manual
  /// Plain fine-tuning.
  case plain
  /// Elastic weight consolidation, which keeps two more numbers for each parameter.
  case elastic
  /// The same with a network so small that it keeps as many numbers as the others in all.
  case elasticSmall
  /// Fine-tuning with ten stored recordings of each earlier label.
  case replay
  /// All tasks at once: what forgetting nothing would give.
  case joint

  /// Whether a task's context is told to the network.
  public var hasContext: Bool {
    switch self {
    case .gated, .gatedSpikeTiming, .gatedWritable, .contextOnly, .manual: true
    default: false
    }
  }

  public var isElastic: Bool { self == .elastic || self == .elasticSmall }

  /// Neurons of a hidden layer.
  var hidden: Int { self == .elasticSmall ? 58 : 128 }

  /// Whether only what earlier tasks do not use may be written.
  var protects: Bool {
    switch self {
    case .gated, .gatedSpikeTiming, .manual: true
    default: false
    }
  }

  var plasticity: ContextPlasticity? {
    switch self {
    case .gated, .gatedWritable: .oja(rate: 0.05)
    case .gatedSpikeTiming: .spikeTiming(rate: 0.05, silence: 0.05, timeConstant: 20, bound: 1)
    default: nil
    }
  }
}

/// What one arm did with one sequence and one seed.
public struct LifelongResult: Sendable, Codable, Equatable {
  public var sequence: TaskSequence.Kind
  public var arm: LifelongArm
  public var seed: UInt64
  /// Weight of elastic consolidation; nil of other arms.
  public var elasticity: Double?
  public var tasks: [String]
  /// How many labels there are in all.
  public var labels: Int
  /// Accuracy on the test part of each task (inner) after each task was learnt (outer), the task being told.
  public var told: [[Double]]
  /// The same where all labels learnt so far compete and nobody tells the task: it is the one to whose mean hidden rates
  /// those of the recording, in its context, are nearest.
  public var inferred: [[Double]]
  /// The same where the task is the one whose best label has the highest logit.
  public var inferredByConfidence: [[Double]]
  /// Share of test recordings whose task was inferred rightly, after each task; empty where there is no context.
  public var contextFound: [Double]
  /// Mean over the tasks at the end, of the validation part, told: what settings are chosen by.
  public var validation: Double
  /// Of each layer and task which neurons are open, as 0 and 1.
  public var gates: [[String]]
  /// Neurons of each layer that fire in so many of the tasks, from none to all.
  public var firingInTasks: [[Int]]
  public var parameters: Int
  public var seconds: Double

  /// Mean over the tasks after the last.
  public var average: Double { Self.mean(told.last ?? []) }
  public var averageByConfidence: Double { Self.mean(inferredByConfidence.last ?? []) }
  public var averageInferred: Double { Self.mean(inferred.last ?? []) }
  public var forgetting: Double { Self.forgetting(told) }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

  /// Mean over all tasks but the last of the best accuracy before the end less that at the end (Chaudhry et al. 2018).
  static func forgetting(_ matrix: [[Double]]) -> Double {
    guard let last = matrix.last, matrix.count > 1 else { return 0 }
    return mean(
      last.indices.dropLast().map { task in
        (matrix.dropLast().map { $0[task] }.max() ?? 0) - last[task]
      })
  }
}

/// Learns a sequence of tasks with one arm.
public struct LifelongExperiment {
  /// Settings that were chosen on the validation part with seeds of their own; see the report.
  public static let openShare = 0.2
  public static let reuse = 0.5
  public static let epochs = 12
  public static let rate = 0.004
  public static let elasticities: [Double] = [1, 10, 100, 1_000, 10_000, 100_000]
  static let storedPerLabel = 10

  private let sequence: TaskSequence
  private let arm: LifelongArm
  private let seed: UInt64
  private let elasticity: Double?
  private let learner: GatedLearner
  private var random: RandomStream
  private var familiar: [ClassMeans] = []

  public static func description(hidden: Int, inputs: Int, outputs: Int, contexts: Int) -> NetworkDescription {
    func neurons(_ decay: Double) -> LayerDescription {
      .neurons(.init(decay: decay, learnedDecay: .neuron, silentNeuronsLearnNothing: true))
    }
    return NetworkDescription(
      input: [inputs],
      layers: [
        .dense(.init(units: hidden, taps: 3)), .batchNorm(.init()), .context(.init(units: contexts)), neurons(0.5),
        .dense(.init(units: hidden, taps: 3, dilation: 2)), .batchNorm(.init()), .context(.init(units: contexts)),
        neurons(0.8), .dense(.init(units: outputs, bias: true)),
      ])
  }

  public init(
    _ sequence: TaskSequence, arm: LifelongArm, seed: UInt64, elasticity: Double? = nil, threads: Int = 1
  ) throws {
    self.sequence = sequence
    self.arm = arm
    self.seed = seed
    self.elasticity = elasticity
    random = RandomStream(seed: seed, purpose: "lifelong experiment")
    var network = try Network<Float>(
      Self.description(
        hidden: arm.hidden, inputs: sequence.inputs, outputs: sequence.labels.count, contexts: 1 + sequence.tasks.count),
      seed: seed)
    for site in GateMap(network).sites {
      for index in site.weights { network.parameters[index] = 0 }
      // A context that only adds a current has no need of the unit that always speaks.
      if arm != .contextOnly { for index in site.row(0) { network.parameters[index] = -1 } }
    }
    learner = GatedLearner(network, threads: threads)
    if arm.isElastic {
      learner.elastic = .init(weight: Float(elasticity ?? 0), parameters: network.parameters)
    }
  }

  public mutating func run(progress: (_ task: Int, _ epoch: Int) -> Void = { _, _ in }) throws -> LifelongResult {
    let begin = Date()
    var told: [[Double]] = []
    var inferred: [[Double]] = []
    var byConfidence: [[Double]] = []
    var found: [Double] = []
    let network = learner.network
    for (number, task) in sequence.tasks.enumerated() {
      if arm == .joint, number < sequence.tasks.count - 1 {
        // There is only one moment: after everything.
        continue
      }
      beginGates(of: number)
      var current = network
      current.parameters = learner.parameters
      let earlier = Set(sequence.tasks[..<number].flatMap(\.outputs))
      let writable: [Bool]
      if arm.protects {
        let new = task.outputs.filter { !earlier.contains($0) }
        writable = learner.gates.writable(
          current, task: number, newOutputs: (new.min() ?? 0)..<(new.max().map { $0 + 1 } ?? 0))
      } else {
        writable = learner.gates.writable(current, task: number, newOutputs: 0..<0, protecting: false)
      }
      let samples = samples(of: number)
      // A network without gates keeps the statistics of its first task; free neurons have none yet.
      if number == 0 || arm.hasContext || arm == .joint {
        learner.calibrate(samples, conditions, writable: statistics(writable, number))
      }
      var settings = GatedLearner.Settings(
        epochs: Self.epochs, seed: seed &* 1000 &+ UInt64(number), optimiser: Self.optimiser)
      settings.plasticity = arm.plasticity
      settings.augmentation.channelShift = 2
      settings.augmentation.stretch = 0.15
      settings.augmentation.timeMask = 2
      settings.augmentation.channelMask = 3
      settings.levels = sequence.levels
      let gates = arm == .manual ? fixed(writable) : writable
      _ = try learner.learn(
        samples, conditions, writable: gates, row: arm.plasticity == nil ? nil : 1 + number, settings
      ) { epoch, _, _ in
        progress(number, epoch)
        return true
      }
      if arm.protects {
        var sealed = learner.network
        sealed.parameters = learner.parameters
        _ = learner.gates.seal(&sealed, tasks: number + 1, largestInput: sequence.largestInput)
        learner.parameters = sealed.parameters
      }
      if arm.hasContext {
        familiar.append(
          ClassMeans(
            learner.rates(task.train.map { $0.variants[0] }, context: conditions[number].context),
            targets: task.train.map(\.target)))
      }
      if arm.isElastic { learner.consolidate(task.train, conditions) }
      let seen = arm == .joint ? sequence.tasks.count : number + 1
      let answers = answers(seen: seen, \.test)
      told.append(answers.told)
      inferred.append(answers.inferred)
      byConfidence.append(answers.byConfidence)
      if arm.hasContext { found.append(Double(answers.found.right) / Double(max(answers.found.of, 1))) }
    }
    let validation = answers(seen: sequence.tasks.count, \.validation).told
    return LifelongResult(
      sequence: sequence.kind, arm: arm, seed: seed, elasticity: elasticity, tasks: sequence.tasks.map(\.name),
      labels: sequence.labels.count,
      told: told, inferred: inferred, inferredByConfidence: byConfidence, contextFound: found,
      validation: validation.reduce(0, +) / Double(validation.count), gates: gates(), firingInTasks: firingInTasks(),
      parameters: network.parameters.count, seconds: Date().timeIntervalSince(begin))
  }

  private static var optimiser: OptimiserDescription {
    var optimiser = OptimiserDescription(rate: rate)
    optimiser.schedule = .oneCycle
    optimiser.warmUp = 0.15
    optimiser.clip = 5
    return optimiser
  }

  /// What each task is learnt and asked under.
  private var conditions: [GatedLearner.Condition] {
    sequence.tasks.indices.map { number in
      GatedLearner.Condition(
        context: arm.hasContext
          ? learner.gates.context(ofTask: number) : [Float](repeating: 0, count: learner.gates.contextCount),
        outputs: arm == .joint ? Array(sequence.labels.indices) : sequence.tasks[number].outputs)
    }
  }

  private func samples(of number: Int) -> [TaskSample] {
    switch arm {
    case .joint: return sequence.tasks.flatMap(\.train)
    case .replay:
      var stored: [TaskSample] = []
      for earlier in sequence.tasks[..<number] {
        for output in earlier.outputs {
          stored += earlier.train.filter { $0.target == output }.prefix(Self.storedPerLabel)
        }
      }
      return sequence.tasks[number].train + stored
    default: return sequence.tasks[number].train
    }
  }

  /// The weights that a task's context unit begins with.
  private mutating func beginGates(of number: Int) {
    guard arm.hasContext else { return }
    var parameters = learner.parameters
    let free = learner.gates.free(before: number, parameters)
    for (place, site) in learner.gates.sites.enumerated() {
      for (channel, index) in site.row(1 + number).enumerated() {
        switch arm {
        case .contextOnly: parameters[index] = Float(0.3 * random.normal())
        case .manual: parameters[index] = channel % sequence.tasks.count == number ? 1 : -1
        default:
          let share = number > 0 && !free[place][channel] ? Self.reuse : Self.openShare
          let isOpen = random.uniform() < share
          parameters[index] = Float(isOpen ? random.uniform(in: 0.6...1) : -random.uniform(in: 0.1...0.5))
        }
      }
    }
    learner.parameters = parameters
  }

  private func fixed(_ writable: [Bool]) -> [Bool] {
    var writable = writable
    for site in learner.gates.sites { for index in site.weights { writable[index] = false } }
    return writable
  }

  /// Of gated arms without protection too, statistics are measured anew for neurons that no earlier task uses.
  private func statistics(_ writable: [Bool], _ number: Int) -> [Bool] {
    guard !arm.protects, number > 0 else { return writable }
    var network = learner.network
    network.parameters = learner.parameters
    return arm == .contextOnly
      ? [Bool](repeating: false, count: writable.count)
      : learner.gates.writable(network, task: number, newOutputs: 0..<0)
  }

  /// Shares of right answers, of each task.
  private struct Answers {
    var told: [Double] = []
    var inferred: [Double] = []
    var byConfidence: [Double] = []
    /// Recordings whose task was inferred rightly, of those of tasks that were learnt.
    var found = (right: 0, of: 0)
  }

  private func answers(seen: Int, _ part: (TaskSequence.Task) -> [TaskSample]) -> Answers {
    var answers = Answers()
    let conditions = conditions
    let all = Set(sequence.tasks[..<seen].flatMap(\.outputs)).sorted()
    for (number, task) in sequence.tasks.enumerated() {
      let samples = part(task)
      let sequences = samples.map { $0.variants[0] }
      let asked = conditions[..<(arm.hasContext ? seen : 1)]
      let logits = asked.map { learner.logits(sequences, context: $0.context) }
      let rates = arm.hasContext ? asked.map { learner.rates(sequences, context: $0.context) } : []
      // A task that has not come yet is asked under its own context as it is: nobody has learnt it.
      let own = number < logits.count ? logits[number] : learner.logits(sequences, context: conditions[number].context)
      var (right, inferred, byConfidence) = (0, 0, 0)
      for (sample, truth) in samples.enumerated() {
        right += own[sample].highest(among: task.outputs).output == truth.target ? 1 : 0
        let candidates = logits.indices.map {
          logits[$0][sample].highest(among: arm.hasContext ? conditions[$0].outputs : all)
        }
        let confident = candidates.indices.max { candidates[$0].confidence < candidates[$1].confidence } ?? 0
        byConfidence += candidates[confident].output == truth.target ? 1 : 0
        let near = rates.indices.map { familiar[$0].nearness(of: rates[$0][sample]) }
        let chosen = near.indices.max { near[$0] < near[$1] } ?? confident
        inferred += candidates[chosen].output == truth.target ? 1 : 0
        if number < seen {
          answers.found.right += chosen == number ? 1 : 0
          answers.found.of += 1
        }
      }
      let share = 1 / Double(samples.count)
      answers.told.append(Double(right) * share)
      answers.inferred.append(Double(inferred) * share)
      answers.byConfidence.append(Double(byConfidence) * share)
    }
    return answers
  }

  private func gates() -> [[String]] {
    guard arm.hasContext else { return [] }
    let parameters = learner.parameters
    let open = sequence.tasks.indices.map { learner.gates.open(in: $0, parameters) }
    return learner.gates.sites.indices.map { site in
      open.map { $0[site].map { $0 ? "1" : "0" }.joined() }
    }
  }

  /// Of each layer how many neurons fire in none of the tasks, in one, in two, and so on.
  private func firingInTasks() -> [[Int]] {
    let conditions = conditions
    let rates = sequence.tasks.indices.map { number -> [Double] in
      let each = learner.rates(sequence.tasks[number].test.map { $0.variants[0] }, context: conditions[number].context)
      return each[0].indices.map { neuron in each.reduce(0) { $0 + $1[neuron] } / Double(each.count) }
    }
    var offset = 0
    return learner.gates.sites.map { site in
      defer { offset += site.channels }
      var counts = [Int](repeating: 0, count: sequence.tasks.count + 1)
      for neuron in offset..<offset + site.channels { counts[rates.count { $0[neuron] > 0.001 }] += 1 }
      return counts
    }
  }
}
