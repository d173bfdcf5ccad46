import Audio
import Foundation
import ModelFiles
import Numerics
import Spiketrum
import SpikingNetworks
import StreamSources

/// A recipe brought to its data: recordings found, divided and encoded, the network made, ready to train.
public struct TrainingSession: Sendable {
  /// What the session is doing, for whoever shows it.
  public enum Activity: Sendable, Equatable {
    /// Recordings are held against the data set's tables, and against each other.
    case comparing(done: Int, total: Int)
    case calibrating
    case encoding(part: DataPart, done: Int, total: Int)
  }

  /// Choices that are not the recipe's.
  public struct Settings: Sendable {
    public var dataFolder: String
    public var recipeFolder: String
    public var noiseFolder: String?
    public var threads: Int

    public init(dataFolder: String, recipeFolder: String, noiseFolder: String? = nil, threads: Int) {
      self.dataFolder = dataFolder
      self.recipeFolder = recipeFolder
      self.noiseFolder = noiseFolder
      self.threads = threads
    }
  }

  public let recipe: Recipe
  public let settings: Settings
  public let split: DataSplit
  /// The texts of the list files that divided the data, by the path the recipe gives.
  let lists: [String: String]
  public let encoder: RecordingEncoder
  /// What readers of the recordings took for granted.
  public let notes = ReadingNotes(name: Recording.shownName(ofFile:))
  public let network: Network<Float>
  /// The network that teaches, where the recipe names one.
  public let teacher: Network<Float>?
  /// Digests of the models that the recipe names.
  private let modelDigests: [String]
  /// What of the recipe and of the models it names does nothing or may not be meant; a line each.
  public let remarks: [String]

  /// Finds and divides the data, and checks everything that can be checked before something is encoded.
  public init(
    _ recipe: Recipe, settings: Settings, activity: @escaping @Sendable (Activity) -> Void
  ) throws {
    self.settings = settings
    var remarks = recipe.idle
    // What needs no recording comes first.
    let teaching = try recipe.training.distillation?.model.map { try Self.model($0, settings) }
    let begins = try recipe.training.beginning?.model.map { try Self.model($0, settings) }
    modelDigests = [teaching, begins].compactMap { $0?.manifest.sha256 }
    teacher = teaching?.network
    try recipe.requireEncoder(of: teaching)
    var network = try Network<Float>(recipe.network, seed: recipe.training.seed)
    guard network.inputWidth == recipe.encoder.shape.reduce(1, *) else {
      throw NetworkError.shape(
        layer: 0, kind: "input",
        problem: "the network's input \(recipe.network.input) does not hold the encoder's \(recipe.encoder.shape)")
    }
    if !recipe.readsAxesInOrder {
      remarks.append(
        "the network reads the encoder's \(recipe.encoder.axes) as \(recipe.network.input): as many inputs, other axes")
    }
    try Trainer.check(network, recipe.training, teacher: teacher)
    // Not fitted to the data yet, but good enough to open them.
    var opening = try RecordingEncoder(recipe.encoder.configuration)
    opening.reading = recipe.data.reading

    let dataSet = DataSet(
      recipe.data, folder: settings.dataFolder, recipeFolder: settings.recipeFolder, sense: recipe.encoder.sense)
    let split = try dataSet.surveyed(encoder: opening, threads: settings.threads, isForTraining: true) {
      activity(.comparing(done: $0, total: $1))
    }
    self.split = split
    // Read now: hours later, when the model is written, they may be gone or others.
    lists = try dataSet.lists()
    guard network.outputCount == split.labels.count else {
      throw NetworkError.output(
        expected: split.labels.count, found: network.layers.last?.outputShape ?? [])
    }
    if let labels = teaching?.manifest.labels, labels != split.labels {
      throw DistillationError.labels(student: split.labels, teacher: labels)
    }
    try recipe.decision.configuration.validate(labels: split.labels)

    var recipe = recipe
    if case .sound(var options) = recipe.encoder, options.needsCalibration {
      activity(.calibrating)
      try options.calibrate(
        on: Self.clips(
          of: split.train, sampleRate: options.configuration.sampleRate, reading: recipe.data.reading.sound,
          threads: settings.threads))
      recipe.encoder = .sound(options)
    }
    var encoder = try RecordingEncoder(recipe.encoder.configuration)
    encoder.reading = recipe.data.reading
    encoder.notes = notes
    self.encoder = encoder
    self.recipe = recipe
    remarks += recipe.remarks(teacher: teaching, beginning: begins)
    if settings.noiseFolder != nil, let reason = recipe.reasonAgainstNoiseFolder {
      remarks.append("the folder with noise does nothing: \(reason)")
    }
    self.remarks = remarks
    if let begins {
      let converted = try begins.network.converted(
        calibratedOn: Self.heard(split.train, by: encoder, threads: settings.threads))
      try network.take(from: converted)
    }
    self.network = network
  }

