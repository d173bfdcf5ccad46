import Foundation
import Learning
import Numerics
import SpikingNetworks

/// Trains the arms of an experiment: each with every rate and the first seed, and with higher or lower ones until the best
/// lies between two others; then with that and the other seeds.
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

  /// Results of an arm with the first seed, taught and begun as it is now.
  private func tried(_ arm: TrialArm, firstSeed: UInt64) -> [TrialResult] {
    results.filter { isOf($0, arm) && $0.seed == firstSeed && isCurrent($0, arm, firstSeed: firstSeed) }
  }

  private func isOf(_ result: TrialResult, _ arm: TrialArm) -> Bool {
    result.experiment == experiment && result.task == task.name && result.arm == arm.name
      && result.epochs == arm.options.epochs
  }

  /// Whether those that an arm depends on still have the rates that they had when a result was made.
  private func isCurrent(_ result: TrialResult, _ arm: TrialArm, firstSeed: UInt64) -> Bool {
    [(arm.teacher, result.teacherRate), (arm.beginning, result.beginningRate)].allSatisfy { name, recorded in
      guard let name, let other = arms.first(where: { $0.name == name }) else { return true }
      // Records without a rate are of a time when an arm's own were all there were.
      let then = recorded ?? best(of: tried(other, firstSeed: firstSeed).filter { other.rates.contains($0.rate) })
      return then == bestRate(other, firstSeed: firstSeed)
    }
  }

  private func known(_ arm: TrialArm, seed: UInt64, firstSeed: UInt64, rate: Double) -> TrialResult? {
    results.last {
      isOf($0, arm) && $0.seed == seed && $0.rate == rate && isCurrent($0, arm, firstSeed: firstSeed)
    }
  }

  /// The rate that validated best; the lower of equals.
  private func best(of results: [TrialResult]) -> Double? {
    results.max { ($0.validation, -$0.rate) < ($1.validation, -$1.rate) }?.rate
  }

  /// The rate of an arm that validated best with the first seed, of those tried so far.
  private func bestRate(_ arm: TrialArm, firstSeed: UInt64) -> Double? {
    best(of: tried(arm, firstSeed: firstSeed))
  }

  /// The next rate to try: twice the highest where none validates better than that, else half the lowest where none
  /// validates better than that; nil once the best lies between two that are worse.
  static func next(_ tried: [(rate: Double, validation: Double)]) -> Double? {
    guard let lowest = tried.min(by: { $0.rate < $1.rate }), let highest = tried.max(by: { $0.rate < $1.rate }),
      let best = tried.map(\.validation).max(), lowest.rate > 0
    else { return nil }
    if highest.validation == best, highest.rate * 2 <= highestRate { return highest.rate * 2 }
    if lowest.validation == best, lowest.rate / 2 >= lowestRate { return lowest.rate / 2 }
    return nil
  }

  /// No rate beyond these is tried.
  static let highestRate = 1.0
  static let lowestRate = 1e-6

  /// Tries the rates of an arm with the first seed until the best lies inside; returns it.
  private func choose(_ arm: TrialArm, firstSeed: UInt64, _ report: (TrialResult) throws -> Void) throws -> Double {
    for name in [arm.teacher, arm.beginning].compactMap({ $0 }) {
      _ = try choose(self.arm(name), firstSeed: firstSeed, report)
    }
    for rate in arm.rates { try run(arm, seed: firstSeed, firstSeed: firstSeed, rate: rate, report) }
    while !arm.isUntrained,
      let rate = Self.next(tried(arm, firstSeed: firstSeed).map { ($0.rate, $0.validation) })
    {
      try run(arm, seed: firstSeed, firstSeed: firstSeed, rate: rate, report)
    }
    return bestRate(arm, firstSeed: firstSeed) ?? arm.rates[0]
  }

  private func arm(_ name: String) throws -> TrialArm {
    guard let arm = arms.first(where: { $0.name == name }) else {
      throw ExperimentError(reason: "there is no arm \(name)")
    }
    return arm
  }

  /// Runs what is missing; `report` is told each result as soon as it is there.
  public func run(_ chosen: Set<String>?, seeds: ClosedRange<UInt64>, report: (TrialResult) throws -> Void) throws {
    for arm in arms where chosen.map({ $0.contains(arm.name) }) ?? true {
      let rate = try choose(arm, firstSeed: seeds.lowerBound, report)
      for seed in seeds { try run(arm, seed: seed, firstSeed: seeds.lowerBound, rate: rate, report) }
    }
  }

  private func run(
    _ arm: TrialArm, seed: UInt64, firstSeed: UInt64, rate: Double, _ report: (TrialResult) throws -> Void
  ) throws {
    guard known(arm, seed: seed, firstSeed: firstSeed, rate: rate) == nil else { return }
    let result: TrialResult
    do {
      result = try train(arm, seed: seed, firstSeed: firstSeed, rate: rate, report).result
    } catch TrainingError.diverged {
      // A rate that is too high is a result too: no network.
      var diverged = TrialResult(
        experiment: experiment, task: task.name, arm: arm.name, seed: seed, rate: rate, validation: 0, accuracy: 0,
        figures: ["diverged": 1], epochs: arm.options.epochs, seconds: 0)
      try noteRates(arm, firstSeed: firstSeed, report, in: &diverged)
      result = diverged
    }
    results.append(result)
    try report(result)
  }

  private func noteRates(
    _ arm: TrialArm, firstSeed: UInt64, _ report: (TrialResult) throws -> Void, in result: inout TrialResult
  ) throws {
    result.teacherRate = try arm.teacher.map { try choose(self.arm($0), firstSeed: firstSeed, report) }
    result.beginningRate = try arm.beginning.map { try choose(self.arm($0), firstSeed: firstSeed, report) }
  }

  /// The network of an arm at its best rate, trained now if it is not at hand.
  private func network(
    _ name: String, seed: UInt64, firstSeed: UInt64, _ report: (TrialResult) throws -> Void
  ) throws -> Network<Float> {
    let arm = try arm(name)
    let rate = try choose(arm, firstSeed: firstSeed, report)
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
      let converted = try other.converted(calibratedOn: task.train.sample(64), arm.conversion)
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
    var result = TrialResult(
      experiment: experiment, task: task.name, arm: arm.name, seed: seed, rate: rate, validation: validation,
      accuracy: accuracy, figures: figures, epochs: arm.options.epochs, seconds: Date().timeIntervalSince(begin))
    try noteRates(arm, firstSeed: firstSeed, report, in: &result)
    return (result, trained)
  }
}
