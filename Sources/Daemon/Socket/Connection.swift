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
        subscriber.take(into: &scratch, size: 32_768)
      } else {
        swap(&rest, &scratch)
      }
      if scratch.isEmpty { return .done }
      let count = scratch.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count > 0 { sent(count) }
      if count == scratch.count { continue }
      if count < 0 && errno != EAGAIN && errno != EINTR { return .gone }
      rest = Array(scratch[max(0, count)...])
      if count < 0 && errno == EINTR { continue }
      return .full
    }
  }

  /// Bytes the peer has not read: those here and those the system holds.
  var unread: Int {
    var held: Int32 = 0
    _ = ioctl(descriptor, UInt(TIOCOUTQ), &held)
    return Int(held) + rest.count + subscriber.queue.bytes
  }
}
