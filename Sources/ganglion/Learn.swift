import ArgumentParser
import Failures
import Foundation
import Learning
import Pipelines
import SpikingNetworks
import Tensors

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

      Run it with: ganglion run --model MODEL --task NAME, or --task infer.
      Every fifth recording of a label is kept aside and tested with.

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
    let found = try TaskFolder(newData)
    try found.requireEnough(TaskLesson.fewest)
    let old = try check.map { try TaskFolder($0, among: base.manifest.labels) }
    let others = try background.map { try TaskFolder($0) }
    let line = WorkProgress()
    let recipe = base.manifest.training.recipe.flatMap { try? Recipe(yaml: $0, path: model) }
    let encoder = try LessonEncoder(base.manifest, recipe: recipe, reading: options, seed: seed, threads: threads)
    let variants = try encoder.encode(found.recordings) { line.show("encoding", done: $0, total: $1) }
    let otherVariants = try others.map { folder in
      try encoder.encode(folder.recordings) { line.show("encoding background", done: $0, total: $1) }
    }
    let outcome = try lesson.learn(
      .init(labels: found.labels, variants: variants, targets: found.recordings.map(\.label)),
      background: otherVariants ?? [], augmentation: recipe?.spikes ?? SpikeAugmentation(), levels: encoder.levels,
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
    try outcome.model.write(to: output ?? model)
    StandardError.report(
      "\(output ?? model): written; run it with --task \(ShellWord.quoted(task)), or --task \(ModelTask.inference)")
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

/// Labelled recordings in a folder: a folder for each label, or files named after FSDD.
struct TaskFolder {
  let path: String
  private(set) var labels: [String] = []
  private(set) var recordings: [Recording] = []

  /// - Parameter known: labels that recordings may have; any when nil.
  init(_ path: String, among known: [String]? = nil) throws {
    self.path = path
    let manager = FileManager.default
    func isFolder(_ path: String) -> Bool {
      var isFolder: ObjCBool = false
      return manager.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
    guard isFolder(path), let names = try? manager.contentsOfDirectory(atPath: path).sorted() else {
      throw DataError.missingFolder(path)
    }
    var files: [(label: String, path: String, group: String)] = []
    for name in names where !name.hasPrefix(".") {
      let place = "\(path)/\(name)"
      if isFolder(place) {
        let inside = (try? manager.contentsOfDirectory(atPath: place).sorted()) ?? []
        for file in inside where !file.hasPrefix(".") && !isFolder("\(place)/\(file)") {
          files.append((name, "\(place)/\(file)", file))
        }
      } else {
        let parts = (name as NSString).deletingPathExtension.split(separator: "_")
        guard parts.count == 3, Int(parts[2]) != nil else { continue }
        files.append((String(parts[0]), place, String(parts[1])))
      }
    }
    guard !files.isEmpty else {
      throw DataError.empty(
        folder: path, layout: "folders",
        expected: "a folder for each label with recordings in it, or files named {label}_{speaker}_{take}.wav")
    }
    labels = Set(files.map(\.label)).sorted()
    if let known, let stranger = labels.first(where: { !known.contains($0) }) {
      throw DataError.unknownLabel(stranger, path: path)
    }
    for file in files {
      guard let label = labels.firstIndex(of: file.label) else { continue }
      recordings.append(Recording(path: file.path, label: label, group: file.group))
    }
  }

  func requireEnough(_ needed: Int) throws {
    for (index, label) in labels.enumerated() {
      let found = recordings.count { $0.label == index }
      if found < needed { throw LessonError.tooFew(label: label, found: found, needed: needed) }
    }
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
    _ manifest: ModelManifest, recipe: Recipe?, reading: RecordingOptions, seed: UInt64, threads: Int
  ) throws {
    var encoder = try RecordingEncoder(manifest.encoder)
    encoder.reading = reading
    encoder.notes = notes
    self.encoder = encoder
    var augmentation = recipe?.sound ?? SoundAugmentation()
    // A handful of recordings is varied as often as many are.
    if case .spiketrum = manifest.encoder { augmentation.variants = max(augmentation.variants, 3) }
    self.augmentation = augmentation
    self.seed = seed
    self.threads = threads
  }

  func encode(
    _ recordings: [Recording], progress: @escaping @Sendable (Int, Int) -> Void
  ) throws -> [[SpikeSequence]] {
    let (encoder, augmentation, seed) = (encoder, augmentation, seed)
    return try encodeAll(recordings, threads: threads, progress: progress) { index, recording in
      let variants = try encoder.encode(recording, augmentation: augmentation, noise: [], seed: seed, index: index)
      guard variants.first?.channels.isEmpty == false else { throw LessonError.nothingHeard(path: recording.path) }
      return variants
    }
  }
}