  /// A model that the recipe names.
  private static func model(_ path: String, _ settings: Settings) throws -> Model {
    try Model(reading: path.hasPrefix("/") ? path : "\(settings.recipeFolder)/\(path)")
  }

  /// The first training recordings, spread over the whole part, as the encoder hears them.
  private static func heard(
    _ recordings: [Recording], by encoder: RecordingEncoder, threads: Int
  ) throws -> [SpikeSequence] {
    let stride = max(1, recordings.count / 64)
    let chosen = recordings.indices.filter { $0 % stride == 0 }.map { recordings[$0] }
    return try encodeAll(
      chosen, threads: threads, progress: { _, _ in }, { _, recording in try encoder.encode(recording) })
  }

  /// Up to 200 training recordings spread over the whole part, to fit the encoder to.
  private static func clips(
    of recordings: [Recording], sampleRate: Int, reading: SoundReadingOptions, threads: Int
  ) throws -> [[Float]] {
    let stride = max(1, recordings.count / 200)
    let chosen = recordings.indices.filter { $0 % stride == 0 }.map { recordings[$0] }
    return try encodeAll(
      chosen, threads: threads, progress: { _, _ in },
      { _, recording in try RecordingEncoder.samples(recording, sampleRate: sampleRate, options: reading) })
  }

  /// Identifies recipe and data: a checkpoint continues only what it was begun with.
  public func fingerprint() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in try encoder.encode(recipe) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for byte in modelDigests.joined().utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for recording in split.train + split.validation {
      let name = recording.path.split(separator: "/").suffix(2).joined(separator: "/")
      for byte in "\(name) \(recording.label)\n".utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return String(digest, radix: 16)
  }

  /// Encodes a part; the training part with its variants.
  public func encode(_ part: DataPart, activity: @escaping @Sendable (Activity) -> Void) throws -> TrainingSet {
    let recordings = split[part]
    let augmentation = part == .train ? recipe.sound : SoundAugmentation()
    let noise = part == .train ? try self.noise() : SoundNoise()
    let seed = recipe.training.seed
    let encoder = encoder
    let encoded = try encodeAll(
      recordings, threads: settings.threads,
      progress: { activity(.encoding(part: part, done: $0, total: $1)) },
      { index, recording in
        try encoder.encodeTelling(recording, augmentation: augmentation, noise: noise, seed: seed, index: index)
      })
    var set = TrainingSet(variants: encoded.map(\.variants), targets: recordings.map(\.label))
    if !recipe.data.unions.isEmpty {
      let outputs = recipe.data.outputs(of: split.labels)
      set.parts = recordings.map { outputs.firstIndex(of: $0.word ?? split.labels[$0.label]) }
    }
    set.notes = try EncodedRecording.notes(
      encoded, of: recordings, part: part, labels: split.labels, variants: augmentation.variants)
    return set
  }

  private func noise() throws -> SoundNoise {
    guard case .sound(let options) = recipe.encoder, recipe.sound.noiseChance > 0, recipe.sound.variants > 0 else {
      return SoundNoise()
    }
    let rate = options.configuration.sampleRate
    let folder =
      settings.noiseFolder
      ?? recipe.sound.noiseFolder.map { $0.hasPrefix("/") ? $0 : "\(settings.recipeFolder)/\($0)" }
    let recordings = try folder.map { try SoundFolder($0).samples(sampleRate: rate) }
    return SoundNoise(recordings: recordings ?? [], voices: try voices(sampleRate: rate))
  }

  /// Recordings of the training part that may talk in the background of the others: so many that each is heard rarely,
  /// so few that they fit into memory.
  func voices(sampleRate: Int) throws -> [Int: [Float]] {
    guard recipe.sound.babbleChance > 0 else { return [:] }
    var random = RandomStream(seed: recipe.training.seed, purpose: "voices")
    var numbers = Array(split.train.indices)
    random.shuffle(&numbers)
    let chosen = Array(numbers.prefix(Self.voiceCount))
    let reading = recipe.data.reading.sound
    let samples = try encodeAll(
      chosen.map { split.train[$0] }, threads: settings.threads, progress: { _, _ in },
      { _, recording in try RecordingEncoder.samples(recording, sampleRate: sampleRate, options: reading) })
    return Dictionary(uniqueKeysWithValues: zip(chosen, samples))
  }

  private static let voiceCount = 500
}
