import Dispatch
import Failures
import Glibc

/// Ends the program in good order when it is told to: after the line being written, with a word and its own exit code.
/// A second signal ends it at once.
final class Signals {
  private let sources: [any DispatchSourceSignal]

  init() {
    let queue = DispatchQueue(label: "ganglion signals")
    sources = [(SIGINT, FailureKind.interrupted, "interrupted"), (SIGTERM, .terminated, "told to stop")].map {
      number, status, word in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        signal(number, SIG_DFL)
        StandardError.report("\(word); results up to here are complete")
        StandardOutput.shared.exitBetweenLines(status)
      }
      source.resume()
      return source
    }
  }

  deinit { for source in sources { source.cancel() } }
}
