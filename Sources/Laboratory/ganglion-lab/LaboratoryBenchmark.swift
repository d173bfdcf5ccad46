import ArgumentParser

/// `ganglion-lab benchmark`: figures of single parts, such as `Samples/results` holds.
struct LaboratoryBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure encoders, networks, readers of events and the socket on this machine.",
    subcommands: [
      BenchmarkSound.self, BenchmarkNetworks.self, BenchmarkEvents.self, BenchmarkSubscribers.self,
      BenchmarkSparse.self,
    ])
}
