import CLinux
import Dataflow
import Glibc
import StreamSources
import Synchronization

/// A socket that listens, and may have to be made anew.
package protocol Door: Sendable {
  var descriptor: Int32 { get }
  /// The one to listen at from now on: itself, or another where something has taken its file away.
  func renewed() -> any Door
  /// It is over.
  func withdraw()
}

/// A small server of HTTP/1.1 for people and programs that look: one request a connection, each connection a thread of its
/// own, bounded in number, bytes and time. Whoever is slow is slow alone.
///
/// (FlyingFox was looked at: it takes headers of any length and number, waits for them for as long as they take, and lets in
/// whoever comes; all of that would have to be built around it.)
package final class HTTPServer: Sendable {
  /// What becomes of a request.
  package enum Answer: Sendable {
    case whole(HTTPResponse)
    /// Messages as they come, until the viewer goes. Nil where there are too many.
    case messages(Viewer?)
  }

  package struct Handlers: Sendable {
    /// Answers a request that came through a door; it may wait.
    ///
    /// - Parameter door: the place of the door in the list.
    package var answer: @Sendable (_ request: HTTPRequest, _ door: Int) -> Answer
    /// A viewer has gone.
    package var gone: @Sendable (Viewer) -> Void
    /// Something worth a line in the log.
    package var log: @Sendable (_ isTrouble: Bool, _ message: String, _ fields: [(String, String)]) -> Void

    package init(
      answer: @escaping @Sendable (_ request: HTTPRequest, _ door: Int) -> Answer,
      gone: @escaping @Sendable (Viewer) -> Void = { _ in },
      log: @escaping @Sendable (_ isTrouble: Bool, _ message: String, _ fields: [(String, String)]) -> Void = {
        _, _, _ in
      }
    ) {
      self.answer = answer
      self.gone = gone
      self.log = log
    }
  }

  /// What it has done so far.
  package struct Counters: Equatable, Sendable {
    package var connections = 0
    package var accepted = 0
    package var refused = 0
  }

  private let most: Int
  private let handlers: Handlers
  private let counts = Mutex(Counters())
  private let stopping = StopSignal()
  private let threads = ServiceThreads()

  /// Starts to serve.
  ///
  /// - Parameter most: connections that may be there at once; more are closed as they come.
  package init(_ doors: [any Door], most: Int = 32, handlers: Handlers) {
    self.most = most
    self.handlers = handlers
    for (place, door) in doors.enumerated() {
      let isServed = threads.begin("page") { [self] in accept(door, place) }
      precondition(isServed, "no thread to serve with")
    }
  }

  package var counters: Counters { counts.withLock { $0 } }

  /// Ends all connections and returns when they are gone.
  package func stop() {
    stopping.stop()
    threads.wait()
  }

  private func accept(_ first: any Door, _ place: Int) {
    var door = first
    defer { door.withdraw() }
    while true {
      // Now and then it is looked whether the door is still where others find it.
      switch stopping.wait(for: door.descriptor, milliseconds: 1_000) {
      case .stopped: return
      case .timeout:
        door = door.renewed()
        continue
      case .ready: break
      }
      let descriptor = Glibc.accept(door.descriptor, nil, nil)
      if descriptor < 0 {
        // Without descriptors left, looking again at once would turn in circles.
        if errno != EAGAIN && errno != EINTR && errno != ECONNABORTED { usleep(100_000) }
        continue
      }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
      let hasPlace = counts.withLock { counts in
        guard counts.connections < most else {
          counts.refused += 1
          return false
        }
        counts.connections += 1
        counts.accepted += 1
        return true
      }
      guard hasPlace else {
        close(descriptor)
        handlers.log(true, "page connection refused", [("reason", "there are too many")])
        continue
      }
      let isServed = threads.begin("page peer") { [self] in
        HTTPPeer(descriptor, stop: stopping).serve(door: place, handlers)
        leave(descriptor)
      }
      if !isServed {
        leave(descriptor)
        handlers.log(true, "page connection refused", [("reason", "there is no thread for it")])
      }
    }
  }

  private func leave(_ descriptor: Int32) {
    close(descriptor)
    counts.withLock { $0.connections -= 1 }
  }
}
