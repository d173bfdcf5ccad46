import Dispatch
import Failures
import Glibc
import OutputFiles
import Synchronization

/// Ends the program before its work is done: it was told to by a signal, or nobody reads its results any more.
///
/// It ends at once, whatever it is doing, and leaves nothing half-written: no line, and no file.
package final class Ending: Sendable {
  package static let shared = Ending()

  private struct State {
    /// What is true of the results so far, for the last line.
    var remark: String?
    /// Ends in good order instead, for a program that can.
    var goodOrder: (@Sendable () -> Void)?
  }
  private let state = Mutex(State())
  // Safe: set once, then only kept alive; Dispatch does not mark its sources Sendable.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  /// From now on SIGINT and SIGTERM end the program with exit codes of their own.
  private init() {
    let queue = DispatchQueue(label: "ganglion signals")
    let kinds = [(SIGINT, FailureKind.interrupted), (SIGTERM, .terminated)]
    sources = kinds.map { number, _ in Self.source(number, queue) }
    for (source, (_, kind)) in zip(sources, kinds) {
      source.setEventHandler { [unowned self] in
        // Good order is tried once: a second signal ends the program at once.
        let goodOrder = state.withLock { state in
          defer { state.goodOrder = nil }
          return state.goodOrder
        }
        guard let goodOrder else { now(kind) }
        goodOrder()
      }
      source.resume()
    }
  }

  /// A source of a signal that does nothing else any more.
  package static func source(_ number: Int32, _ queue: DispatchQueue) -> any DispatchSourceSignal {
    signal(number, SIG_IGN)
    return DispatchSource.makeSignalSource(signal: number, queue: queue)
  }

  /// What the last line says of the results when a signal ends the program, such as "nothing was written".
  package func remark(_ text: String) { state.withLock { $0.remark = text } }

  /// Has the first signal call `body`, which is to make the program end in good order.
  package func inGoodOrder(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.goodOrder = body } }

  /// Ends the program here.
  package func now(_ kind: FailureKind) -> Never {
    StandardOutput.shared.endBetweenLines {
      UnfinishedFiles.discard()
      if kind == .readerGone { Self.dieOfBrokenPipe() }
      let word = kind == .interrupted ? "interrupted" : "told to stop"
      StandardError.report(state.withLock(\.remark).map { "\(word); \($0)" } ?? word)
      // Not `exit`: other threads still use what that would take down.
      _exit(kind.exitStatus)
    }
  }

  /// Quietly, and as other programs do whose reader has gone: a shell says 141.
  private static func dieOfBrokenPipe() -> Never {
    signal(SIGPIPE, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGPIPE)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(SIGPIPE)
    _exit(FailureKind.readerGone.exitStatus)
  }
}
