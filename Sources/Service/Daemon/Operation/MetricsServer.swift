import Dispatch
import Foundation
import Glibc
import SocketProtocol

/// Answers `GET /metrics` over HTTP/1.1 on a loopback port or a Unix socket, one request a connection.
///
/// A page of text for one path does not need a web server: requests have at most 4 KiB and one second, connections are
/// served one after another, and nothing of a request is ever used but its first line.
final class MetricsServer: Sendable {
  private static let requestBytes = 4_096
  private static let requestMilliseconds: Int64 = 1_000

  /// Gives the text, once.
  typealias Supply = @Sendable (_ answer: @escaping @Sendable (String) -> Void) -> Void

  private let stopping: StopFlag
  private let ended = DispatchSemaphore(value: 0)

  init(_ configuration: MetricsConfiguration, log: Log, supply: @escaping Supply) throws(ListenerError) {
    let port: Int32
    var first: UnixListener?
    switch configuration {
    case .unix(let path):
      let opened = try UnixListener(path: path)
      first = opened
      port = opened.descriptor
    case .loopback(let number): port = try Self.listen(number)
    }
    stopping = StopFlag()
    let thread = Thread { [stopping, ended, first] in
      var unix = first
      while !stopping.isSet(within: unix?.descriptor ?? port) {
        if let listener = unix, !listener.isReachable {
          // Where that does not work either, it is tried again the next time.
          unix = (try? listener.renewed()) ?? listener
        }
        let descriptor = accept(unix?.descriptor ?? port, nil, nil)
        if descriptor < 0 {
          // Without descriptors left, looking again at once would turn in circles.
          if errno != EAGAIN && errno != EINTR { usleep(100_000) }
          continue
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        Self.answer(descriptor, supply)
        close(descriptor)
      }
      if unix == nil { close(port) }
      unix?.withdraw()
      ended.signal()
    }
    thread.name = "metrics"
    thread.start()
    log(.info, "metrics", [("listening", "\(configuration)")])
  }

  func stop() {
    stopping.set()
    ended.wait()
    ended.signal()
  }

  private static func listen(_ port: UInt16) throws(ListenerError) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let bound = withUnsafePointer(to: address) { pointer in
      // sockaddr is the common head of all socket addresses.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, Glibc.listen(descriptor, 8) == 0 else {
      let why = String(cString: strerror(errno))
      close(descriptor)
      throw ListenerError(code: .system, path: "127.0.0.1:\(port)", reason: why)
    }
    return descriptor
  }

  private static func answer(_ descriptor: Int32, _ supply: Supply) {
    guard let request = request(descriptor) else { return }
    let words = request.split(separator: " ")
    let body: String
    let status: String
    if words.count < 2 || words[0] != "GET" {
      (status, body) = ("405 Method Not Allowed", "only GET\n")
    } else if words[1] != "/metrics" {
      (status, body) = ("404 Not Found", "try /metrics\n")
    } else {
      let ready = DispatchSemaphore(value: 0)
      let box = TextBox()
      supply {
        box.text = $0
        ready.signal()
      }
      ready.wait()
      (status, body) = ("200 OK", box.text)
    }
    let head =
      "HTTP/1.1 \(status)\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
      + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
    send(descriptor, Array((head + body).utf8))
  }

  /// Written before the semaphore is signalled and read after it was waited for: never at once.
  private final class TextBox: @unchecked Sendable {
    var text = ""
  }

  /// The first line, once the head of the request is complete.
  private static func request(_ descriptor: Int32) -> Substring? {
    let deadline = monotonicMilliseconds() + requestMilliseconds
    var bytes: [UInt8] = []
    while bytes.count < requestBytes {
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let rest = deadline - monotonicMilliseconds()
      guard rest > 0, Glibc.poll(&poll, 1, Int32(rest)) > 0 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 1_024)
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count <= 0 { return nil }
      bytes += buffer[..<count]
      let text = String(decoding: bytes, as: UTF8.self)
      // A carriage return and a line feed are one character to Swift.
      if text.contains("\r\n\r\n") || text.contains("\n\n") { return text.split(whereSeparator: \.isNewline).first }
    }
    return nil
  }

  private static func send(_ descriptor: Int32, _ bytes: [UInt8]) {
    let deadline = monotonicMilliseconds() + requestMilliseconds
    var rest = bytes[...]
    while !rest.isEmpty, monotonicMilliseconds() < deadline {
      let sent = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if sent > 0 {
        rest = rest.dropFirst(sent)
        continue
      }
      if errno != EAGAIN && errno != EINTR { return }
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = Glibc.poll(&poll, 1, 100)
    }
  }
}

/// Wakes a thread that polls a descriptor.
private final class StopFlag: Sendable {
  private let ends: (read: Int32, write: Int32)

  init() {
    var pair: [Int32] = [-1, -1]
    let made = pipe(&pair)
    precondition(made == 0, "no pipe: \(String(cString: strerror(errno)))")
    for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    ends = (pair[0], pair[1])
  }

  deinit {
    close(ends.read)
    close(ends.write)
  }

  func set() {
    var byte: UInt8 = 1
    _ = write(ends.write, &byte, 1)
  }

  /// Waits until a descriptor can be read, some time is over or the flag is set; whether it is.
  func isSet(within descriptor: Int32) -> Bool {
    var polls = [
      pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
    ]
    _ = poll(&polls, 2, 1_000)
    return polls[0].revents != 0
  }
}
