import Glibc
import StreamSources

/// One connection. Belongs to a thread of its own.
struct HTTPPeer {
  /// For a request to be complete, and for a whole answer to be taken, milliseconds.
  static let requestMilliseconds: Int64 = 2_000
  static let answerMilliseconds: Int64 = 10_000
  /// A viewer that takes nothing of what it is sent for so long is sent away.
  static let viewerMilliseconds: Int64 = 30_000
  /// A sign of life where there is nothing to say.
  private static let pauseMilliseconds: Int64 = 15_000
  /// Who shows a wrong token waits before it can try another.
  private static let penaltyMicroseconds: UInt32 = 500_000
  private static let room = 4_096

  private let descriptor: Int32
  private let stop: StopSignal

  init(_ descriptor: Int32, stop: StopSignal) {
    self.descriptor = descriptor
    self.stop = stop
    var yes: Int32 = 1
    // Who is gone without a word is found out; messages are small and wanted at once.
    setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, socklen_t(MemoryLayout<Int32>.size))
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  func serve(door: Int, _ handlers: HTTPServer.Handlers) {
    let request: HTTPRequest
    do throws(HTTPRequestError) {
      guard let read = try self.request() else { return }
      request = read
    } catch {
      let (status, text) = error.answer
      _ = send(HTTPResponse(status, text: text).bytes(), within: Self.answerMilliseconds)
      return finish()
    }
    switch handlers.answer(request, door) {
    case .whole(let response):
      let isWrong = response.status == .unauthorised && request.headers["authorization"] != nil
      if isWrong { usleep(Self.penaltyMicroseconds) }
      _ = send(response.bytes(isHead: request.method == "HEAD"), within: Self.answerMilliseconds)
      finish()
    case .messages(nil):
      _ = send(
        HTTPResponse(.unavailable, text: "there are too many viewers").bytes(), within: Self.answerMilliseconds)
      finish()
    case .messages(let viewer?):
      if let reason = show(viewer) { handlers.log(true, "viewer sent away", [("reason", reason)]) }
      handlers.gone(viewer)
    }
  }

  /// The request; nil where none comes in time.
  private func request() throws(HTTPRequestError) -> HTTPRequest? {
    let deadline = bootMicroseconds() / 1_000 + Self.requestMilliseconds
    var parser = HTTPRequestParser()
    var buffer = [UInt8](repeating: 0, count: Self.room)
    while true {
      let rest = deadline - bootMicroseconds() / 1_000
      guard rest > 0, stop.wait(for: descriptor, milliseconds: Int32(rest)) == .ready else { return nil }
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count < 0 && (errno == EAGAIN || errno == EINTR) { continue }
      if count <= 0 { return nil }
      if let request = try parser.push(buffer[..<count]) { return request }
    }
  }

  /// Takes what the peer has still sent off its hands: closing on it would throw away the answer with it.
  private func finish() {
    shutdown(descriptor, Int32(SHUT_WR))
    let deadline = bootMicroseconds() / 1_000 + 1_000
    var buffer = [UInt8](repeating: 0, count: Self.room)
    while true {
      let rest = deadline - bootMicroseconds() / 1_000
      guard rest > 0, stop.wait(for: descriptor, milliseconds: Int32(rest)) == .ready,
        recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0
      else { return }
    }
  }

  /// Sends messages until the viewer goes; the reason where it is sent away.
  private func show(_ viewer: Viewer) -> String? {
    let head = HTTPResponse.head(.ok, "text/event-stream", [("X-Accel-Buffering", "no")])
    guard send(head + Array("retry: 2000\n\n".utf8), within: Self.viewerMilliseconds) else { return nil }
    var lastSent = bootMicroseconds() / 1_000
    while true {
      // A viewer that goes is found out by what cannot be sent, and by its end of the connection.
      switch stop.wait(for: viewer.bell, milliseconds: 1_000) {
      case .stopped: return nil
      case .timeout, .ready: break
      }
      if hasGone { return nil }
      let now = bootMicroseconds() / 1_000
      while true {
        var bytes = viewer.take()
        if bytes.isEmpty {
          if now - lastSent < Self.pauseMilliseconds { break }
          bytes = Array(": still here\n\n".utf8)
        }
        lastSent = now
        if !send(bytes, within: Self.viewerMilliseconds) {
          return hasGone || stop.isStopped ? nil : "it does not read what it is sent"
        }
      }
    }
  }

  private var hasGone: Bool {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
  }

  /// Whether the peer has taken it all, at least a piece every so many milliseconds.
  private func send(_ bytes: [UInt8], within patience: Int64) -> Bool {
    var deadline = bootMicroseconds() / 1_000 + patience
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if sent > 0 {
        rest = rest.dropFirst(sent)
        deadline = bootMicroseconds() / 1_000 + patience
        continue
      }
      if errno != EAGAIN && errno != EINTR { return false }
      if stop.isStopped || bootMicroseconds() / 1_000 > deadline { return false }
      var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = poll(&room, 1, 200)
    }
    return true
  }
}
