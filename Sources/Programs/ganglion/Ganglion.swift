import ArgumentParser
import CommandSupport

/// The `ganglion` command: one subcommand a file.
@main
struct Ganglion: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ganglion",
    abstract: "Sensors in, spikes inside, classifications out.",
    version: "0.1.0",
    subcommands: [
      Run.self, View.self, Serve.self, Listen.self, Sources.self, Info.self, Convert.self, Encode.self, Decode.self,
      Plot.self,
      Train.self, Wake.self, Learn.self, Evaluate.self, Compose.self, Simulate.self, Benchmark.self, Manual.self,
    ]
  )

  static func main() async { await runProgram() }
}
