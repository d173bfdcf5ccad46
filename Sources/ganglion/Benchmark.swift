import ArgumentParser

/// `ganglion benchmark`: the figures the README quotes, measured on the machine at hand.
struct Benchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure speed and memory on this machine.",
    subcommands: [
      BenchmarkRun.self, BenchmarkSound.self, BenchmarkNetworks.self, BenchmarkEvents.self, BenchmarkDaemon.self,
      BenchmarkSubscribers.self, BenchmarkModels.self,
      BenchmarkSparse.self,
    ])
}
