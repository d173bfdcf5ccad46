import Digests
import EncoderList
import Foundation
import Learning
import ModelFiles
import Numerics
import OutputFiles
import Recognition
import SpikingNetworks

/// The life of a training on streams: data are read, the network learns, is measured on the way, and becomes a model.
public final class StreamTrainingSession {
  /// Where things are, and how much of the machine is used.
  public struct Settings: Sendable {
    public var dataFolder: String
    public var recipeFolder: String
    public var threads: Int

    public init(dataFolder: String, recipeFolder: String, threads: Int) {
      self.dataFolder = dataFolder
      self.recipeFolder = recipeFolder
      self.threads = threads
    }
  }

  /// What it is busy with.
  public enum Activity: Sendable {
    case reading(part: DataPart, done: Int, total: Int)
    /// Chunks heard, of how many, and the last batch's loss.
    case learning(done: Int, total: Int, loss: Double)
    case measuring(done: Int, total: Int)
  }

  public let recipe: StreamRecipe
  private let settings: Settings
  private let trainer: StreamTrainer
  private let trial: StreamTrial
  /// What should be known of the data, a line each.
  public let notes: [String]
  /// Hours of other speech in the validation part, each once.
  private let validationHours: Double
  private let fingerprint: String

  /// Thresholds that are tried, and false accepts an hour that sensitivities allow.
  private static let thresholds = ThresholdChoice.trials(count: 64)
  static let sensitivities: [(name: String, perHour: Double)] = [("low", 0.1), ("normal", 0.5), ("high", 2)]

  /// Reads and analyses the data.
  ///
  /// - Parameter resuming: the checkpoint that this training left, if there is one.
  public init(
    _ recipe: StreamRecipe, settings: Settings, resuming checkpoint: StreamCheckpoint? = nil,
    activity: @escaping @Sendable (Activity) -> Void
  ) throws {
    self.recipe = recipe
    self.settings = settings
    let made: Material
    switch recipe.material {
    case .sound(let stream): made = try Self.sound(stream, recipe, settings, activity)
    case .scenes(let scenes): made = try Self.scenes(scenes, recipe, settings)
    }
    fingerprint = made.fingerprint
    notes = made.notes
    validationHours = made.validationHours
    trial = StreamTrial(made.trial)
    trainer = try StreamTrainer(
      Network<Float>(recipe.network, seed: recipe.training.seed), recipe.training, subject: made.subject,
      free: Int(
        Double(recipe.decision.configuration.warmUpMicroseconds) / Double(made.subject.stepMicroseconds)),
      threads: settings.threads, resuming: try checkpoint?.read(fingerprint: fingerprint))
  }

  /// What a recipe's material comes to.
  private struct Material {
    var subject: any StreamSubject
    var trial: any TrialSubject
    var notes: [String]
    var validationHours: Double
    var fingerprint: String
  }

  /// Scenes that are simulated as they are needed.
  private static func scenes(
    _ scenes: SceneDescription, _ recipe: StreamRecipe, _ settings: Settings
  ) throws -> Material {
    let chunks = SceneChunks(
      scenes: scenes, binning: recipe.binning, seconds: recipe.training.chunkSeconds, seed: recipe.training.seed,
      threads: settings.threads)
    return Material(
      subject: chunks, trial: chunks,
      notes: [
        "scenes: \(scenes.gestures.count) gestures, sensors \(scenes.sensors.map(\.description).joined(separator: ", ")), "
          + "each scene seen \(scenes.views) times"
      ], validationHours: recipe.training.validationHours, fingerprint: try fingerprint(recipe, [:]))
  }

  /// Reads and analyses recordings.
  private static func sound(
    _ stream: StreamDataDescription, _ recipe: StreamRecipe, _ settings: Settings,
    _ activity: @escaping @Sendable (Activity) -> Void
  ) throws -> Material {
    let parts = try StreamFiles.find(
      stream, dataFolder: settings.dataFolder, recipeFolder: settings.recipeFolder)
    func material(_ part: DataPart, copies: Bool) throws -> StreamMaterial {
      guard let files = parts[part] else { throw TrainingError.emptyPart(part) }
      let material = try StreamMaterial.read(
        files, bands: recipe.bands, composition: recipe.composition, copies: copies, seed: recipe.training.seed,
        threads: settings.threads
      ) { activity(.reading(part: part, done: $0, total: $1)) }
      for (label, name) in recipe.labels.enumerated() where !material.words.contains(where: { $0.label == label }) {
        throw DataError.emptyClass(name, place: part.rawValue, found: [])
      }
      guard !material.speech.isEmpty else { throw TrainingError.emptyPart(part) }
      return material
    }
    let train = try material(.train, copies: true)
    let validation = try material(.validation, copies: false)
    let stepMicroseconds = Double(recipe.bands.stepMicroseconds)
    let composer = ChunkComposer(
      train, recipe.composition, frames: Int(recipe.training.chunkSeconds * 1e6 / stepMicroseconds),
      mining: recipe.training.mining)
    let notes =
      StreamFiles.parts.compactMap { part in
        guard let files = parts[part] else { return nil }
        let words = zip(recipe.labels, files.words).map { "\($0) \($1.count)" }.joined(separator: ", ")
        return
          "\(part.rawValue): words \(words); speech \(files.speech.reduce(0) { $0 + $1.count }); noise \(files.noise.count)"
      } + [
        "speech without the words: \(Int((train.speechSeconds / 60).rounded())) min to learn from (copies counted), "
          + "\(Int((validation.speechSeconds / 60).rounded())) min to choose thresholds on"
      ]
    return Material(
      subject: composer, trial: WordTrial(validation, recipe.composition, seed: recipe.training.seed), notes: notes,
      validationHours: validation.speechSeconds / 3_600, fingerprint: try fingerprint(recipe, parts))
  }

