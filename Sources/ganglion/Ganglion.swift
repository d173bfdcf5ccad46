import ArgumentParser
import Failures
import Glibc
import Pipelines

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
    // A reader that has gone and a file that may not grow are errors of the write, after which nothing half-written is
    // left behind.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    var command: any ParsableCommand
    do {
      command = try parseAsRoot(Array(FileNames.arguments().dropFirst()))
    } catch {
      if exitCode(for: error) == .success { end(error) }
      exit(withError: error)
    }
    do {
      // Signals end the program in an orderly way from here on.
      _ = Ending.shared
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      end(error)
    }
  }

  private static func end(_ error: any Error) -> Never {
    // Help and version come as errors that mean success.
    if exitCode(for: error) == .success {
      do {
        let text = fullMessage(for: error)
        if !text.isEmpty { try StandardOutput.shared.write(line: text) }
        exit(withError: ExitCode.success)
      } catch {
        end(error)
      }
    }
    guard let kind = ExitStatus.kind(of: error) else { exit(withError: error) }
    if kind == .readerGone { Ending.shared.now(kind) }
    StandardError.report(error)
    exit(withError: ExitCode(kind))
  }
}
