import Foundation
import SpikingNetworks
import Tensors

/// One way of training that an experiment compares with others.
public struct TrialArm: Sendable {
  public var name: String
  public var network: NetworkDescription
  public var options: TrainingOptions
  /// Learning rates of which validation chooses one, with the first seed.
  public var rates: [Double]
  /// The arm whose network, trained with the same seed, teaches.
  public var teacher: String?
  /// The arm whose network gives the weights to begin with, converted if it does not spike.
  public var beginning: String?
  public var isTeacherShuffled = false
  /// Whether training ends at once: what is measured is the beginning.
  public var isUntrained = false
  /// Of each class so many recordings are all that is trained on; every one when nil.
  public var recordingsOfClass: Int?

  public init(name: String, network: NetworkDescription, options: TrainingOptions, rates: [Double]) {
    self.name = name
    self.network = network
    self.options = options
    self.rates = rates
  }

  /// Adam with one cycle of the learning rate.
  static func oneCycle(epochs: Int) -> TrainingOptions {
    var optimiser = OptimiserDescription(rate: 0.002)
    optimiser.schedule = .oneCycle
    optimiser.warmUp = 0.15
    optimiser.clip = 5
    return TrainingOptions(epochs: epochs, batch: 32, optimiser: optimiser)
  }

  /// The same under another name, changed.
  public func named(_ name: String, _ change: (inout TrialArm) -> Void = { _ in }) -> TrialArm {
    var arm = self
    arm.name = name
    change(&arm)
    return arm
  }
}

/// What one arm did with one seed and one learning rate.
public struct TrialResult: Codable, Sendable, Equatable {
  public var experiment: String
  public var task: String
  public var arm: String
  public var seed: UInt64
  public var rate: Double
  /// Best accuracy on the validation part, and what those weights gave on the test part.
  public var validation: Double
  public var accuracy: Double
  /// Anything else that was measured, by name.
  public var figures: [String: Double]
  public var epochs: Int
  public var seconds: Double
}

/// Trains the arms of an experiment: each with every rate and the first seed, then with the rate that validated best and
/// the other seeds.
public final class TrialRunner {
  /// What is known already; a run that stands here is not repeated.
  public private(set) var results: [TrialResult]
  public let experiment: String
  private let task: TrialTask
  private let arms: [TrialArm]
  private let threads: Int
  /// Figures that an experiment wants of every trained network.
  private let measure: (Network<Float>, TrialTask) throws -> [String: Double]
  private var networks: [String: Network<Float>] = [:]

  public init(
    experiment: String, task: TrialTask, arms: [TrialArm], known: [TrialResult], threads: Int,
    measure: @escaping (Network<Float>, TrialTask) throws -> [String: Double]
  ) {
    self.experiment = experiment
    self.task = task
    self.arms = arms
    results = known
    self.threads = threads
    self.measure = measure
  }

  private func known(_ arm: TrialArm, seed: UInt64, rate: Double) -> TrialResult? {
    results.first {
      $0.experiment == experiment && $0.task == task.name && $0.arm == arm.name && $0.seed == seed && $0.rate == rate
        && $0.epochs == arm.options.epochs
    }
  }

  /// The rate that validated best with the first seed; the lower of equals.
  private func bestRate(_ arm: TrialArm, firstSeed: UInt64) -> Double? {
    let tried = arm.rates.compactMap { known(arm, seed: firstSeed, rate: $0) }
    guard tried.count == arm.rates.count else { return nil }
    return tried.max { ($0.validation, -$0.rate) < ($1.validation, -$1.rate) }?.rate
  }

  /// Runs what is missing; `report` is told each result as soon as it is there.
  public func run(_ chosen: Set<String>?, seeds: ClosedRange<UInt64>, report: (TrialResult) throws -> Void) throws {
    for arm in arms where chosen.map({ $0.contains(arm.name) }) ?? true {
      for rate in arm.rates { try run(arm, seed: seeds.lowerBound, firstSeed: seeds.lowerBound, rate: rate, report) }
      guard let rate = bestRate(arm, firstSeed: seeds.lowerBound) else { continue }
      for seed in seeds { try run(arm, seed: seed, firstSeed: seeds.lowerBound, rate: rate, report) }
    }
  }

