import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import SpikingNetworks

/// What the experiments on small networks have in common.
struct TrialOptions: ParsableArguments {
  @Option(help: "Folder of the spoken digits (FSDD); without any folder only the tables are made anew.") var digits:
    String?
  @Option(help: "Folder of the spoken commands (Speech Commands, a folder a word).") var words: String?
  @Option(help: "Folder of the digits before an event camera (N-MNIST as .bs2 with train.txt and test.txt).")
  var events: String?
  @Option(help: "Folder to write the tables, the pictures and the runs to.") var results: String
  @Option(help: "How many seeds.") var seeds = 5
  @Option(help: "The first of them: it also chooses each arm's learning rate.") var firstSeed = 1
  @Option(help: "Epochs of every run.") var epochs = 40
  @Option(parsing: .upToNextOption, help: "Arms to run, as the table names them; all when absent.") var arms: [String] =
    []
  @Option(help: "Threads to train on.") var threads = 1

  func validate() throws {
    guard seeds > 0, firstSeed > 0, epochs > 0, threads > 0 else {
      throw ValidationError("--seeds, --first-seed, --epochs and --threads must be at least 1")
    }
  }

  /// The data whose folders were given, each encoded when its turn comes.
  var tasks: [() throws -> TrialTask] {
    let threads = threads
    return [
      digits.map { folder in { try .spoken(folder: folder, threads: threads) } },
      words.map { folder in { try .words(folder: folder, threads: threads) } },
      events.map { folder in { try .eventDigits(folder: folder, threads: threads) } },
    ].compactMap { $0 }
  }

  var range: ClosedRange<UInt64> { UInt64(firstSeed)...UInt64(firstSeed + seeds - 1) }

  /// Runs an experiment on its tasks and keeps every result.
  func run(
    _ experiment: String, tasks: [() throws -> TrialTask], arms make: (TrialTask) -> [TrialArm],
    measure: @escaping (Network<Float>, TrialTask) throws -> [String: Double],
    report: ([TrialResult]) throws -> Void
  ) throws {
    let record = RunRecord<TrialResult>(path: "\(results)/\(experiment).ndjson")
    var done = try record.read()
    let chosen = arms.isEmpty ? nil : Set(arms)
    for task in tasks {
      let task = try task()
      let all = make(task)
      if let chosen {
        let unknown = chosen.subtracting(all.map(\.name)).sorted()
        guard unknown.isEmpty else {
          throw ValidationError(
            "no arm is called \(unknown.joined(separator: ", ")); there are \(all.map(\.name).joined(separator: ", "))")
        }
      }
      let runner = TrialRunner(
        experiment: experiment, task: task, arms: all, known: done, threads: threads, measure: measure)
      let isFold = task.name.hasPrefix("unseen ")
      try runner.run(chosen, seeds: isFold ? range.lowerBound...range.lowerBound : range) { result in
        try record.append(result)
        try StandardOutput.shared.write(
          line:
            "\(result.task), \(result.arm), seed \(result.seed), rate \(result.rate): validation "
            + "\(Proportion.percent(result.validation)) %, test \(Proportion.percent(result.accuracy)) %, "
            + "\(fixed(result.seconds, 1)) s")
      }
      done = runner.results
    }
    try report(done)
    try StandardOutput.shared.write(line: "wrote \(results)/\(experiment).md and .png")
  }
}

/// `ganglion-lab experiment structure`: sparse from the first step on.
struct ExperimentStructure: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "structure",
    abstract: "Networks with a tenth of their connections and less, evolving or not, alone or taught (ESL-SNN, RKD).",
    discussion: """
      Every arm is trained with three learning rates and the first seed, and with higher or lower ones until the best lies \
      between two others; the one that validates best is used with all seeds. Every run is a line of DIR/structure.ndjson, and none that stands there is repeated.

      Example: ganglion-lab experiment structure --digits ~/free-spoken-digit-dataset/recordings --results Samples/results

      \(ExitStatus.help)
      """)

  @OptionGroup var options: TrialOptions

  func run() throws {
    try options.run(
      StructureTrials.experiment, tasks: options.tasks, arms: { StructureTrials.arms($0, epochs: options.epochs) },
      measure: StructureTrials.figures,
      report: { results in
        try TrialReport(results: results, folder: options.results, experiment: StructureTrials.experiment).structure()
      })
  }
}

