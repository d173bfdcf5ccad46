import CLinux
import Glibc
import SocketProtocol
import Synchronization

/// What peers are told when they connect.
package struct Directory: Equatable, Sendable {
  package var sources: [Reply.Source]
  package var models: [Reply.Model]

  package init(sources: [Reply.Source] = [], models: [Reply.Model] = []) {
    self.sources = sources
    self.models = models
  }
}

/// Where everything that happens is published, from any thread; the socket server fetches it from here.
///
/// Publishing takes a lock for as long as writing a line takes and never waits for a peer.
package final class Hub: Sendable {
  /// One peer, for as long as it is connected.
  typealias PeerID = Int

  private struct State {
    var outbox: Outbox
    var directory = Directory()
    var replies: [(PeerID, [UInt8])] = []
    var isStopping = false
    /// Others who are told everything.
    var outlets: [@Sendable (Report, Int64) -> Void] = []
  }

  /// What has gathered since the last time.
  struct Harvest {
    var replies: [(PeerID, [UInt8])]
    var isStopping: Bool
    /// Whether there are publications to be fetched.
    var hasPublications: Bool
  }

  package let limits: ProtocolLimits
  private let state: Mutex<State>
  /// Bits of the topics that somebody has asked for.
  private let wanted = Atomic<Int>(0)
  /// The same for outlets.
  private let wantedOutside = Atomic<Int>(0)
  /// Becomes readable when there is something to fetch.
  let bell: Int32

  package init(limits: ProtocolLimits = ProtocolLimits()) {
    self.limits = limits
    state = Mutex(State(outbox: Outbox(limits: limits)))
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    precondition(bell >= 0, "no event descriptor: \(String(cString: strerror(errno)))")
  }

  deinit { close(bell) }

  package func publish(_ report: Report) {
    let mustRing = state.withLock { state in
      defer {
        state.outbox.publish(report)
        for outlet in state.outlets { outlet(report, state.outbox.sequence) }
      }
      return state.outbox.isEmpty
    }
    if mustRing { ring() }
  }

  /// Has somebody told every report with its number, in their order.
  ///
  /// - Parameters:
  ///   - topics: what need not be made unless somebody wants it.
  ///   - take: called by whoever publishes, under the lock that gives the numbers; it must not wait.
  func addOutlet(wanting topics: Set<Topic>, _ take: @escaping @Sendable (Report, Int64) -> Void) {
    state.withLock { $0.outlets.append(take) }
    wantedOutside.bitwiseOr(topics.reduce(0) { $0 | Self.bit($1) }, ordering: .relaxed)
  }

  /// Whether any subscriber has asked for a topic: what nobody wants need not be written.
  package func isWanted(_ topic: Topic) -> Bool {
    (wanted.load(ordering: .relaxed) | wantedOutside.load(ordering: .relaxed)) & Self.bit(topic) != 0
  }

  /// Notes what subscribers have asked for.
  func setWanted(_ topics: Set<Topic>) {
    wanted.store(topics.reduce(0) { $0 | Self.bit($1) }, ordering: .relaxed)
  }

  private static func bit(_ topic: Topic) -> Int { 1 << (Topic.allCases.firstIndex(of: topic) ?? 0) }

  /// What peers that connect from now on are told.
  package var directory: Directory {
    get { state.withLock { $0.directory } }
    set { state.withLock { $0.directory = newValue } }
  }

  /// Number of the last report.
  package var sequence: Int64 { state.withLock { $0.outbox.sequence } }

  /// Sends a line to one peer, if it is still there.
  func reply(to peer: PeerID, _ line: [UInt8]) {
    state.withLock { $0.replies.append((peer, line)) }
    ring()
  }

  /// Tells the server to take its leave.
  func stop() {
    state.withLock { $0.isStopping = true }
    ring()
  }

  func harvest() -> Harvest {
    var count: UInt64 = 0
    _ = read(bell, &count, 8)
    return state.withLock { state in
      defer { state.replies = [] }
      return Harvest(
        replies: state.replies, isStopping: state.isStopping, hasPublications: !state.outbox.isEmpty)
    }
  }

  /// Takes out all publications; the outbox is exchanged under the lock and read outside of it.
  func drain(publication: (Publication) -> Void, hole: (Int64, Int) -> Void) {
    var taken: [Piece] = []
    state.withLock { state in
      state.outbox.drain(publication: { taken.append(.publication($0)) }, hole: { taken.append(.hole($0, $1)) })
    }
    for piece in taken {
      switch piece {
      case .publication(let value): publication(value)
      case .hole(let last, let count): hole(last, count)
      }
    }
  }

  private enum Piece {
    case publication(Publication)
    case hole(Int64, Int)
  }

  private func ring() {
    var one: UInt64 = 1
    _ = write(bell, &one, 8)
  }
}
