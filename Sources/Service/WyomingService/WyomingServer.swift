import CLinux
import Dataflow
import Glibc
import StreamSources
import Synchronization

/// Lets satellites come, each to a thread of its own: what one asks for costs the others nothing but the processor.
package final class WyomingServer: Sendable {
  package struct Handlers: Sendable {
    /// Something worth a line in the log.
    package var log: @Sendable (_ isTrouble: Bool, _ message: String, _ fields: [(String, String)]) -> Void
    /// Sound of a satellite, for whoever else listens: its address, the number of its connection, and a piece of it; nil at
    /// its end.
    package var heard: @Sendable (_ address: String, _ connection: Int, _ block: SoundBlock?) -> Void
    /// Microseconds of a monotonic clock.
    package var now: @Sendable () -> Int64

    package init(
      log: @escaping @Sendable (_ isTrouble: Bool, _ message: String, _ fields: [(String, String)]) -> Void,
      heard: @escaping @Sendable (_ address: String, _ connection: Int, _ block: SoundBlock?) -> Void = { _, _, _ in },
      now: @escaping @Sendable () -> Int64
    ) {
      self.log = log
      self.heard = heard
      self.now = now
    }
  }

  /// What it has done so far.
  package struct Counters: Equatable, Sendable {
    package var satellites = 0
    package var accepted = 0
    package var refused = 0
    /// Those that were sent away because they could not be understood or did not go on.
    package var sentAway = 0
    package var detections = 0
  }

  /// A satellite that is there.
  private struct Place: Sendable {
    let stop: StopSignal
    /// When it last said something whole.
    var lastSign: Int64
  }

  private struct State: Sendable {
    var words: WakeWords
    var places: [Int: Place] = [:]
    var counters = Counters()
    var lastID = 0
  }

  /// Who has said nothing for so long makes room where there is none.
  static let idleMicroseconds: Int64 = 60_000_000

  let program: String
  let handlers: Handlers
  private let most: Int
  private let state: Mutex<State>
  private let stopping = StopSignal()
  private let threads = ServiceThreads()

  /// Starts to serve.
  ///
  /// - Parameters:
  ///   - descriptors: sockets that listen already; they belong to the caller, who keeps them open until `stop` has returned.
  ///   - program: with its version, for whoever asks.
  ///   - most: satellites that may be there at once.
  package init(
    _ descriptors: [Int32], words: WakeWords, program: String, most: Int, handlers: Handlers
  ) {
    self.program = program
    self.most = most
    self.handlers = handlers
    state = Mutex(State(words: words))
    for descriptor in descriptors {
      let isServed = threads.begin("wyoming") { [self] in accept(descriptor) }
      precondition(isServed, "no thread to serve with")
    }
  }

  package var counters: Counters { state.withLock { $0.counters } }

  /// The words that can wake; streams that run keep those they began with.
  package var words: WakeWords {
    get { state.withLock { $0.words } }
    set { state.withLock { $0.words = newValue } }
  }

  /// Sends everybody away and returns when they are gone.
  package func stop() {
    stopping.stop()
    let stops = state.withLock { $0.places.values.map(\.stop) }
    for stop in stops { stop.stop() }
    threads.wait()
  }

  private func accept(_ listener: Int32) {
    while true {
      switch stopping.wait(for: listener, milliseconds: -1) {
      case .stopped: return
      case .timeout: continue
      case .ready: break
      }
      var address = sockaddr_storage()
      var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let descriptor = withUnsafeMutablePointer(to: &address) { pointer in
        // sockaddr is the common head of all socket addresses.
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.accept(listener, $0, &size) }
      }
      if descriptor < 0 {
        // Without descriptors left, looking again at once would turn in circles.
        if errno != EAGAIN && errno != EINTR && errno != ECONNABORTED { usleep(100_000) }
        continue
      }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
      admit(descriptor, name: Self.name(of: &address))
    }
  }

  private func admit(_ descriptor: Int32, name: String) {
    let now = handlers.now()
    let stop = StopSignal()
    let (id, sentAway) = state.withLock { state -> (Int?, StopSignal?) in
      var sentAway: StopSignal?
      if state.places.count >= most {
        guard let idle = state.places.min(by: { $0.value.lastSign < $1.value.lastSign }),
          now - idle.value.lastSign >= Self.idleMicroseconds
        else {
          state.counters.refused += 1
          return (nil, nil)
        }
        sentAway = idle.value.stop
        state.places[idle.key] = nil
      }
      state.lastID += 1
      state.places[state.lastID] = Place(stop: stop, lastSign: now)
      state.counters.accepted += 1
      state.counters.satellites = state.places.count
      return (state.lastID, sentAway)
    }
    sentAway?.stop()
    guard let id else {
      close(descriptor)
      return handlers.log(true, "satellite refused", [("satellite", name), ("reason", "there are too many")])
    }
    // Who came while everybody was sent away goes, too.
    if stopping.isStopped { stop.stop() }
    let isServed = threads.begin("satellite") { [self] in
      var peer = WyomingPeer(self, id: id, descriptor: descriptor, name: name, stop: stop)
      leave(id, descriptor, name: name, sentAway: peer.run())
    }
    if !isServed { leave(id, descriptor, name: name, sentAway: "there is no thread for it") }
  }

  /// - Parameter reason: why it was sent away; nil where it went by itself.
  private func leave(_ id: Int, _ descriptor: Int32, name: String, sentAway reason: String?) {
    close(descriptor)
    state.withLock {
      $0.places[id] = nil
      $0.counters.satellites = $0.places.count
      if reason != nil { $0.counters.sentAway += 1 }
    }
    if let reason { handlers.log(true, "satellite sent away", [("satellite", name), ("reason", reason)]) }
  }

  /// A satellite has said something whole, and so much was found in it.
  func sign(of id: Int, found: Int) {
    let now = handlers.now()
    state.withLock {
      $0.places[id]?.lastSign = now
      $0.counters.detections += found
    }
  }

  /// The address of a peer in numbers, without its port; `local` on a Unix socket.
  private static func name(of address: inout sockaddr_storage) -> String {
    let family = Int32(address.ss_family)
    guard family == AF_INET || family == AF_INET6 else { return "local" }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    withUnsafePointer(to: &address) { pointer in
      if family == AF_INET {
        pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
          withUnsafePointer(to: $0.pointee.sin_addr) { _ = inet_ntop(AF_INET, $0, &text, socklen_t(text.count)) }
        }
      } else {
        pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
          withUnsafePointer(to: $0.pointee.sin6_addr) { _ = inet_ntop(AF_INET6, $0, &text, socklen_t(text.count)) }
        }
      }
    }
    let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.hasPrefix("::ffff:") ? String(name.dropFirst(7)) : name
  }
}