  /// A digest of what decides the training.
  private static func fingerprint(_ recipe: StreamRecipe, _ parts: [DataPart: StreamFiles]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    var digest = SHA256Digest()
    func add(_ bytes: some Sequence<UInt8>) { Array(bytes).withUnsafeBytes { digest.add($0) } }
    add(try encoder.encode(recipe))
    for part in StreamFiles.parts {
      guard let files = parts[part] else { continue }
      for entry in Array(files.words.joined()) + Array(files.speech.joined()) + files.noise {
        add(entry.name.utf8)
        let attributes = try? FileManager.default.attributesOfItem(atPath: entry.path)
        add("\(attributes?[FileAttributeKey.size] as? Int ?? 0)".utf8)
      }
    }
    return digest.hexadecimal
  }

  public var isFinished: Bool { trainer.isFinished }
  public var parameters: Int { trainer.averaged.parameters.count }
  /// Chunks heard so far.
  public var chunks: Int { min(recipe.training.chunks, trainer.state.steps * recipe.training.batch) }
  public var history: [StreamProgressRecord] { trainer.state.history }

  /// Learns until the next pause, and measures there.
  public func learn(activity: (Activity) -> Void) throws -> StreamProgressRecord {
    let batch = recipe.training.batch
    let loss = try trainer.runToPause { done, loss in
      activity(
        .learning(done: min(done * batch, recipe.training.chunks), total: recipe.training.chunks, loss: loss.total))
    }
    let outcome = try trial.run(
      try model(recipeText: "", seconds: 0), hours: recipe.training.progressMinutes / 60, thresholds: Self.thresholds
    ) { activity(.measuring(done: $0, total: $1)) }
    let found = outcome.sensitivity("progress", perHour: 5, labels: recipe.labels)
    let words = found.words + found.noisyWords
    let record = StreamProgressRecord(
      chunks: chunks, loss: loss,
      missed: words > 0 ? Double(found.missed + found.noisyMissed) / Double(words) : nil,
      falseAcceptsPerHour: Double(found.falseAccepts) / max(outcome.hours, 1e-9),
      measurements: trainer.measurements.isEmpty ? nil : trainer.measurements)
    trainer.record(record)
    return record
  }

  /// Writes what is needed to go on.
  public func write(to checkpoint: StreamCheckpoint) throws {
    try checkpoint.write(trainer.state, fingerprint: fingerprint)
  }

  /// The model with thresholds chosen on hours of speech without the words.
  public func finish(recipeText: String, seconds: Double, activity: (Activity) -> Void) throws -> Model {
    let plain = try model(recipeText: recipeText, seconds: seconds)
    let outcome = try trial.run(plain, hours: recipe.training.validationHours, thresholds: Self.thresholds) {
      activity(.measuring(done: $0, total: $1))
    }
    var manifest = plain.manifest
    manifest.decision.stream?.sensitivities = Self.sensitivities.map {
      outcome.sensitivity($0.name, perHour: $0.perHour, labels: recipe.labels)
    }
    if let usual = manifest.decision.with(sensitivity: "normal") { manifest.decision = usual }
    let lasts = recipe.training.loss.onsetSeconds != nil
    for (label, name) in recipe.labels.enumerated() {
      let threshold = manifest.decision.threshold(of: name)
      guard let delays = outcome.delays(label, threshold: threshold, fromStart: lasts) else { continue }
      manifest.training.notes["delay \(name)"] =
        "half of them are told \(delays.median / 1_000) ms after their \(lasts ? "start" : "end"), 95 % within "
        + "\(delays.most / 1_000) ms"
    }
    for shares in AttentionShares.found(in: trainer.state.history.last?.measurements ?? [:]) {
      manifest.training.notes[TrainingRecord.attentionKey(shares.layer, shares.map)] = shares.warning ?? shares.text
    }
    let hours = String(format: "%.2f", validationHours)
    switch recipe.material {
    case .sound:
      manifest.training.notes["thresholds"] = "chosen on a stream composed of \(hours) h of speech without the words"
    case .scenes: manifest.training.notes["thresholds"] = "chosen on \(hours) h of scenes without gestures"
    }
    return try Model(manifest: manifest, network: plain.network)
  }

  /// The model as it is now, with a threshold of a half.
  private func model(recipeText: String, seconds: Double) throws -> Model {
    var network = trainer.averaged
    if recipe.training.weightBits == 8 { network = network.withEightBitWeights() }
    let record = TrainingRecord(
      recipe: recipeText, seeds: [recipe.training.seed], data: "streams",
      split: notes.first, seconds: seconds.rounded(),
      notes: ["parameters": "\(network.parameters.count)", "chunks": "\(chunks)"])
    var manifest = ModelManifest(
      name: recipe.name, labels: recipe.labels, network: network.description, encoder: recipe.encoder.configuration,
      decision: DecisionConfiguration(stream: recipe.decision.configuration), training: record)
    if recipe.training.weightBits == 8 { manifest.weightBits = 8 }
    return try Model(manifest: manifest, network: network)
  }
}
