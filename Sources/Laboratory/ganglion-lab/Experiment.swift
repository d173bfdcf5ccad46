import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import OutputFiles

/// `ganglion-lab experiment`: tables of the published methods, made anew.
struct Experiment: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Repeat an experiment that shows what a method is worth.",
    subcommands: [
      ExperimentAttention.self, ExperimentSpiketrum.self, ExperimentContext.self, ExperimentLifelong.self,
      ExperimentHearing.self, ExperimentStructure.self, ExperimentChannels.self, ExperimentDistillation.self,
      ExperimentConversion.self,
    ])
}

/// `ganglion-lab experiment srnn-scbam`: the spiking ConvLSTM with attention against nets without.
struct ExperimentAttention: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "srnn-scbam",
    abstract: "Spiking ConvLSTM with and without attention, and a feed-forward net, on tasks of order.",
    discussion: """
      history: four bars sweep over a small sensor, one in each direction; which came first? Generated, chance 25 %.
      spoken: digits of the Free Spoken Digit Dataset (takes 0-9 and 10-21 of each speaker), forwards or backwards; \
      which digit and which way? 20 classes, chance 5 %.

      Each arm is trained with each seed, the epoch chosen on the validation part, and tested twice: as recorded, and \
      with the frames of every recording in random order. Intervals are 95 % over the seeds by Student's t.

      Every run is a line of DIR/srnn-scbam.ndjson as soon as it is done; runs that stand there already are not \
      repeated. DIR/srnn-scbam.md and .png are made of all of them.

      Example: ganglion-lab experiment srnn-scbam --data ~/free-spoken-digit-dataset/recordings --results Samples/results

      \(ExitStatus.help)
      """)

  enum Task: String, CaseIterable, ExpressibleByArgument { case history, spoken }

  @Option(help: "Folder of the spoken digits; without it only the history task is run.") var data: String?
  @Option(help: "Folder to write the table, the picture and the runs to.") var results: String
  @Option(help: "How many seeds.") var seeds = 5
  @Option(help: "The first of them.") var firstSeed = 1
  @Option(parsing: .upToNextOption, help: "Tasks: \(Task.allCases.map(\.rawValue).joined(separator: ", ")); both.")
  var tasks: [Task] = Task.allCases
  @Option(
    parsing: .upToNextOption, help: "Nets: \(AttentionArm.allCases.map(\.rawValue).joined(separator: ", ")); all.")
  var nets: [AttentionArm] = AttentionArm.allCases
  @Option(help: "Highest learning rate of all nets; the tasks' own when absent.") var rate: Double?
  @Option(help: "Threads to train on; they change no figure.") var threads = 1
  @Flag(help: "Show every epoch on standard error.") var verbose = false

  func validate() throws {
    guard seeds > 0, firstSeed > 0 else { throw ValidationError("--seeds and --first-seed must be at least 1") }
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws {
    let record = RunRecord<AttentionResult>(path: "\(results)/srnn-scbam.ndjson")
    var done = try record.read()
    let spoken: AttentionTask? =
      if let data, tasks.contains(.spoken) {
        try AttentionTask.spokenDirection(folder: data, threads: threads, progress: { _, _ in })
      } else {
        nil
      }
    for seed in UInt64(firstSeed)..<UInt64(firstSeed + seeds) {
      let made = [tasks.contains(.history) ? AttentionTask.history(seed: seed) : nil, spoken].compactMap { $0 }
      for var task in made {
        task.rate = rate ?? task.rate
        for arm in nets
        where !done.contains(where: { $0.task == task.name && $0.arm == arm && $0.seed == seed && $0.rate == task.rate }
        ) {
          let result = try task.run(arm, seed: seed, threads: threads) { epoch in
            guard verbose else { return }
            StandardError.write(
              "epoch \(epoch.epoch): loss \(fixed(epoch.trainLoss, 3)), "
                + "train \(Proportion.percent(epoch.trainAccuracy)) %, "
                + "validation \(Proportion.percent(epoch.validationAccuracy)) %\n")
          }
          done.append(result)
          try record.append(result)
          try StandardOutput.shared.write(
            line:
              "\(task.name) \(arm.rawValue) seed \(seed): \(Proportion.percent(result.accuracy)) %, shuffled "
              + "\(Proportion.percent(result.shuffledAccuracy)) %, \(result.parameters) parameters, "
              + "\(fixed(result.seconds, 1)) s")
        }
      }
    }
    let report = AttentionReport(results: done)
    try OutputFile.write(report.markdown, to: "\(results)/srnn-scbam.md")
    try report.draw(to: "\(results)/srnn-scbam.png")
    try StandardOutput.shared.write(line: "wrote \(results)/srnn-scbam.md and .png")
  }
}

extension AttentionArm: ExpressibleByArgument {}
