import ArgumentParser

/// `ganglion benchmark`: what the program needs on the machine at hand.
struct Benchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed and memory on this machine.",
    subcommands: [BenchmarkRun.self, BenchmarkDaemon.self, BenchmarkModels.self])
}
