import Failures
import Foundation
import ModelFiles
import Numerics
import SpikingNetworks

/// Why a task cannot be learnt.
public enum LessonError: ReportedError, Equatable, Sendable {
  case taskExists(String, model: String)
  case reservedName(String)
  case notGateable(model: String)
  case tooFew(label: String, found: Int, needed: Int)
  case nothingHeard(path: String)
  case notProtected(model: String)
  /// New labels can only be heard where they take over what was known, or are not heard any more.
  case tooAlike(heard: Double, taken: Double)
  case wouldForget(task: String, before: Double, after: Double, limit: Double)

  public var kind: FailureKind {
    switch self {
    case .taskExists, .reservedName: .usage
    case .tooFew, .nothingHeard: .badInput
    case .notGateable: .configuration
    case .notProtected, .wouldForget, .tooAlike: .other
    }
  }

  public var description: String {
    switch self {
    case .taskExists(let task, let model):
      "\(model) has a task '\(task)' already; give the new one another name with --task"
    case .reservedName(let name): "'\(name)' asks for inference and can name no task; choose another --task"
    case .notGateable(let model):
      "\(model) has no hidden layer of spiking neurons that context units could gate, or its last layer is not dense: it "
        + "cannot learn further tasks"
    case .tooFew(let label, let found, let needed):
      "there \(found == 1 ? "is 1 recording" : "are \(found) recordings") of '\(label)', it takes at least \(needed)"
    case .nothingHeard(let path): "\(path): the encoder finds nothing in it; leave it out, or record it louder"
    case .notProtected(let model):
      "it cannot be shown that \(model) keeps its earlier tasks, and there are no recordings of them to check it with; "
        + "give some with --check; nothing was written"
    case .tooAlike(let heard, let taken):
      "with the task inferred, the new labels took \(Self.percent(taken)) % of sounds that are none of theirs; lowered until they "
        + "take at most 1 %, they hear \(Self.percent(heard)) % of their own recordings. Give more of them, and recordings of "
        + "what they are taken for with --background; or --told-only, for use with --task alone; nothing was written"
    case .wouldForget(let task, let before, let after, let limit):
      "task '\(task)' would fall from \(Self.percent(before)) to \(Self.percent(after)) %, more than the limit of "
        + "\(limit) points; nothing was written"
    }
  }

  private static func percent(_ share: Double) -> String { NumberText.fixed(100 * share, 1) }
}

/// Learns one more task into a model from a handful of recordings, and from nothing else: the model as it is, wider by a
/// few neurons, an output for each new label and a context unit.
///
/// What the model computes in its earlier contexts does not change, to the bit: only parameters of neurons that are
/// closed there are written (`GateMap`), and they are closed for good (`GateMap.seal`).
public struct TaskLesson {
  public struct Settings: Sendable {
    /// Neurons that each hidden layer gains, where the network can grow.
    public var neurons = 24
    public var epochs = 30
    public var rate = 0.003
    public var seed: UInt64 = 1
    /// One recording of a label in so many is kept aside to measure the result with.
    public var keptAside = 5
    public var plasticity: ContextPlasticity? = .oja(rate: 0.05)

    public init() {}
  }

  /// Recordings of one task, encoded with their variants.
  public struct Material: Sendable {
    public var labels: [String]
    public var variants: [[SpikeSequence]]
    /// Index into `labels`, of each recording.
    public var targets: [Int]
    /// For each recording, whether it is kept aside to test with. Nil keeps one in `Settings.keptAside` of each label aside.
    public var isAside: [Bool]?

    public init(labels: [String], variants: [[SpikeSequence]], targets: [Int], isAside: [Bool]? = nil) {
      self.labels = labels
      self.variants = variants
      self.targets = targets
      self.isAside = isAside
    }
  }

  public static let fewest = 3
  private static let batch = 8
  /// Few recordings are gone through more often, until there were so many steps.
  private static let fewestSteps = 60
  /// A recording played backwards stands for "another sound" only if its likeness to the word is below this share of what
  /// the word's recordings usually have.
  private static let clearly = 0.9

  public let base: Model
  public let name: String
  private let settings: Settings

  /// Refuses what cannot be learnt before anything is encoded.
  public init(_ base: Model, name: String, settings: Settings) throws(LessonError) {
    if name == ModelTask.inference { throw .reservedName(name) }
    if base.manifest.knownTasks.contains(where: { $0.name == name }) {
      throw .taskExists(name, model: base.manifest.name)
    }
    guard !base.network.gateable.isEmpty, base.network.layers.last?.role == .dense,
      base.manifest.tasks != nil || base.network.contextCount == 0
    else { throw .notGateable(model: base.manifest.name) }
    self.base = base
    self.name = name
    self.settings = settings
  }

  /// What came of it.
  public struct Outcome: Sendable {
    public var model: Model
    /// Whether it is certain that earlier tasks answer as before, to the bit, whatever they hear.
    public var isProtected: Bool
    /// Of each hidden layer: neurons that are open in the new task, those of them that are new, and all.
    public var gates: [(open: Int, new: Int, all: Int)]
    /// What new labels do where the task is inferred; nil where there are none, or nothing to try it on.
    public var safety: LessonSafety?
  }

