import Glibc
import SocketProtocol

/// A subscriber with its socket. Belongs to the server's thread.
final class Connection {
  let id: Hub.PeerID
  let descriptor: Int32
  let peer: PeerCredentials
  var subscriber: Subscriber
  /// What the system did not take, of lines that are already on their way.
  private var rest: [UInt8] = []
  /// Whether the peer can still say something.
  var isListenedTo = true
  /// Whether the system is asked to tell when it takes bytes again.
  var awaitsRoom = false
  /// A farewell has been queued; nothing follows it.
  var isLeaving = false
  /// Whether it leaves things unread, so that it is worth the calls to see whether it reads at all.
  private var isBehind = false
  private var hasRead = false
  /// What the system held of it after the last sending.
  private var heldAfterSending = 0
  /// What is sent at once. The system lets go of it only when all of it has been read: were it much, a slow reader would
  /// look like one who does not read.
  private static let pieceBytes = 8_192

  init(id: Hub.PeerID, descriptor: Int32, peer: PeerCredentials, limits: ProtocolLimits, now: Int64) {
    self.id = id
    self.descriptor = descriptor
    self.peer = peer
    subscriber = Subscriber(limits: limits, now: now)
  }

  deinit { close(descriptor) }

  enum Progress {
    /// Everything is with the system.
    case done
    /// The system takes no more for now.
    case full
    /// The peer is gone.
    case gone
  }

  /// Hands waiting lines to the system, never waiting.
  ///
  /// - Parameter scratch: room that all connections share, so that an idle one holds none.
  func flush(scratch: inout [UInt8], sent: (Int) -> Void) -> Progress {
    while true {
      scratch.removeAll(keepingCapacity: true)
      if rest.isEmpty {
        subscriber.take(into: &scratch, size: Self.pieceBytes)
      } else {
        swap(&rest, &scratch)
      }
      if scratch.isEmpty { return .done }
      if isBehind { lookWhetherItRead() }
      let count = scratch.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if isBehind { heldAfterSending = held }
      if count > 0 { sent(count) }
      if count == scratch.count { continue }
      if count < 0 && errno != EAGAIN && errno != EINTR { return .gone }
      rest = Array(scratch[max(0, count)...])
      if count < 0 && errno == EINTR { continue }
      return .full
    }
  }

  /// What has to be done about it after some time.
  func duty(now: Int64) -> Subscriber.Duty {
    let held = held
    lookWhetherItRead(held)
    let unread = held + rest.count + subscriber.queue.bytes
    defer { (isBehind, hasRead, heldAfterSending) = (unread > 0, false, held) }
    return subscriber.duty(unread: unread, hasRead: isBehind && hasRead, now: now)
  }

  /// Queues a goodbye, and makes the system take it however little of the rest has been read.
  func dismiss(_ reason: Reply.Farewell) {
    subscriber.dismiss(reason)
    isLeaving = true
    // Twice the usual room, which the system grants to everybody.
    var room: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, &size) == 0 else { return }
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, size)
  }

  /// What is held can only become less by being read.
  private func lookWhetherItRead(_ now: Int? = nil) {
    if (now ?? held) < heldAfterSending { hasRead = true }
  }

  /// Bytes that the system holds because the peer has not read them, with what it needs to hold them.
  private var held: Int {
    var held: Int32 = 0
    _ = ioctl(descriptor, UInt(TIOCOUTQ), &held)
    return Int(held)
  }
}
