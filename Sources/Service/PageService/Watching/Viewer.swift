import CLinux
import Glibc
import Synchronization

/// Somebody who looks at the page: what waits for them, and a bell that says so.
package final class Viewer: Sendable {
  let id: Int
  /// Readable while something waits.
  let bell: Int32
  private let queue: Mutex<ViewerQueue>

  init(id: Int, queue: ViewerQueue) {
    self.id = id
    self.queue = Mutex(queue)
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    precondition(bell >= 0, "no event descriptor: \(String(cString: strerror(errno)))")
  }

  deinit { close(bell) }

  /// Whether nothing need be made for it: it does not read what there is.
  var isFull: Bool { queue.withLock { $0.isFull } }
  /// Messages that it was too slow for.
  package var dropped: Int { queue.withLock { $0.dropped } }

  func append(_ message: [UInt8], _ kind: ViewerQueue.Kind) {
    let mustRing = queue.withLock { queue in
      let wasEmpty = queue.isEmpty
      queue.append(message, kind)
      return wasEmpty
    }
    guard mustRing else { return }
    var one: UInt64 = 1
    _ = write(bell, &one, 8)
  }

  /// What waits, as server-sent events, oldest first; a part of it where it is much.
  package func take() -> [UInt8] {
    var count: UInt64 = 0
    return queue.withLock { queue in
      _ = read(bell, &count, 8)
      return queue.take()
    }
  }
}
