import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import OutputFiles

/// `ganglion-lab experiment context-gating`: two tasks one after another, with and without local plasticity.
struct ExperimentContext: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "context-gating",
    abstract: "Lifelong learning of two tasks through context units with local plasticity (CG-SNN).",
    discussion: """
      Twenty-five blobs on a grid; one task rewards the column, the other the row. Networks of 100 spiking neurons learn \
      one task and then the other, or both mixed, by gradient descent; in some arms the weights of the context units \
      also learn by a local rule. All data is generated.

      Every run is a line of DIR/context-gating.ndjson; DIR/context-gating.md and .png are made of all of them. \
      Intervals are 95 % over the seeds by Student's t.

      Example: ganglion-lab experiment context-gating --results Samples/results

      \(ExitStatus.help)
      """)

  @Option(help: "Folder to write the table, the picture and the runs to.") var results: String
  @Option(help: "How many seeds.") var seeds = 10
  @Option(help: "The first of them.") var firstSeed = 1
  @Option(help: "Distance between a context unit's two values.") var scale = 0.7
  @Option(
    parsing: .upToNextOption, help: "Arms: \(ContextArm.allCases.map(\.rawValue).joined(separator: ", ")); all.")
  var arms: [ContextArm] = ContextArm.allCases

  func validate() throws {
    guard seeds > 0, firstSeed > 0 else { throw ValidationError("--seeds and --first-seed must be at least 1") }
  }

  func run() throws {
    let record = RunRecord<ContextResult>(path: "\(results)/context-gating.ndjson")
    var done = try record.read()
    for arm in arms {
      for seed in UInt64(firstSeed)..<UInt64(firstSeed + seeds) {
        let settings: [Double?] = arm == .elastic ? ContextExperiment.elasticities : [nil]
        for elasticity in settings
        where !done.contains(where: {
          $0.arm == arm && $0.seed == seed && $0.scale == scale && $0.elasticity == elasticity
        }) {
          let result = try ContextExperiment.run(arm, seed: seed, scale: scale, elasticity: elasticity)
          done.append(result)
          try record.append(result)
          try StandardOutput.shared.write(
            line:
              "\(arm.rawValue) seed \(seed): first \(Proportion.percent(result.first)) %, "
              + "second \(Proportion.percent(result.second)) %, "
              + "only in one \(result.onlyFirst) and \(result.onlySecond) of 100, \(fixed(result.seconds, 1)) s")
        }
      }
    }
    let report = ContextReport(results: done.filter { $0.scale == scale })
    try OutputFile.write(report.markdown, to: "\(results)/context-gating.md")
    try report.draw(to: "\(results)/context-gating.png")
    try StandardOutput.shared.write(line: "wrote \(results)/context-gating.md and .png")
  }
}

extension ContextArm: ExpressibleByArgument {}
