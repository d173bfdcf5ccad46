import ArgumentParser
import CommandSupport
import Foundation
import Learning
import ModelFiles
import OutputFiles
import SpikingNetworks
import StreamLearning

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model from a recipe and a folder of recordings.",
    discussion: """
      A recipe is a YAML file that names the data set's layout, the encoder, the network and how it is trained; \
      Samples/recipes holds one for each shipped model. The model is written when training ends, with its manifest \
      and the accuracy on the test part; beside it stand a log and, while training lasts, a checkpoint.

      Before anything runs every option of the recipe is checked, and the data are looked through: an option outside its \
      range, the same recording in two parts, a class without recordings or a teacher of another encoder are refused; \
      files that are no recordings, lines of lists that match nothing, clips beyond the end of their recording and the \
      like are told with their number, on standard error and in the log.

      A recipe with a section stream in place of data makes a model that finds words anywhere in a stream, such as wake \
      words: it is trained on pieces of streams that are composed anew all the time, of recordings of the words, other \
      speech and noise, and its thresholds are chosen on hours of speech without the words.

      Ctrl-C stops at once; the same command goes on from the last whole epoch and ends with the same \
      weights as a run that was never stopped.

      Example: ganglion train Samples/recipes/digits.yaml --data ~/free-spoken-digit-dataset/recordings

      \(ExitStatus.help)
      """)

  @Argument(help: ArgumentHelp("The recipe.", valueName: "recipe.yaml")) var recipe: String
  @Option(help: "Folder of the data set; the recipe's path when absent.") var data: String?
  @Option(help: "Folder with noise recordings that augmentation mixes in; the recipe's when absent.") var noise: String?
  @Option(name: .shortAndLong, help: "The model to write; the recipe's name with .safetensors when absent.")
  var output: String?
  @Option(help: "Seed of every random choice; the recipe's when absent.") var seed: UInt64?
  @Option(help: "Leave this group (speaker) out for the test; the recipe's choice when absent.") var leaveOut: String?
  @Option(help: "With --leave-out: validate on this other group.") var validateOn: String?
  @Option(help: "Epochs; the recipe's when absent.") var epochs: Int?
  @Option(help: "For a recipe with a section stream: chunks to hear; the recipe's when absent.") var chunks: Int?
  @Option(help: "Threads to train on.") var threads = ProcessInfo.processInfo.activeProcessorCount
  @OptionGroup var reading: RecordingInputOptions
  @Flag(help: "Begin anew even if there is a checkpoint.") var restart = false

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
    guard epochs.map({ $0 > 0 }) ?? true else { throw ValidationError("--epochs must be at least 1") }
    guard chunks.map({ $0 > 0 }) ?? true else { throw ValidationError("--chunks must be at least 1") }
  }

  func run() throws {
    let text: String
    do {
      text = try String(contentsOfFile: recipe, encoding: .utf8)
    } catch {
      let isText = FileManager.default.isReadableFile(atPath: recipe)
      throw RecipeError(
        path: recipe,
        reason: isText ? "is no UTF-8 text; check that this is the recipe" : "cannot be opened; check the path",
        kind: isText ? .configuration : .missing)
    }
    let recipeFolder = FileNames.folder(of: recipe) ?? (recipe as NSString).deletingLastPathComponent
    let folder = recipeFolder.isEmpty ? "." : recipeFolder
    let document = try RecipeDocument(yaml: text, path: recipe)
    if document.holds(section: "stream") || document.holds(section: "scenes") {
      try trainOnStreams(text, folder: folder)
      return
    }
    guard chunks == nil else { throw ValidationError("--chunks is for recipes with a section stream or scenes") }
    var made = try Recipe(yaml: text, path: recipe)
    made.training.seed = seed ?? made.training.seed
    made.training.epochs = epochs ?? made.training.epochs
    made.data.leaveOut = leaveOut ?? made.data.leaveOut
    made.data.reading = try reading.readingOptions().completed(by: made.data.reading)
    made.data.validateOn = validateOn ?? made.data.validateOn
    guard let dataFolder = data ?? made.data.path.map({ $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }) else {
      throw ValidationError("the recipe names no data folder; give one with --data")
    }
    let modelPath = output ?? "\(made.name).safetensors"
    let line = WorkProgress()
    let session = try TrainingSession(
      made,
      settings: .init(dataFolder: dataFolder, recipeFolder: folder, noiseFolder: noise, threads: threads)
    ) { activity in Self.show(activity, line) }
    let begin = Date()
    let checkpoint = Checkpoint(path: modelPath + ".checkpoint")
    let fingerprint = try session.fingerprint()
    let resumed = restart ? nil : try checkpoint.read(fingerprint: fingerprint)
    let report = TrainingReport(path: Self.stem(modelPath) + ".log")
    if let resumed {
      Ending.shared.remark("the same command goes on after epoch \(resumed.epochsDone)")
      try report.resume(afterEpoch: resumed.epochsDone, of: session.recipe.training.epochs)
    } else {
      try report.begin(session, recipePath: recipe)
    }
    let train = try session.encode(.train) { Self.show($0, line) }
    let validation = try session.encode(.validation) { Self.show($0, line) }
    line.clear()
    if resumed == nil {
      try report.encoded(train: train, validation: validation, reading: session.notes)
      try report.summary(session, train: train)
    } else {
      for note in session.notes.lines { StandardError.report(note) }
    }

    let trainer = try Trainer(
      network: session.network, options: session.recipe.training, augmentation: session.recipe.spikes, train: train,
      validation: validation, levels: session.encoder.levels, threads: threads, fingerprint: fingerprint,
      teacher: session.teacher, resuming: resumed)
    try trainAll(trainer, checkpoint: checkpoint, report: report, line: line)

    var model = try session.model(trainer, recipeText: text, seconds: Date().timeIntervalSince(begin))
    if !session.split.test.isEmpty {
      let evaluator = try Evaluator(model, reading: session.recipe.data.reading)
      let evaluation = try evaluator.evaluate(
        session.split.test, labels: session.split.labels, threads: threads
      ) { line.show("testing", done: $0, total: $1) }
      line.clear()
      model = try model.recording(evaluation)
      try report.tested(evaluation, reading: evaluator.notes)
    }
    try model.write(to: modelPath)
    try? FileManager.default.removeItem(atPath: checkpoint.path)
    try report.finish(modelPath: modelPath, seconds: Date().timeIntervalSince(begin))
  }

  /// A recipe with a section `stream`: words anywhere in streams that are composed anew all the time.
  private func trainOnStreams(_ text: String, folder: String) throws {
    var made = try StreamRecipe(yaml: text, path: recipe)
    for (option, isGiven) in [
      ("--epochs", epochs != nil), ("--leave-out", leaveOut != nil), ("--validate-on", validateOn != nil),
      ("--noise", noise != nil),
    ] where isGiven {
      throw ValidationError("\(option) does not go with a recipe for streams, which has a section stream or scenes")
    }
    made.training.seed = seed ?? made.training.seed
    made.training.chunks = chunks ?? made.training.chunks
    let dataFolder = data ?? folder
    switch made.material {
    case .sound:
      guard data != nil else {
        throw ValidationError("a recipe for streams of sound names files below a data folder: give --data")
      }
    case .scenes:
      guard data == nil else {
        throw ValidationError("--data does not go with a recipe of scenes, which are simulated")
      }
    }
    try StreamTraining(
      recipe: made, recipePath: recipe, text: text, modelPath: output ?? "\(made.name).safetensors",
      settings: .init(dataFolder: dataFolder, recipeFolder: folder, threads: threads), isRestarted: restart
    ).run()
  }

  private func trainAll(
    _ trainer: Trainer, checkpoint: Checkpoint, report: TrainingReport, line: WorkProgress
  ) throws {
    let begin = Date()
    let first = trainer.state.epochsDone
    let epochs = trainer.options.epochs
    while !trainer.isFinished {
      let epoch = trainer.state.epochsDone + 1
      let start = Date()
      let record = try trainer.runEpoch { done, total, loss in
        let speed = Double(done) / Date().timeIntervalSince(start)
        let share = Double(epoch - 1 - first) + Double(done) / Double(total)
        let left = Date().timeIntervalSince(begin) / share * (Double(epochs - first) - share)
        line.show(
          "epoch \(epoch)/\(epochs)", done: done, total: total,
          detail: "loss \(fixed(loss, 3))  \(Int(speed)) samples/s  \(duration(left)) left")
        return true
      }
      line.clear()
      guard let record else { return }
      try checkpoint.write(trainer.state)
      Ending.shared.remark("the same command goes on after epoch \(trainer.state.epochsDone)")
      try report.epoch(
        record, of: trainer.network.description, isBest: trainer.state.bestEpoch == record.epoch,
        seconds: Date().timeIntervalSince(start))
    }
  }

  private static func show(_ activity: TrainingSession.Activity, _ line: WorkProgress) {
    switch activity {
    case .comparing(let done, let total): line.show("comparing recordings", done: done, total: total)
    case .calibrating: line.show("fitting the encoder to the data", done: 0, total: 1)
    case .encoding(let part, let done, let total): line.show("encoding \(part.rawValue)", done: done, total: total)
    }
  }

  private static func stem(_ path: String) -> String { (path as NSString).deletingPathExtension }
}
