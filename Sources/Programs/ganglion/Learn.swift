import ArgumentParser
import CommandSupport
import Failures
import Foundation
import Learning
import ModelFiles
import Numerics
import SpikingNetworks
import StreamSources

/// `ganglion learn`: another task for a model that is in use.
struct Learn: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Teach a model another task from a handful of recordings, without the old data.",
    discussion: """
      NEW-DATA is a folder of folders, one for each label with its recordings in it; labels may be new to the model or \
      known to it (another speaker, another room). Or it is a folder of files named {label}_{speaker}_{take}.wav.

      The model gets a context unit for the task, a few more neurons in each hidden layer, and an output for each new \
      label. Neurons that earlier tasks use are read only, and those that are new are closed in their contexts, so that \
      earlier tasks answer as before, to the bit. Nothing of the old data is needed, nothing of the new is stored.

      With --check, a folder of the same kind with recordings of old labels, it is measured what earlier tasks keep: told \
      which task it is, which cannot change, and with the task inferred among all, which can. If one falls by more than \
      --limit points told, or --limit-inferred inferred, nothing is written.

      Where the task is inferred, a new label could take over what was known. So recordings of other sounds are learnt from, to \
      be answered as before, and others of them are tried: the new labels' outputs are lowered until they take at most one in \
      a hundred. If then they hear less than half of their own recordings, nothing is written. The sounds are those of \
      --background and --check, or the talk and noise that come with Ganglion.

      Run it with: ganglion run --model MODEL --task NAME, or --task infer.
      Every fifth recording of a label is kept aside and tested with; with --leave-out all of one speaker are, where the \
      recordings tell who speaks. What occurs twice in NEW-DATA is learnt once; files that are no recordings are named \
      and left out.

      Example: ganglion learn Samples/models/digits.safetensors ~/my-word --task word -o mine.safetensors

      \(ExitStatus.help)
      """)

  @Argument(help: "The model, a .safetensors file.", completion: .file()) var model: String
  @Argument(help: "Folder with recordings of the new task.", completion: .directory) var newData: String
  @Option(help: "What to call the new task.") var task: String
  @Option(name: .shortAndLong, help: "Where to write the model; over the old one when absent.", completion: .file())
  var output: String?
  @Option(help: "Folder with recordings of old labels to check with.", completion: .directory) var check: String?
  @Option(help: "Points that an earlier task may lose, told.") var limit = 1.0
  @Option(help: "Points that an earlier task may lose with the task inferred; no limit when absent.")
  var limitInferred: Double?
  @Option(
    help:
      "Folder with recordings of anything else, to be answered as before; played backwards, the new ones serve too.",
    completion: .directory)
  var background: String?
  @Flag(help: "Skip what makes it safe to infer the task: the model is run with --task alone.") var toldOnly = false
  @Option(help: "Keep this speaker's recordings aside to test with, instead of every fifth.") var leaveOut: String?
  @Option(help: "Neurons that each hidden layer gains.") var neurons = 24
  @Option(help: "Passes over the recordings; more where there are few.") var epochs = 30
  @Option(help: "Seed of every random choice.") var seed: UInt64 = 1
  @Option(help: "Threads.") var threads = ProcessInfo.processInfo.activeProcessorCount
  @OptionGroup var reading: RecordingInputOptions
  @Flag(help: "Print one JSON object instead of a table.") var json = false

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
    guard epochs > 0 else { throw ValidationError("--epochs must be at least 1") }
    guard (0...10_000).contains(neurons) else { throw ValidationError("--neurons is 0 to 10000") }
    guard (0...100).contains(limit), (0...100).contains(limitInferred ?? 0) else {
      throw ValidationError("limits are 0 to 100 points")
    }
    guard limitInferred == nil || check != nil else {
      throw ValidationError("--limit-inferred needs recordings of old labels, --check")
    }
    guard !task.isEmpty, task.count <= 64 else { throw ValidationError("--task is a name of up to 64 characters") }
  }

  func run() throws {
    Ending.shared.remark("\(model) is as it was")
    let begin = Date()
    let base = try Model(reading: model)
    let options = try reading.readingOptions(for: base.manifest)
    var settings = TaskLesson.Settings()
    settings.neurons = neurons
    settings.epochs = epochs
    settings.seed = seed
    let lesson = try TaskLesson(base, name: task, settings: settings)
    var opening = try RecordingEncoder(base.manifest.encoder)
    opening.reading = options
    func folder(_ path: String, among known: [String]? = nil, isForLearning: Bool) throws -> TaskFolder {
      let found = try TaskFolder(
        path, among: known, encoder: opening, isForLearning: isForLearning, threads: threads)
      for note in found.notes { StandardError.report("\(path): \(note)") }
      return found
    }
    let found = try folder(newData, isForLearning: true)
    let isAside = try leaveOut.map { try found.isMade(by: $0) }
    try found.requireEnough(TaskLesson.fewest, isAside: isAside)
    let old = try check.map { try folder($0, among: base.manifest.labels, isForLearning: false) }
    let others =
      try background.map { try folder($0, isForLearning: false).recordings }
      ?? ownBackground(base.manifest, without: found.labels)
    let line = WorkProgress()
    // Another program than this one may have known other options: only what is needed is read.
    let recipe = try base.manifest.training.recipe.map {
      try RecipeDocument(yaml: $0, path: "the recipe in \(model)")
    }
    func augmentation<Kind: Decodable>(_ section: String, _ kind: Kind.Type) -> Kind? {
      do {
        return try recipe?.section(section, kind)
      } catch {
        StandardError.report("\(error); this part of the recipe is not used")
        return nil
      }
    }
    let sound = augmentation("sound", SoundAugmentation.self)
    let spikes = augmentation("spikes", SpikeAugmentation.self)
    let encoder = try LessonEncoder(base.manifest, sound: sound, reading: options, seed: seed, threads: threads)
    let variants = try encoder.encode(found.recordings) { line.show("encoding", done: $0, total: $1) }
    // Every other one is learnt from, the rest is tried.
    let isTried = { (index: Int) in !toldOnly && index % 2 == 1 }
    let learntFrom = others.enumerated().filter { !isTried($0.offset) }.map(\.element)
    let show = { @Sendable (done: Int, total: Int) in line.show("encoding background", done: done, total: total) }
    let otherVariants =
      try background == nil
      ? encoder.encodePlain(learntFrom, progress: show).map { [$0] }
      : encoder.encode(learntFrom, mayBeSilent: true, progress: show)
    let tried =
      others.enumerated().filter { isTried($0.offset) }.map(\.element) + (toldOnly ? [] : old?.recordings ?? [])
    let guards = try encoder.encodePlain(tried) { line.show("encoding what to try", done: $0, total: $1) }
    let outcome = try lesson.learn(
      .init(labels: found.labels, variants: variants, targets: found.recordings.map(\.label), isAside: isAside),
      background: otherVariants, guards: guards, augmentation: spikes ?? SpikeAugmentation(), levels: encoder.levels,
      threads: threads
    ) { done, total, loss in
      line.show("learning", done: done, total: total, detail: "loss \(fixed(loss, 3))")
      return true
    }
    line.clear()
    for note in encoder.notes.lines { StandardError.report(note) }
    guard let outcome else { return }
    var report = LearnReport(
      base: base, outcome: outcome, task: task, newLabels: found.labels.filter { !base.manifest.labels.contains($0) },
      recordings: found.recordings.count, limit: limit, limitInferred: limitInferred)
    if let old {
      try report.measure(old, reading: options, threads: threads) { line.show("checking", done: $0, total: $1) }
      line.clear()
    }
    report.seconds = Date().timeIntervalSince(begin)
    try StandardOutput.shared.write(line: json ? try report.json() : report.text)
    if !outcome.isProtected, old == nil { throw LessonError.notProtected(model: base.manifest.name) }
    if let refusal = report.refusal { throw refusal }
    if let safety = outcome.safety, safety.heard < 0.5 {
      throw LessonError.tooAlike(heard: safety.heard, taken: safety.takenBefore)
    }
    try outcome.model.write(to: output ?? model)
    StandardError.report(
      "\(output ?? model): written; run it with --task \(ShellWord.quoted(task)), or --task \(ModelTask.inference)")
  }
}

