import Foundation
import Glibc
import Synchronization

/// Writes lines on a thread of its own, so that a reader of the log that has stopped reading stops nothing else.
package final class LogWriter: Sendable {
  private struct State {
    var queue = LogQueue(byteLimit: 1 << 16)
    var isWriting = false
  }

  private let state = Mutex(State())
  private let write: @Sendable (String) -> Void
  private let tellLost: @Sendable (Int) -> String
  private let work = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - tellLost: the line that stands for so many that were dropped.
  ///   - write: hands a line to the system, for as long as that takes.
  package init(
    tellLost: @escaping @Sendable (Int) -> String,
    write: @escaping @Sendable (String) -> Void = { text in
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        // Where nobody reads any more, there is nobody to tell.
        if written < 0 && errno != EINTR { return }
        rest = rest.dropFirst(max(0, written))
      }
    }
  ) {
    self.tellLost = tellLost
    self.write = write
    let thread = Thread { [weak self, work] in
      while true {
        work.wait()
        guard let writer = self else { return }
        writer.writeAll()
      }
    }
    thread.name = "log"
    thread.start()
  }

  deinit { work.signal() }

  /// Puts a line in the queue, or drops it; never waits.
  func append(_ line: String) {
    state.withLock { $0.queue.append(line) }
    work.signal()
  }

  private func writeAll() {
    while true {
      let (lines, lost) = state.withLock { state in
        state.isWriting = !state.queue.isEmpty
        return state.queue.take()
      }
      if lines.isEmpty && lost == 0 { return }
      for line in lines { write(line) }
      if lost > 0 { write(tellLost(lost)) }
    }
  }

  /// Waits until everything is with the system, at most for so long.
  package func flush(milliseconds: Int64) {
    let deadline = monotonicMilliseconds() + milliseconds
    while state.withLock({ $0.isWriting || !$0.queue.isEmpty }), monotonicMilliseconds() < deadline { usleep(2_000) }
  }
}
