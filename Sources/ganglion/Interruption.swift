import Dispatch
import Failures
import Glibc
import Synchronization

/// Whether the user asked the program to stop: the first Ctrl-C or SIGTERM is noted, a second one ends it at once.
final class Interruption: Sendable {
  /// Number of the first signal, 0 before it.
  private let requested = Atomic<Int32>(0)
  // Safe: set once, then only kept alive; Dispatch does not mark its sources Sendable.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  init() {
    var sources: [any DispatchSourceSignal] = []
    let queue = DispatchQueue(label: "ganglion.interruption")
    let numbers = [SIGINT, SIGTERM]
    for number in numbers {
      signal(number, SIG_IGN)
      sources.append(DispatchSource.makeSignalSource(signal: number, queue: queue))
    }
    self.sources = sources
    for (number, source) in zip(numbers, sources) {
      source.setEventHandler { [weak self] in
        guard let self else { return }
        if self.requested.exchange(number, ordering: .relaxed) != 0 { _exit(130) }
      }
      source.resume()
    }
  }

  var isRequested: Bool { status != nil }

  /// Which of the two it was; nil before one came.
  var status: FailureKind? {
    switch requested.load(ordering: .relaxed) {
    case 0: nil
    case SIGTERM: .terminated
    default: .interrupted
    }
  }
}
