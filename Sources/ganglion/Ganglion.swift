import ArgumentParser
import Glibc

/// The `ganglion` command: one subcommand a file.
@main
struct Ganglion: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ganglion",
    abstract: "Sensors in, spikes inside, classifications out.",
    version: "0.1.0",
    subcommands: [
      Run.self, Serve.self, Listen.self, Sources.self, Info.self, Convert.self, Encode.self, Decode.self, Plot.self,
      Train.self, Learn.self, Evaluate.self, Compose.self, Experiment.self, Benchmark.self, Manual.self,
    ]
  )

  /// Parses and runs; a failure becomes one line on standard error and the exit code that goes with it.
  static func main() async {
    // A reader that goes away is an error of write, which says more than a silent death.
    signal(SIGPIPE, SIG_IGN)
    var command: any ParsableCommand
    do {
      command = try parseAsRoot()
    } catch {
      exit(withError: error)
    }
    do {
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      // Help and version come as errors that mean success; they are the parser's to print.
      if exitCode(for: error) == .success { exit(withError: error) }
      guard let kind = ExitStatus.kind(of: error) else { exit(withError: error) }
      StandardError.report(error)
      exit(withError: ExitCode(kind))
    }
  }
}
