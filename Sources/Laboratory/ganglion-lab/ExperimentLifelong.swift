import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import OutputFiles

/// `ganglion-lab experiment lifelong`: real tasks one after another.
struct ExperimentLifelong: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lifelong",
    abstract: "Learn real tasks one after another, and measure what is forgotten.",
    discussion: """
      digits: the Free Spoken Digit Dataset, two new digits in each of five tasks. speakers: its ten digits, a new speaker \
      in each task. words: Speech Commands, two new words in each of five tasks.

      Context gating with a local rule is held against fine-tuning, elastic consolidation, stored recordings, fixed gates \
      and learning everything at once. After each task every task is tested twice: with the task told, its labels \
      competing; and with all labels learnt so far competing and the task inferred.

      Every run is a line of DIR/lifelong-SEQUENCE.ndjson as soon as it is done; runs that stand there already are not \
      repeated. DIR/lifelong-SEQUENCE.md and .png are made of all of them. Intervals are 95 % over the seeds by Student's t.

      Example: ganglion-lab experiment lifelong --sequence digits --data ~/free-spoken-digit-dataset/recordings \
      --results Samples/results

      \(ExitStatus.help)
      """)

  @Option(help: "Folder of the spoken digits, or of the speech commands for words.") var data: String
  @Option(help: "Which tasks: \(TaskSequence.Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
  var sequence: TaskSequence.Kind = .digits
  @Option(help: "Folder to write the table, the picture and the runs to.") var results: String
  @Option(help: "How many seeds.") var seeds = 5
  @Option(help: "The first of them.") var firstSeed = 1
  @Option(
    parsing: .upToNextOption, help: "Arms: \(LifelongArm.allCases.map(\.rawValue).joined(separator: ", ")); all.")
  var arms: [LifelongArm] = LifelongArm.allCases
  @Option(help: "Threads to encode and train on; they change no figure.") var threads = 1

  /// Seeds that settings are chosen with; none of the figures is theirs.
  static let tuningSeeds: [UInt64] = [101, 102]

  func validate() throws {
    guard seeds > 0, firstSeed > 0 else { throw ValidationError("--seeds and --first-seed must be at least 1") }
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws {
    let record = RunRecord<LifelongResult>(path: "\(results)/lifelong-\(sequence.rawValue).ndjson")
    var done = try record.read()
    var encoded: TaskSequence?
    let line = WorkProgress()
    func run(_ arm: LifelongArm, _ seed: UInt64, _ elasticity: Double?) throws {
      if done.contains(where: { $0.arm == arm && $0.seed == seed && $0.elasticity == elasticity }) { return }
      let tasks =
        try encoded
        ?? TaskSequence(sequence, folder: data, threads: threads) { line.show("encoding", done: $0, total: $1) }
      encoded = tasks
      var experiment = try LifelongExperiment(tasks, arm: arm, seed: seed, elasticity: elasticity, threads: threads)
      let result = try experiment.run { task, epoch in
        line.show(
          "\(arm.rawValue) seed \(seed)", done: task * LifelongExperiment.epochs + epoch,
          total: tasks.tasks.count * LifelongExperiment.epochs)
      }
      line.clear()
      done.append(result)
      try record.append(result)
      try StandardOutput.shared.write(
        line:
          "\(arm.rawValue) seed \(seed)\(elasticity.map { " weight \($0)" } ?? ""): average "
          + "\(Proportion.percent(result.average)) %, forgetting \(Proportion.percent(result.forgetting)) points, inferred "
          + "\(Proportion.percent(result.averageInferred)) %, validation \(Proportion.percent(result.validation)) %, "
          + "\(fixed(result.seconds, 1)) s")
    }
    for arm in arms where arm.isElastic {
      for elasticity in LifelongExperiment.elasticities {
        for seed in Self.tuningSeeds { try run(arm, seed, elasticity) }
      }
    }
    let tuned = LifelongReport(sequence: sequence, results: done)
    for seed in UInt64(firstSeed)..<UInt64(firstSeed + seeds) {
      for arm in arms { try run(arm, seed, tuned.bestElasticity(arm)) }
    }
    let report = LifelongReport(sequence: sequence, results: done)
    try OutputFile.write(report.markdown, to: "\(results)/lifelong-\(sequence.rawValue).md")
    try report.draw(to: "\(results)/lifelong-\(sequence.rawValue).png")
    try StandardOutput.shared.write(line: "wrote \(results)/lifelong-\(sequence.rawValue).md and .png")
  }
}

extension LifelongArm: ExpressibleByArgument {}
extension TaskSequence.Kind: ExpressibleByArgument {}
