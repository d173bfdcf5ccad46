import Dispatch
import Glibc
import Synchronization

/// Whether the user asked the program to stop: the first Ctrl-C or SIGTERM is noted, a second one ends it at once.
final class Interruption: Sendable {
  private let requested = Atomic<Bool>(false)
  // Safe: set once, then only kept alive; Dispatch does not mark its sources Sendable.
  private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

  init() {
    var sources: [any DispatchSourceSignal] = []
    let queue = DispatchQueue(label: "ganglion.interruption")
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      sources.append(DispatchSource.makeSignalSource(signal: number, queue: queue))
    }
    self.sources = sources
    for source in sources {
      source.setEventHandler { [weak self] in
        guard let self else { return }
        if self.requested.exchange(true, ordering: .relaxed) { _exit(130) }
      }
      source.resume()
    }
  }

  var isRequested: Bool { requested.load(ordering: .relaxed) }
}
