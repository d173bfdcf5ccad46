import ArgumentParser

/// The `ganglion` command: one subcommand a file.
@main
struct Ganglion: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ganglion",
    abstract: "Sensors in, spikes inside, classifications out.",
    version: "0.1.0",
    subcommands: [Run.self, Train.self, Evaluate.self, Benchmark.self]
  )
}
