import ArgumentParser

/// `ganglion benchmark`: the figures that are quoted, measured on this machine; one subcommand a subject.
struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast this machine does what Ganglion does.",
    subcommands: [BenchmarkEvents.self])
}
