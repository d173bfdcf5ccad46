import Glibc
import StreamSources

/// A satellite and its socket. Belongs to a thread of its own.
struct WyomingPeer {
  /// An event that has begun has to be complete after so long, microseconds.
  private static let patience: Int64 = 10_000_000
  /// For a peer to take what it is sent.
  private static let sending: Int64 = 5_000_000
  private static let room = 65_536
  /// What an event counts at least against what a peer may send: to be understood costs time, too, microseconds.
  private static let leastOfAnEvent: Int64 = 2_000

  private let server: WyomingServer
  private let id: Int
  private let descriptor: Int32
  private let name: String
  private let stop: StopSignal
  private var parser = WyomingParser()
  private var session: WakeSession
  private var allowance = AudioAllowance()
  /// When the event at hand began; nil between two.
  private var beganAt: Int64?

  init(_ server: WyomingServer, id: Int, descriptor: Int32, name: String, stop: StopSignal) {
    self.server = server
    self.id = id
    self.descriptor = descriptor
    self.name = name
    self.stop = stop
    session = WakeSession(peer: "satellite \(name)", program: server.program)
    var yes: Int32 = 1
    // Who is gone without a word is found out.
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, socklen_t(MemoryLayout<Int32>.size))
    var seconds: Int32 = 60
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, &seconds, socklen_t(MemoryLayout<Int32>.size))
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Serves it until it goes or is sent away; the reason for the latter.
  mutating func run() -> String? {
    defer { if session.isStreaming { server.handlers.heard(name, id, nil) } }
    var buffer = [UInt8](repeating: 0, count: Self.room)
    while true {
      var limit: Int32 = -1
      if let beganAt {
        let left = beganAt + Self.patience - server.handlers.now()
        if left <= 0 { return "an event of it was not complete within \(Self.patience / 1_000_000) s" }
        limit = Int32(left / 1_000 + 1)
      }
      switch stop.wait(for: descriptor, milliseconds: limit) {
      case .stopped: return nil
      case .timeout: continue
      case .ready: break
      }
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count == 0 { return nil }
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { continue }
        return nil
      }
      if let reason = take(buffer[..<count]) { return reason }
    }
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>) -> String? {
    var events: [WyomingEvent] = []
    var failure: WyomingError?
    do throws(WyomingError) { try parser.push(bytes) { events.append($0) } } catch { failure = error }
    beganAt = parser.isInside ? (events.isEmpty ? beganAt ?? server.handlers.now() : server.handlers.now()) : nil
    for event in events {
      if let reason = serve(event) { return reason }
    }
    guard let failure else { return nil }
    _ = send(WyomingReply.error(failure))
    return failure.description
  }

  private mutating func serve(_ event: WyomingEvent) -> String? {
    let wasStreaming = session.isStreaming
    let outcome: WakeSession.Outcome
    do {
      outcome = try session.take(event, words: server.words)
    } catch {
      if let error = error as? WyomingError { _ = send(WyomingReply.error(error)) }
      return "\(error)"
    }
    server.sign(of: id, found: outcome.found.count)
    for word in outcome.found { server.handlers.log(false, "woken", [("satellite", name), ("word", word)]) }
    if !outcome.replies.isEmpty, !send(outcome.replies) { return "it does not read what it is sent" }
    if wasStreaming && !session.isStreaming { server.handlers.heard(name, id, nil) }
    if let block = outcome.block { server.handlers.heard(name, id, block) }
    let length = outcome.block.map { $0.endMicroseconds - $0.startMicroseconds } ?? 0
    let pause = allowance.take(microseconds: max(Self.leastOfAnEvent, length), now: server.handlers.now())
    // Its bytes wait with the system, and then with itself.
    if pause > 0 { _ = stop.wait(for: nil, milliseconds: Int32(clamping: pause / 1_000 + 1)) }
    return nil
  }

  /// Whether all of it was taken in time.
  private func send(_ bytes: [UInt8]) -> Bool {
    let deadline = server.handlers.now() + Self.sending
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if sent > 0 {
        rest = rest.dropFirst(sent)
        continue
      }
      if errno != EAGAIN && errno != EINTR { return false }
      let left = (deadline - server.handlers.now()) / 1_000
      if left <= 0 || stop.isStopped { return false }
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = Glibc.poll(&poll, 1, Int32(min(left, 500)))
    }
    return true
  }
}
