import Dispatch
import Foundation
import Glibc
import SocketProtocol
import Synchronization

/// Serves subscribers of a Unix socket from one thread.
///
/// One thread with epoll and non-blocking sockets, because fan-out to a thousand peers is nothing but system calls: each
/// publication is written once and shared, a peer's lines of up to 8 ms leave in one call. (Event-loop frameworks were
/// measured at 2 to 15 times the CPU a delivery, for a 13 MB larger program; a local socket needs nothing else of them.)
package final class SocketServer: Sendable {
  /// What the server asks its owner to do.
  package struct Handlers: Sendable {
    /// A peer asks for a reload; the answer is given from any thread, once.
    package var reload: @Sendable (_ answer: @escaping @Sendable (RequestError?) -> Void) -> Void
    /// A peer asks for another task; answered in the same way.
    package var context:
      @Sendable (_ request: ContextRequest, _ answer: @escaping @Sendable (RequestError?) -> Void) -> Void
    /// A peer asks for other thresholds of a model; answered in the same way.
    package var thresholds:
      @Sendable (_ request: ThresholdsRequest, _ answer: @escaping @Sendable (RequestError?) -> Void) -> Void
    /// Something worth a line in the log.
    package var log: @Sendable (_ level: LogLevel, _ message: String, _ fields: [(String, String)]) -> Void

    package init(
      reload: @escaping @Sendable (_ answer: @escaping @Sendable (RequestError?) -> Void) -> Void = {
        $0(RequestError(.reloadFailed, "there is nothing to reload"))
      },
      context:
        @escaping @Sendable (
          _ request: ContextRequest, _ answer: @escaping @Sendable (RequestError?) -> Void
        ) -> Void = {
          $1(RequestError(.unknownTask, "there is no model"))
        },
      thresholds:
        @escaping @Sendable (
          _ request: ThresholdsRequest, _ answer: @escaping @Sendable (RequestError?) -> Void
        ) -> Void = {
          $1(RequestError(.badModel, "there is no model"))
        },
      log: @escaping @Sendable (_ level: LogLevel, _ message: String, _ fields: [(String, String)]) -> Void = {
        _, _, _ in
      }
    ) {
      self.reload = reload
      self.context = context
      self.thresholds = thresholds
      self.log = log
    }
  }

  /// What the server has done so far.
  package struct Counters: Equatable, Sendable {
    package var subscribers = 0
    package var accepted = 0
    package var refused = 0
    package var sentBytes = 0
    /// Bytes that wait for subscribers, counted twice a second.
    package var queuedBytes = 0
    /// Publications that were not delivered to somebody who wanted them.
    package var dropped = 0
    /// CPU time of the server's thread, counted twice a second.
    package var cpuMicroseconds: Int64 = 0
    package var closedSlow = 0
    package var closedIdle = 0
  }

  private let hub: Hub
  private let counts = Mutex(Counters())
  private let ended = DispatchSemaphore(value: 0)

  /// Starts to serve.
  package init(
    _ listener: UnixListener, hub: Hub, name: String, policy: PeerPolicy = PeerPolicy(), maximumSubscribers: Int = 256,
    handlers: Handlers = Handlers()
  ) {
    self.hub = hub
    let thread = Thread { [self] in
      let loop = ServerLoop(
        listener, hub: hub, name: name, policy: policy, maximumSubscribers: maximumSubscribers, handlers: handlers)
      loop.run { change in self.counts.withLock { change(&$0) } }
      // Before anybody is told: the process may end before this thread lets go of the listener.
      loop.listener.withdraw()
      ended.signal()
    }
    thread.name = "socket"
    thread.start()
  }

  package var counters: Counters { counts.withLock { $0 } }

  /// Sends everything that was published, says goodbye, and returns when all peers are gone: two seconds at most.
  package func stop() {
    hub.stop()
    ended.wait()
    // Whoever asks again finds it ended.
    ended.signal()
  }
}
