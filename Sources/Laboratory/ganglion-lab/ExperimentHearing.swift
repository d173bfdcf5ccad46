import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import OutputFiles

/// `ganglion-lab experiment hearing`: does memory, or attention over it, help to hear words?
struct ExperimentHearing: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hearing",
    abstract: "Nets that hear words with and without memory and attention, at equal parameters.",
    discussion: """
      Each net takes the recipe's data, encoder, augmentation, read-out and training; what stands between is a \
      feed-forward layer, recurrent neurons, a spiking ConvLSTM along frequency, or that with SCBAM of several kinds. The \
      epoch is chosen on the validation part. The test part is heard as recorded, in noise at 20, 10 and 0 dB, and cut \
      after 60 % of each recording; --speakers is a folder with other people's recordings, a folder a class. All nets \
      have the recipe's learning rate: none is tuned for itself.

      Every run is a line of DIR/hearing-nets.ndjson as soon as it is done; runs that stand there already are not \
      repeated. DIR/hearing-nets.md is made of all of them. Intervals are 95 % over the seeds by Student's t.

      Example: ganglion-lab experiment hearing --recipe Samples/recipes/commands.yaml --data speech_commands \
      --noise background --held-out-noise ESC-10 --results Samples/results

      \(ExitStatus.help)
      """)

  @Option(help: "The recipe, of sound in 40 bands.", completion: .file()) var recipe: String
  @Option(help: "Folder of its data.", completion: .directory) var data: String
  @Option(help: "Folder with recordings of noise to train in.", completion: .directory) var noise: String?
  @Option(
    help: "Folder with recordings of other noise to hear in; white to pink noise without.", completion: .directory)
  var heldOutNoise: String?
  @Option(help: "Folder of recordings of other speakers.", completion: .directory) var speakers: String?
  @Option(help: "Folder to write the table and the runs to.", completion: .directory) var results: String
  @Option(help: "How many seeds.") var seeds = 5
  @Option(help: "The first of them.") var firstSeed = 1
  @Option(help: "How long each net is trained.") var epochs = 16
  @Option(parsing: .upToNextOption, help: "Nets: \(HearingArm.allCases.map(\.rawValue).joined(separator: ", ")); all.")
  var nets: [HearingArm] = HearingArm.allCases
  @Option(help: "Threads to train on; they change no figure.") var threads = 1
  @Flag(help: "Show every epoch on standard error.") var verbose = false

  func validate() throws {
    guard seeds > 0, firstSeed > 0, epochs > 0, threads > 0 else {
      throw ValidationError("--seeds, --first-seed, --epochs and --threads must be at least 1")
    }
  }

  func run() throws {
    let record = RunRecord<HearingResult>(path: "\(results)/hearing-nets.ndjson")
    var done = try record.read()
    for seed in UInt64(firstSeed)..<UInt64(firstSeed + seeds) {
      let missing = nets.filter { arm in
        !done.contains { $0.arm == arm && $0.seed == seed && $0.epochs == epochs }
      }
      // Encoding takes as long as some of the nets: only where one is to be trained.
      guard !missing.isEmpty else { continue }
      let experiment = try HearingExperiment(
        try Recipe(yaml: Self.text(recipe), path: recipe), seed: seed,
        folders: .init(
          data: data, recipe: URL(fileURLWithPath: recipe).deletingLastPathComponent().path, noise: noise,
          heldOutNoise: heldOutNoise, speakers: speakers), threads: threads, activity: { _ in })
      for arm in missing {
        let result = try experiment.run(arm, epochs: epochs) { epoch in
          guard verbose else { return }
          StandardError.write(
            "\(arm.rawValue) epoch \(epoch.epoch): loss \(fixed(epoch.trainLoss, 3)), "
              + "validation \(Proportion.percent(epoch.validationAccuracy)) %\n")
        }
        done.append(result)
        try record.append(result)
        try StandardOutput.shared.write(line: HearingReport.line(result))
      }
    }
    let report = HearingReport(results: done.filter { $0.epochs == epochs }, epochs: epochs)
    try OutputFile.write(report.markdown, to: "\(results)/hearing-nets.md")
    try StandardOutput.shared.write(line: "wrote \(results)/hearing-nets.md")
  }

  private static func text(_ path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw InputFileError(path: path, reason: "is no text file that can be read")
    }
    return text
  }
}

extension HearingArm: ExpressibleByArgument {}
