import ArgumentParser
import Foundation
import Learning

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Train a model from a recipe.")

  @Argument(help: "Recipe, a YAML file.") var recipe: String
  @Option(help: "Folder of the data set.") var data: String?
  @Option(help: "Folder with noise recordings to mix in.") var noise: String?
  @Option(help: "Threads.") var threads = ProcessInfo.processInfo.activeProcessorCount
  @Option var seed: UInt64?
  @Option var leaveOut: String?

  func run() throws {
    let text = try String(contentsOfFile: recipe, encoding: .utf8)
    var made = try Recipe(yaml: text, path: recipe)
    if let seed { made.training.seed = seed }
    if let leaveOut { made.data.leaveOut = leaveOut }
    let session = try TrainingSession(
      made, settings: .init(dataFolder: data ?? made.data.path ?? ".", recipeFolder: ".", noiseFolder: noise, threads: threads)
    ) { _ in }
    let begin = Date()
    let train = try session.encode(.train) { _ in }
    let validation = try session.encode(.validation) { _ in }
    let test = try session.encode(.test) { _ in }
    print("encoded", Date().timeIntervalSince(begin), train.variants.reduce(0) { $0 + $1.count }, session.network.parameters.count)
    print("spikes/step", train.variants[0][0].channels.count, train.variants[0][0].steps, session.recipe.encoder)
    let trainer = try Trainer(
      network: session.network, options: made.training, augmentation: made.spikes, train: train, validation: validation,
      levels: session.encoder.levels, threads: threads, fingerprint: session.fingerprint())
    while !trainer.isFinished {
      let start = Date()
      guard let record = try trainer.runEpoch(progress: { _, _, _ in true }) else { return }
      let seconds = Date().timeIntervalSince(start)
      print(record.epoch, "loss", (record.trainLoss * 1000).rounded() / 1000, "acc", Proportion.percent(record.trainAccuracy), "val",
            (record.validationLoss * 1000).rounded() / 1000, Proportion.percent(record.validationAccuracy),
            "rates", record.firingRates.map { ($0 * 1000).rounded() / 1000 }, "samples/s", Int(Double(train.count) / seconds))
      fflush(nil)
    }
    let final = try Trainer(
      network: trainer.bestNetwork(), options: made.training, augmentation: made.spikes, train: train, validation: validation,
      levels: session.encoder.levels, threads: threads, fingerprint: "")
    if test.count > 0 {
    let result = final.evaluate(test)
    print("test", Proportion(right: zip(result.classes, test.targets).count { $0 == $1 }, total: test.count).text, "best epoch", trainer.state.bestEpoch)
    }
  }
}
