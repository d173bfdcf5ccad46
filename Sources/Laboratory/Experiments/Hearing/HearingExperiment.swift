import EncoderList
import Foundation
import Learning
import ModelFiles
import Numerics
import SpikingNetworks

/// How a trained arm is heard: as recorded, in noise, by other speakers, or cut short.
public enum HearingCondition: String, CaseIterable, Sendable, Codable {
  case clean, noise20, noise10, noise0, speakers, short

  /// Decibels of the recordings over the noise.
  var decibels: Double? {
    switch self {
    case .noise20: 20
    case .noise10: 10
    case .noise0: 0
    case .clean, .speakers, .short: nil
    }
  }

  /// Share of a recording that is heard.
  var share: Double { self == .short ? 0.6 : 1 }
}

/// What one arm did with one seed.
public struct HearingResult: Sendable, Codable, Equatable {
  public var arm: HearingArm
  public var seed: UInt64
  public var epochs: Int
  /// Highest learning rate.
  public var rate: Double
  public var parameters: Int
  /// Multiply-accumulates of a second of sound if every input were active.
  public var products: Double
  public var validation: Double
  /// Share of right answers in each condition that was measured, by its name.
  public var accuracies: [String: Double]
  public var seconds: Double

  public func accuracy(_ condition: HearingCondition) -> Double? { accuracies[condition.rawValue] }
}

private struct LabelledRecordings: Sendable {
  var recordings: [Recording]
  var labels: [String]
}

/// Trains the arms with a recipe's data, encoder, augmentation and training, and hears the test part with each.
public struct HearingExperiment {
  /// Where recordings are.
  public struct Folders: Sendable {
    public var data: String
    public var recipe: String
    /// Noise to train with, and other noise to hear in.
    public var noise: String?
    public var heldOutNoise: String?
    /// A folder a class with recordings of other speakers.
    public var speakers: String?

    public init(data: String, recipe: String, noise: String?, heldOutNoise: String?, speakers: String?) {
      self.data = data
      self.recipe = recipe
      self.noise = noise
      self.heldOutNoise = heldOutNoise
      self.speakers = speakers
    }
  }

  /// Learned numbers of every arm, nearly.
  public static let parameters = 70_000

  private let session: TrainingSession
  private let folders: Folders
  private let threads: Int
  private let train: TrainingSet
  private let validation: TrainingSet
  private let heldOutNoise: [[Float]]
  private let otherSpeakers: LabelledRecordings?
  private let end: [LayerDescription]

  /// Encodes the recordings, which all arms of a seed share.
  ///
  /// - Throws: also for a recipe that is not for sound in 40 bands.
  public init(
    _ recipe: Recipe, seed: UInt64, folders: Folders, threads: Int,
    activity: @escaping @Sendable (TrainingSession.Activity) -> Void
  ) throws {
    var recipe = recipe
    recipe.training.seed = seed
    self.folders = folders
    self.threads = threads
    session = try TrainingSession(
      recipe,
      settings: .init(
        dataFolder: folders.data, recipeFolder: folders.recipe, noiseFolder: folders.noise, threads: threads),
      activity: activity)
    guard recipe.network.input == [40], case .sound(let encoding) = session.recipe.encoder.configuration else {
      throw ExperimentError(
        reason: "the nets of this experiment hear sound in 40 bands, the recipe's input is \(recipe.network.input)")
    }
    // The read-out of the recipe: what follows its last neurons.
    let last = recipe.network.layers.lastIndex { if case .neurons = $0 { true } else { false } } ?? -1
    end = Array(recipe.network.layers[(last + 1)...])
    train = try session.encode(.train, activity: activity)
    validation = try session.encode(.validation, activity: activity)
    heldOutNoise = try folders.heldOutNoise.map { try SoundFolder($0).samples(sampleRate: encoding.sampleRate) } ?? []
    let labels = session.split.labels
    otherSpeakers = try folders.speakers.map { try Self.clips(in: $0, of: labels) }
  }

  /// All recordings of a folder a class, of those classes that have one.
  private static func clips(in folder: String, of labels: [String]) throws -> LabelledRecordings {
    var description = DataDescription(layout: .folders)
    let present = try DataSet.classFolders(in: folder)
    description.labels = labels.filter(present.contains)
    description.allowRepeats = true
    let split = try DataSet(description, folder: folder, recipeFolder: folder).split()
    return LabelledRecordings(recordings: split.train + split.validation + split.test, labels: split.labels)
  }

  /// Trains an arm for so many epochs, keeps the weights that validated best, and hears with them.
  public func run(
    _ arm: HearingArm, epochs: Int, progress: (_ epoch: EpochRecord) -> Void
  ) throws -> HearingResult {
    let begin = Date()
    var options = session.recipe.training
    options.epochs = epochs
    let description = try arm.network(parameters: Self.parameters, end: end, input: session.recipe.network.input)
    let network = try Network<Float>(description, seed: options.seed)
    let trainer = try Trainer(
      network: network, options: options, augmentation: session.recipe.spikes, train: train, validation: validation,
      levels: session.encoder.levels, threads: threads, fingerprint: "")
    while !trainer.isFinished {
      if let record = try trainer.runEpoch(progress: { _, _, _ in true }) { progress(record) }
    }
    let model = try session.model(trainer, recipeText: "", seconds: 0)
    var accuracies: [String: Double] = [:]
    for condition in HearingCondition.allCases {
      if let share = try hear(model, condition) { accuracies[condition.rawValue] = share }
    }
    let summary = network.summary()
    let stepsPerSecond = 1e6 / Double(model.manifest.encoder.stepMicroseconds)
    return HearingResult(
      arm: arm, seed: options.seed, epochs: epochs, rate: options.optimiser.rate, parameters: summary.learned,
      products: summary.multiplyAccumulates * stepsPerSecond,
      validation: trainer.state.history[trainer.state.bestEpoch - 1].validationAccuracy, accuracies: accuracies,
      seconds: Date().timeIntervalSince(begin))
  }

  /// Share of right answers; nil where there is nothing to measure it on.
  private func hear(_ model: Model, _ condition: HearingCondition) throws -> Double? {
    var evaluator = try Evaluator(model, reading: session.recipe.data.reading)
    if condition.decibels != nil || condition.share < 1 {
      evaluator.disturbance = SoundDisturbance(
        noise: heldOutNoise, decibels: condition.decibels, seed: 1, share: condition.share)
    }
    let own = LabelledRecordings(recordings: session.split.test, labels: session.split.labels)
    guard let set = condition == .speakers ? otherSpeakers : own else { return nil }
    return try evaluator.evaluate(set.recordings, labels: set.labels, threads: threads) { _, _ in }.accuracy.share
  }
}