/// `ganglion-lab experiment channels`: whole channels out.
struct ExperimentChannels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "channels",
    abstract: "Convolutions that lose channels by their activity and get some back (SCA).",
    discussion: """
      Three convolutions keep 50, 30 and 20 % of their channels, judged by membrane potential, by excitation, by spikes, \
      at random or the wrong way round, and are cut to that size; beside them networks that were as small from the start.

      Example: ganglion-lab experiment channels --events ~/nmnist --results Samples/results

      \(ExitStatus.help)
      """)

  @OptionGroup var options: TrialOptions

  func run() throws {
    try options.run(
      ChannelTrials.experiment, tasks: options.tasks, arms: { ChannelTrials.arms($0, epochs: options.epochs) },
      measure: ChannelTrials.figures,
      report: { results in
        try TrialReport(results: results, folder: options.results, experiment: ChannelTrials.experiment).channels()
      })
  }
}

/// `ganglion-lab experiment distillation`: a teacher that does not spike.
struct ExperimentDistillation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distillation",
    abstract: "Spiking students of a network that does not spike: answers, features, attention (KDSNN).",
    discussion: """
      The teacher knows every label. Students know all of them, or 24 recordings a digit (240) and the teacher's answers \
      to the rest ("few labels"), or are tested on a speaker that nobody heard ("unseen", each speaker once, with the first \
      seed). Each network is also tested \
      with 10, 30 and 50 % of the spikes lost.

      Example: ganglion-lab experiment distillation --digits ~/free-spoken-digit-dataset/recordings --results Samples/results

      \(ExitStatus.help)
      """)

  @OptionGroup var options: TrialOptions
  func run() throws {
    var tasks: [() throws -> TrialTask] = []
    let threads = options.threads
    if let folder = options.digits {
      tasks.append {
        var task = try TrialTask.spoken(folder: folder, threads: threads)
        task.name = "spoken, few labels"
        return task
      }
      tasks.append { try .spoken(folder: folder, threads: threads) }
      tasks += try TrialTask.unseen(folder: folder, threads: threads)
    }
    if let folder = options.words {
      tasks.append {
        var task = try TrialTask.words(folder: folder, threads: threads)
        task.name = "words, few labels"
        return task
      }
      tasks.append { try .words(folder: folder, threads: threads) }
    }
    if let folder = options.events {
      tasks.append {
        var task = try TrialTask.eventDigits(folder: folder, threads: threads)
        task.name = "eventDigits, few labels"
        return task
      }
    }
    try options.run(
      DistillationTrials.experiment, tasks: tasks,
      arms: {
        DistillationTrials.arms($0, epochs: options.epochs, labelled: $0.name.hasSuffix("few labels") ? 24 : nil)
      },
      measure: DistillationTrials.figures,
      report: { results in
        try TrialReport(results: results, folder: options.results, experiment: DistillationTrials.experiment)
          .distillation()
      })
  }
}

/// `ganglion-lab experiment conversion`: trained, converted, distilled.
struct ExperimentConversion: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conversion",
    abstract: "A network that does not spike, converted, and then distilled layer by layer (LaSNN).",
    discussion: """
      Still pictures: the mean frame of each recording, shown for some steps. The network is converted with the 99th \
      percentile of its activations as thresholds and half of them to begin with, and in the weakest form, with the largest \
      and none; students begin with its weights and learn with few steps (--steps).

      Example: ganglion-lab experiment conversion --events ~/nmnist --results Samples/results

      \(ExitStatus.help)
      """)

  @OptionGroup var options: TrialOptions
  @Option(help: "Steps that students see a picture for.") var steps = ConversionTrials.steps

  func validate() throws {
    guard steps > 0 else { throw ValidationError("--steps must be at least 1") }
  }

  func run() throws {
    var tasks: [() throws -> TrialTask] = []
    let (threads, steps) = (options.threads, steps)
    if let folder = options.events {
      tasks.append { try TrialTask.eventDigits(folder: folder, threads: threads).still(steps: steps) }
    }
    if let folder = options.digits {
      tasks.append { try TrialTask.spoken(folder: folder, threads: threads).still(steps: steps) }
    }
    try options.run(
      ConversionTrials.experiment, tasks: tasks, arms: { ConversionTrials.arms($0, epochs: options.epochs) },
      measure: ConversionTrials.figures,
      report: { results in
        try TrialReport(results: results, folder: options.results, experiment: ConversionTrials.experiment).conversion()
      })
  }
}
