import CLinux
import Dispatch
import Foundation
import Glibc
import SocketProtocol
import Synchronization

/// Tells a broker what happens, from any thread, and the daemon what is asked for there.
///
/// Whoever tells something never waits: it is written and put with what is held. One thread of its own does everything
/// that a broker has to do with.
package final class MQTTPublisher: Sendable {
  package struct Handlers: Sendable {
    /// Somebody asks for something; called on the publisher's thread.
    package var command: @Sendable (HomeCommand) -> Void
    /// Something worth a line in the log.
    package var log: @Sendable (_ isTrouble: Bool, _ message: String, _ fields: [(String, String)]) -> Void
    /// Milliseconds of a monotonic clock.
    package var now: @Sendable () -> Int64

    package init(
      command: @escaping @Sendable (HomeCommand) -> Void,
      log: @escaping @Sendable (_ isTrouble: Bool, _ message: String, _ fields: [(String, String)]) -> Void,
      now: @escaping @Sendable () -> Int64
    ) {
      self.command = command
      self.log = log
      self.now = now
    }
  }

  /// What it has done so far.
  package struct Counters: Equatable, Sendable {
    package var isUp = false
    package var connections = 0
    package var waiting = 0
    package var delivered = 0
    package var lost = 0
  }

  /// What the threads share.
  struct Shared: Sendable {
    var held: HeldMessages
    var board: StateBoard
    var layout: HomeLayout
    /// Whether states may be others than they were told.
    var hasNews = true
    /// Whether the devices have to be announced anew.
    var mustAnnounce = false
    var isStopping = false
    var isUp = false
    var connections = 0
  }

  private static let leaveMilliseconds = 2_000

  package let configuration: BrokerConfiguration
  private let topics: HomeTopics
  let handlers: Handlers
  let shared: Mutex<Shared>
  /// Becomes readable when there is something to do.
  let bell: Int32
  private let ended = DispatchSemaphore(value: 0)

  /// Starts to publish.
  package init(_ configuration: BrokerConfiguration, _ layout: HomeLayout, handlers: Handlers) {
    self.configuration = configuration
    self.handlers = handlers
    let topics = HomeTopics(configuration)
    self.topics = topics
    shared = Mutex(
      Shared(
        held: HeldMessages(
          topics: topics, limit: configuration.keptMessages, keptMilliseconds: configuration.keptMilliseconds),
        board: StateBoard(layout, topics: topics), layout: layout))
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    precondition(bell >= 0, "no event descriptor: \(String(cString: strerror(errno)))")
    let thread = Thread { [self] in
      // For whoever looks at the process from outside; Foundation keeps a name to itself.
      pthread_setname_np(pthread_self(), "mqtt")
      // What a peer that has gone would have the C library raise, where it does not ask before.
      var set = sigset_t()
      sigemptyset(&set)
      sigaddset(&set, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &set, nil)
      BrokerLoop(self, topics: topics).run()
      ended.signal()
    }
    thread.start()
  }

  deinit { close(bell) }

  package var counters: Counters {
    shared.withLock {
      Counters(
        isUp: $0.isUp, connections: $0.connections, waiting: $0.held.count, delivered: $0.held.delivered,
        lost: $0.held.lost)
    }
  }

  /// Tells a report that has got a number.
  package func publish(_ report: Report, sequence: Int64) {
    if case .health(let health) = report {
      shared.withLock {
        $0.board.take(health)
        $0.hasNews = true
      }
    }
    let message = EventMessage(
      report, sequence: sequence, topics: topics, tellsProgress: configuration.tellsProgress, now: handlers.now())
    guard let message else { return }
    shared.withLock { $0.held.append(message) }
    ring()
  }

  /// There is something else now than before.
  package func announce(_ layout: HomeLayout) {
    shared.withLock {
      $0.layout = layout
      $0.board.take(layout)
      ($0.hasNews, $0.mustAnnounce) = (true, true)
    }
    ring()
  }

  package func update(_ figures: HomeFigures) {
    shared.withLock {
      $0.board.take(figures)
      $0.hasNews = true
    }
    ring()
  }

  /// Sends what is held and can be sent soon, says goodbye and ends: after two seconds at most.
  package func stop() {
    shared.withLock { $0.isStopping = true }
    ring()
    // A name that is looked up cannot be interrupted; the process ends without that thread.
    _ = ended.wait(timeout: .now() + .milliseconds(Self.leaveMilliseconds))
  }

  private func ring() {
    var one: UInt64 = 1
    _ = write(bell, &one, 8)
  }
}
