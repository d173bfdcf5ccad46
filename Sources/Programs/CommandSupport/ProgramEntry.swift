import ArgumentParser
import Failures
import Glibc
import OutputFiles

extension AsyncParsableCommand {
  /// Parses the program's arguments and runs what they name; a failure becomes one line on standard error and the exit
  /// code that goes with it.
  package static func runProgram() async {
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