  /// Learns; nil if `progress` stopped it.
  ///
  /// - Parameters:
  ///   - material: recordings of the new task.
  ///   - background: recordings of anything else, which are to be answered as the model would have.
  ///   - guards: others of the kind, of which new labels may take one in a hundred where the task is inferred; their outputs are
  ///     lowered until they do.
  public func learn(
    _ material: Material, background: [[SpikeSequence]] = [], guards: [SpikeSequence] = [],
    augmentation: SpikeAugmentation, levels: Int,
    threads: Int, progress: (_ done: Int, _ total: Int, _ loss: Double) -> Bool
  ) throws -> Outcome? {
    let begin = Date()
    let manifest = base.manifest
    let earlier = manifest.knownTasks
    let known = manifest.labels
    let new = material.labels.filter { !known.contains($0) }
    let labels = known + new
    let number = earlier.count
    let (network, tasks) = try widened(by: new.count)
    let learner = GatedLearner(network, threads: threads)
    var conditions = earlier.map { task in
      GatedLearner.Condition(
        context: task.context.isEmpty ? learner.gates.context(ofTask: 0) : padded(task.context, learner.gates),
        outputs: task.labels.compactMap(labels.firstIndex))
    }
    conditions.append(.init(context: learner.gates.context(ofTask: number), outputs: Array(labels.indices)))
    let (learnt, aside) = divide(material, labels: labels, task: number)
    var samples = learnt
    // What else there is to hear is to be answered as before: the first task's own answers teach that.
    let others = background + reversed(learnt)
    if !others.isEmpty {
      let answers = learner.logits(others.map { $0[0] }, context: conditions[0].context)
      for (variants, logits) in zip(others, answers) {
        let answer = logits.highest(among: conditions[0].outputs)
        samples.append(TaskSample(variants: variants, target: answer.output, task: number))
      }
    }
    let writable = learner.gates.writable(
      network, task: number, newOutputs: known.count..<labels.count)
    learner.calibrate(samples, conditions, writable: writable)
    var options = GatedLearner.Settings(
      epochs: max(settings.epochs, Self.fewestSteps * Self.batch / samples.count), batch: Self.batch,
      seed: settings.seed, optimiser: OptimiserDescription(rate: settings.rate))
    options.optimiser.clip = 5
    options.plasticity = settings.plasticity
    options.augmentation = augmentation
    options.levels = levels
    guard
      try learner.learn(
        samples, conditions, writable: writable, row: 1 + number, options, progress: progress)
    else { return nil }
    var taught = network
    taught.parameters = learner.parameters
    let isProtected = learner.gates.seal(&taught, tasks: number, largestInput: largestInput) || !network.canGrow
    learner.parameters = taught.parameters
    var safety: LessonSafety?
    if !guards.isEmpty, !new.isEmpty {
      safety = lower(
        &taught, learner, conditions, newOutputs: known.count..<labels.count, guards: guards,
        own: (learnt + aside).filter { $0.target >= known.count }.map { $0.variants[0] })
      learner.parameters = taught.parameters
    }
    var task = ModelTask(name: name, labels: labels, context: learner.gates.context(ofTask: number))
    task.recordings = learnt.count
    if !aside.isEmpty {
      let answers = learner.logits(aside.map { $0.variants[0] }, context: task.context)
      let right = zip(aside, answers).count {
        $1.highest(among: Array(labels.indices)).output == $0.target
      }
      (task.accuracy, task.testRecordings) = (Double(right) / Double(aside.count), aside.count)
    }
    task.seconds = (Date().timeIntervalSince(begin) * 10).rounded() / 10
    var changed = manifest
    changed.labels = labels
    changed.network = taught.description
    changed.tasks = tasks + [task]
    let open = learner.gates.open(in: number, taught.parameters)
    let free = learner.gates.free(before: number, taught.parameters)
    let gates = open.indices.map { site in
      (
        open: open[site].count { $0 }, new: zip(open[site], free[site]).count { $0 && $1 }, all: open[site].count
      )
    }
    return Outcome(
      model: try Model(manifest: changed, network: taught), isProtected: isProtected, gates: gates, safety: safety)
  }

  /// Lowers the outputs of new labels until they leave the guards alone.
  private func lower(
    _ network: inout Network<Float>, _ learner: GatedLearner, _ conditions: [GatedLearner.Condition],
    newOutputs: Range<Int>, guards: [SpikeSequence], own: [SpikeSequence]
  ) -> LessonSafety? {
    guard let bias = network.named.last, bias.specification.name == "bias", bias.range.count == network.outputCount
    else { return nil }
    let judge = LessonGuard(outputs: conditions.map(\.outputs), newOutputs: newOutputs)
    func heard(_ sequences: [SpikeSequence]) -> [LessonGuard.Heard] {
      let rows = conditions.map { learner.logits(sequences, context: $0.context) }
      return sequences.indices.map { index in LessonGuard.Heard(rows: rows.map { $0[index] }) }
    }
    let sounds = heard(guards)
    let shift = judge.shift(for: sounds)
    for output in newOutputs { network.parameters[bias.range.lowerBound + output] -= shift }
    return LessonSafety(
      sounds: guards.count, takenBefore: judge.share(of: sounds, loweredBy: 0),
      taken: judge.share(of: sounds, loweredBy: shift), lowered: Double(shift),
      heard: judge.share(of: heard(own), loweredBy: shift))
  }