  private func run(
    _ arm: TrialArm, seed: UInt64, firstSeed: UInt64, rate: Double, _ report: (TrialResult) throws -> Void
  ) throws {
    guard known(arm, seed: seed, rate: rate) == nil else { return }
    let result = try train(arm, seed: seed, firstSeed: firstSeed, rate: rate, report).result
    results.append(result)
    try report(result)
  }

  /// The network of an arm at its best rate, trained now if it is not at hand.
  private func network(
    _ name: String, seed: UInt64, firstSeed: UInt64, _ report: (TrialResult) throws -> Void
  ) throws -> Network<Float> {
    guard let arm = arms.first(where: { $0.name == name }) else {
      throw ExperimentError(reason: "there is no arm \(name)")
    }
    for rate in arm.rates { try run(arm, seed: firstSeed, firstSeed: firstSeed, rate: rate, report) }
    let rate = bestRate(arm, firstSeed: firstSeed) ?? arm.rates[0]
    if let network = networks["\(name) \(seed) \(rate)"] { return network }
    return try train(arm, seed: seed, firstSeed: firstSeed, rate: rate, report).network
  }

  private func train(
    _ arm: TrialArm, seed: UInt64, firstSeed: UInt64, rate: Double, _ report: (TrialResult) throws -> Void
  ) throws -> (result: TrialResult, network: Network<Float>) {
    let teacher = try arm.teacher.map { try network($0, seed: seed, firstSeed: firstSeed, report) }
    var begun = try Network<Float>(arm.network, seed: seed)
    if let beginning = arm.beginning {
      let other = try network(beginning, seed: seed, firstSeed: firstSeed, report)
      let converted = try other.converted(calibratedOn: task.train.sample(64))
      if arm.isUntrained { begun = converted } else { try begun.take(from: converted) }
    }
    let begin = Date()
    var options = arm.options
    options.seed = seed
    options.optimiser.rate = rate
    var validation = 0.0
    var figures: [String: Double] = [:]
    let trained: Network<Float>
    if arm.isUntrained {
      trained = begun
    } else {
      let trainer = try Trainer(
        network: begun, options: options, augmentation: task.augmentation,
        train: task.train.limited(to: arm.recordingsOfClass),
        validation: task.validation, levels: task.levels, threads: threads, fingerprint: "", teacher: teacher,
        isTeacherShuffled: arm.isTeacherShuffled)
      while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
      trained = try trainer.bestNetwork()
      validation = trainer.state.history[trainer.state.bestEpoch - 1].validationAccuracy
      if let record = trainer.state.history.first, record.turnover != nil {
        figures["firstTurnover"] = record.turnover
        figures["lastTurnover"] = trainer.state.history.last?.turnover
      }
      let rates = trainer.state.history[trainer.state.bestEpoch - 1].firingRates
      if !rates.isEmpty { figures["firingRate"] = rates.reduce(0, +) / Double(rates.count) }
    }
    let accuracy = TrialTask.accuracy(trained, task.test, threads: threads)
    figures.merge(try measure(trained, task)) { $1 }
    networks["\(arm.name) \(seed) \(rate)"] = trained
    return (
      TrialResult(
        experiment: experiment, task: task.name, arm: arm.name, seed: seed, rate: rate, validation: validation,
        accuracy: accuracy, figures: figures, epochs: arm.options.epochs, seconds: Date().timeIntervalSince(begin)),
      trained
    )
  }
}

extension [TrialResult] {
  /// Results of an arm at the rate that validated best with its first seed, by seed.
  public func chosen(task: String, arm: String) -> [TrialResult] {
    let all = filter { $0.task == task && $0.arm == arm }
    guard let first = all.map(\.seed).min() else { return [] }
    let best = all.filter { $0.seed == first }.max { ($0.validation, -$0.rate) < ($1.validation, -$1.rate) }
    return all.filter { $0.rate == best?.rate }.sorted { $0.seed < $1.seed }
  }
}
