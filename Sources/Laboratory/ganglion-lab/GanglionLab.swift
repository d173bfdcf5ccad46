import ArgumentParser
import CommandSupport

/// The `ganglion-lab` command: what shows that the methods are worth something, and that the figures are true.
@main
struct GanglionLab: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ganglion-lab",
    abstract: "Ganglion's laboratory: experiments, rival encoders, and comparisons with other programs.",
    version: "0.1.0",
    subcommands: [Experiment.self, LaboratoryBenchmark.self, AccuracyRow.self]
  )

  static func main() async { await runProgram() }
}
