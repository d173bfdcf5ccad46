import CLinux
import Dispatch
import Glibc

/// The threads of a service, each for as long as its work takes; at its end the service waits for all of them.
package struct ServiceThreads: Sendable {
  private let running = DispatchGroup()

  package init() {}

  /// What a thread does, carried to it.
  private final class Work: Sendable {
    let body: @Sendable () -> Void
    let running: DispatchGroup

    init(_ running: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
      self.running = running
      self.body = body
    }
  }

  /// - Parameter name: for whoever looks at the process from outside; Linux keeps 15 characters.
  /// - Returns: whether the system had a thread for it.
  package func begin(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    running.enter()
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(running, body))
    let failure = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let work = Unmanaged<Work>.fromOpaque(raw).takeRetainedValue()
        work.body()
        work.running.leave()
        return nil
      }, work.toOpaque())
    guard failure == 0 else {
      work.release()
      running.leave()
      return false
    }
    pthread_setname_np(thread, String(decoding: name.utf8.prefix(15), as: UTF8.self))
    pthread_detach(thread)
    return true
  }

  /// Returns when all of them have ended.
  package func wait() { running.wait() }
}