  /// The model's network with room for the task, its gates as the earlier tasks want them, and their contexts.
  private func widened(by outputs: Int) throws -> (network: Network<Float>, tasks: [ModelTask]) {
    let earlier = base.manifest.knownTasks
    let isFirst = base.network.contextCount == 0
    let neurons = base.network.canGrow ? settings.neurons : 0
    let widths = base.network.gateable.map { base.network.layers[$0].outputShape.last ?? 0 }
    var network = try base.network.grown(
      contexts: earlier.count + 2, neurons: neurons, outputs: outputs, seed: settings.seed &+ UInt64(earlier.count))
    let gates = GateMap(network)
    for (site, width) in zip(gates.sites, widths) {
      for channel in 0..<site.channels {
        let isNew = channel >= width
        network.parameters[site.row(0).lowerBound + channel] = -1
        for task in earlier.indices where isNew || isFirst {
          // Everything there is belongs to the first task; what is new belongs to none yet.
          network.parameters[site.row(1 + task).lowerBound + channel] = isNew ? -1 : 1
        }
        network.parameters[site.row(1 + earlier.count).lowerBound + channel] = 0.95
      }
    }
    var tasks = earlier
    if isFirst { tasks[0].context = Array(gates.context(ofTask: 0).prefix(2)) }
    return (network, tasks)
  }

  private func padded(_ context: [Float], _ gates: GateMap) -> [Float] {
    context + [Float](repeating: 0, count: gates.contextCount - context.count)
  }

  /// Keeps one recording in `keptAside` of each label aside, where there are enough.
  private func divide(
    _ material: Material, labels: [String], task: Int
  ) -> (learnt: [TaskSample], aside: [TaskSample]) {
    var learnt: [TaskSample] = []
    var aside: [TaskSample] = []
    var seen = [Int](repeating: 0, count: material.labels.count)
    for (index, (variants, target)) in zip(material.variants, material.targets).enumerated() {
      guard let output = labels.firstIndex(of: material.labels[target]) else { continue }
      seen[target] += 1
      if material.isAside?[index] ?? (seen[target] % settings.keptAside == 0) {
        aside.append(TaskSample(variants: [variants[0]], target: output, task: task))
      } else {
        learnt.append(TaskSample(variants: variants, target: output, task: task))
      }
    }
    return (learnt, aside)
  }

  /// Recordings played backwards: sounds of the same voice and room that are not the word. Only where they are clearly less like
  /// themselves than recordings of the label are like each other: a whistle is the same both ways.
  private func reversed(_ samples: [TaskSample]) -> [[SpikeSequence]] {
    guard base.manifest.sense == .sound else { return [] }
    var kept: [[SpikeSequence]] = []
    for target in Set(samples.map(\.target)).sorted() {
      let own = samples.filter { $0.target == target }
      let outlines = own.map { Outline($0.variants[0]) }
      let backwards = own.map { $0.variants.map(\.backwards) }
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }
      let usual = mean(zip(outlines, outlines.dropFirst()).map { $0.likeness(to: $1) })
      let turned = mean(zip(outlines, backwards).map { $0.likeness(to: Outline($1[0])) })
      if turned < Self.clearly * usual { kept += backwards }
    }
    return kept
  }

  /// The largest value the encoder gives an input in a step.
  private var largestInput: Float {
    switch base.manifest.encoder {
    case .sound(let encoding): encoding.largestInput
    // Where nothing bounds the count, an event a microsecond does.
    case .events(let binning): binning.maximumCount.map { Float($0) } ?? Float(binning.binMicroseconds)
    }
  }
}

/// Where in a recording which inputs are active, coarsely: whatever its length, the same number of places.
private struct Outline {
  private static let parts = 8
  private var counts: [Double]

  init(_ sequence: SpikeSequence) {
    counts = [Double](repeating: 0, count: Self.parts * sequence.width)
    for step in 0..<sequence.steps {
      let part = step * Self.parts / sequence.steps
      for place in sequence.range(ofStep: step) {
        counts[part * sequence.width + Int(sequence.channels[place])] += Double(sequence.values[place])
      }
    }
    let norm = counts.reduce(0) { $0 + $1 * $1 }.squareRoot()
    if norm > 0 { for index in counts.indices { counts[index] /= norm } }
  }

  /// 1 for the same, 0 for nothing in common.
  func likeness(to other: Outline) -> Double { zip(counts, other.counts).reduce(0) { $0 + $1.0 * $1.1 } }
}

extension SpikeSequence {
  /// The last step first.
  var backwards: SpikeSequence {
    var backwards = SpikeSequence(shape: shape)
    for step in (0..<steps).reversed() {
      let range = range(ofStep: step)
      backwards.append(channels: Array(channels[range]), values: Array(values[range]))
    }
    return backwards
  }
}