extension Learn {
  /// The words that come with Ganglion, but for those that are learnt, where they are wanted and to be found.
  private func ownBackground(_ manifest: ModelManifest, without labels: [String]) throws -> [Recording] {
    guard manifest.sense == .sound, !toldOnly, let folder = Background.own() else { return [] }
    let paths = try SoundFolder("\(folder)/speech").paths.filter { path in
      path.contains("/commands-") && !labels.contains { path.contains("/commands-\($0.lowercased())-") }
    }
    return paths.map { Recording(path: $0, label: 0, group: $0) }
  }
}

enum ShellWord {
  /// A word as a shell takes it.
  static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
    }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}

/// Encodes the recordings of a lesson as the model hears them, with the changes its recipe makes to sound.
struct LessonEncoder {
  /// What readers of the recordings took for granted.
  let notes = ReadingNotes()
  private let encoder: RecordingEncoder
  private let augmentation: SoundAugmentation
  private let seed: UInt64
  private let threads: Int

  var levels: Int { encoder.levels }

  init(
    _ manifest: ModelManifest, sound: SoundAugmentation?, reading: RecordingOptions, seed: UInt64, threads: Int
  ) throws {
    var encoder = try RecordingEncoder(manifest.encoder)
    encoder.reading = reading
    encoder.notes = notes
    self.encoder = encoder
    var augmentation = sound ?? SoundAugmentation()
    // A handful of recordings is varied as often as many are; those of events are not varied.
    augmentation.variants = manifest.sense == .sound ? max(augmentation.variants, 3) : 0
    self.augmentation = augmentation
    self.seed = seed
    self.threads = threads
  }

  /// The recordings themselves; those in which nothing is heard are left out.
  func encodePlain(
    _ recordings: [Recording], progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> [SpikeSequence] {
    let encoder = encoder
    let encoded = try encodeAll(recordings, threads: threads, progress: progress) { _, recording in
      try encoder.encodeWhole(recording).activePart()
    }
    return encoded.compactMap { $0 }
  }

  /// - Parameter mayBeSilent: whether recordings in which nothing is heard are left out, not refused.
  func encode(
    _ recordings: [Recording], mayBeSilent: Bool = false, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> [[SpikeSequence]] {
    let (encoder, augmentation, seed) = (encoder, augmentation, seed)
    let encoded = try encodeAll(recordings, threads: threads, progress: progress) {
      index, recording -> [SpikeSequence] in
      let variants = try encoder.encode(
        recording, augmentation: augmentation, noise: SoundNoise(), seed: seed, index: index)
      guard variants.first?.channels.isEmpty == false else {
        if mayBeSilent { return [] }
        throw LessonError.nothingHeard(path: recording.path)
      }
      return variants
    }.filter { !$0.isEmpty }
    let lost = encoded.reduce(0) { $0 + 1 + augmentation.variants - $1.count }
    if lost > 0, !mayBeSilent {
      StandardError.report(
        "\(lost) of \(augmentation.variants * recordings.count) variants fell silent and are left out")
    }
    return encoded
  }
}
