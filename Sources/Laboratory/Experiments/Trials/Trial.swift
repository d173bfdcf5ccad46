import Learning
import SpikingNetworks

/// One way of training that an experiment compares with others.
public struct TrialArm: Sendable {
  public var name: String
  public var network: NetworkDescription
  public var options: TrainingOptions
  /// Learning rates of which validation chooses one, with the first seed; where the best is the highest or the lowest of
  /// those tried, the next one is tried too.
  public var rates: [Double]
  /// The arm whose network, trained with the same seed, teaches.
  public var teacher: String?
  /// The arm whose network gives the weights to begin with, converted if it does not spike.
  public var beginning: String?
  public var isTeacherShuffled = false
  /// How a network that does not spike is converted for the beginning.
  public var conversion = Conversion()
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
  /// Learning rate of the arm that taught, and of the one that gave the weights to begin with; nil in records that were
  /// made before rates could lie outside of an arm's own.
  public var teacherRate: Double?
  public var beginningRate: Double?
  /// Best accuracy on the validation part, and what those weights gave on the test part.
  public var validation: Double
  public var accuracy: Double
  /// Anything else that was measured, by name.
  public var figures: [String: Double]
  public var epochs: Int
  public var seconds: Double
}

extension [TrialResult] {
  /// Results of an arm at the rate that validated best with its first seed, by seed. Where an arm was run again because
  /// the rate of its teacher or of its beginning changed, the earlier results are left out.
  public func chosen(task: String, arm: String) -> [TrialResult] {
    let every = filter { $0.task == task && $0.arm == arm }
    var latest: [String: TrialResult] = [:]
    for result in every
    where [(result.teacherRate, every.last?.teacherRate), (result.beginningRate, every.last?.beginningRate)].allSatisfy(
      {
        $0 == nil || $0 == $1
      })
    {
      latest["\(result.seed) \(result.rate)"] = result
    }
    let all = Array(latest.values)
    guard let first = all.map(\.seed).min() else { return [] }
    let best = all.filter { $0.seed == first }.max { ($0.validation, -$0.rate) < ($1.validation, -$1.rate) }
    return all.filter { $0.rate == best?.rate }.sorted { $0.seed < $1.seed }
  }
}
