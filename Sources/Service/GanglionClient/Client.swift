import Failures
import Glibc
import SocketProtocol

/// Why a daemon cannot be talked to.
public struct ClientError: ReportedError, Equatable, Sendable {
  /// What kind of failure it is.
  public enum Code: Equatable, Sendable {
    /// There is no socket, or nobody listens on it.
    case notRunning
    /// It speaks another major version, or no protocol of ours.
    case incompatible
    /// It has told this client to leave; trying again later may work.
    case sentAway
    /// A line was longer than the protocol allows, or no message.
    case malformed
    /// The system refused; `reason` has its words.
    case system
  }

  /// What kind of failure it is.
  public let code: Code
  /// Path of the socket.
  public let path: String
  /// What is wrong, for people.
  public let reason: String

  /// What is wrong with a daemon, and where it listens.
  public init(code: Code, path: String, reason: String) {
    self.code = code
    self.path = path
    self.reason = reason
  }

  public var kind: FailureKind { code == .sentAway ? .sentAway : .unavailable }
  public var description: String { "daemon at \(path): \(reason)" }
}

/// A connection to a daemon. Pings are answered by it; everything else is handed on.
///
/// Calls block their thread; a client belongs to one thread at a time.
public final class Client {
  /// Path of the socket.
  public let path: String
  /// What the daemon said first.
  public private(set) var hello: Message.Hello
  /// The same as it was sent, without its end.
  public private(set) var greeting: [UInt8] = []
  /// Readable when something has arrived, for those who poll.
  public let descriptor: Int32
  private var splitter = LineSplitter(longest: ProtocolLimits().messageBytes)
  private var lines: [[UInt8]] = []
  private var isMalformed = false

  /// Connects and reads the greeting, for which a daemon may take so long.
  public init(path: String, greetingTimeoutMilliseconds: Int32 = 5_000) throws(ClientError) {
    self.path = path
    hello = Message.Hello(protocol: [], server: "", sources: [], models: [])
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard let address = UnixAddress(path) else {
      throw ClientError(code: .system, path: path, reason: "is no path of a socket")
    }
    guard descriptor >= 0, address.withPointer({ connect(descriptor, $0, $1) }) == 0 else {
      let isAbsent = errno == ENOENT || errno == ECONNREFUSED
      let why = isAbsent ? "no daemon listens there" : String(cString: strerror(errno))
      throw ClientError(code: isAbsent ? .notRunning : .system, path: path, reason: why)
    }
    let line: [UInt8]
    switch try nextLine(timeoutMilliseconds: greetingTimeoutMilliseconds) {
    case .line(let first): line = first
    case .timeout:
      throw ClientError(
        code: .system, path: path,
        reason: "it took the connection but sent no greeting in "
          + "\(greetingTimeoutMilliseconds) ms: the machine is overloaded or the daemon hangs")
    case .end:
      throw ClientError(code: .system, path: path, reason: "it closed the connection before a greeting")
    }
    greeting = line
    switch try? Message(line: line) {
    case .hello(let hello):
      guard hello.protocol.first == ProtocolVersion.current[0] else {
        let version = hello.protocol.map(String.init).joined(separator: ".")
        throw ClientError(code: .incompatible, path: path, reason: "it speaks protocol \(version), this program 1")
      }
      self.hello = hello
    case .bye(let reason):
      throw ClientError(code: .sentAway, path: path, reason: "it turned the connection away: \(reason)")
    default: throw ClientError(code: .incompatible, path: path, reason: "it does not begin with a greeting")
    }
  }

  deinit { close(descriptor) }

  /// What came, or why nothing did.
  public enum Arrival: Equatable, Sendable {
    case message(Message)
    /// Nothing within the time given.
    case timeout
    /// The daemon has closed the connection.
    case end
  }

  /// The next message.
  ///
  /// - Parameter timeoutMilliseconds: how long to wait for it; nil waits for ever.
  public func next(timeoutMilliseconds: Int32? = nil) throws(ClientError) -> Arrival {
    while true {
      switch try nextLine(timeoutMilliseconds: timeoutMilliseconds) {
      case .timeout: return .timeout
      case .end: return .end
      case .line(let line):
        let message = try message(in: line)
        if case .ping(let n) = message {
          try pong(n)
          continue
        }
        return .message(message)
      }
    }
  }

  /// What a line of the daemon's says.
  public func message(in line: [UInt8]) throws(ClientError) -> Message {
    do {
      return try Message(line: line)
    } catch {
      let head = String(decoding: line.prefix(80), as: UTF8.self)
      throw ClientError(code: .malformed, path: path, reason: "sent what is no message: \(head)")
    }
  }

  /// What came, or why nothing did.
  public enum ArrivingLine: Equatable, Sendable {
    case line([UInt8])
    case timeout
    case end
  }

  /// The next line as it was sent, without its end; pings are not answered.
  public func nextLine(timeoutMilliseconds: Int32? = nil) throws(ClientError) -> ArrivingLine {
    while lines.isEmpty {
      if isMalformed {
        throw ClientError(code: .malformed, path: path, reason: "sent a line longer than the protocol allows")
      }
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = Glibc.poll(&poll, 1, timeoutMilliseconds ?? -1)
      if ready == 0 { return .timeout }
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
      if count <= 0 { return .end }
      splitter.push(buffer[..<count]) { piece in
        switch piece {
        case .line(let line): lines.append(line)
        case .tooLong: isMalformed = true
        }
      }
      lines.reverse()
    }
    return .line(lines.removeLast())
  }

  /// Asks for what is wanted; the daemon answers with `subscribed` or `error`.
  public func subscribe(
    topics: [Topic]? = nil, sources: [String]? = nil, minScore: Double? = nil, id: Int64? = nil
  ) throws(ClientError) {
    var line = JSONLine(type: "subscribe")
    line.add("id", ifPresent: id)
    if let topics { line.add("topics", topics.map(\.rawValue)) }
    if let sources { line.add("sources", sources) }
    if let minScore { line.add("min_score", score: minScore) }
    try send(line.line)
  }

  /// Asks for models to go over to a task they have learnt; the daemon answers with `done` or `error`.
  ///
  /// - Parameter model: what it calls itself; nil for all of the source that know the task.
  public func context(
    id: Int64? = nil, source: String, model: String? = nil, task: String
  ) throws(ClientError) {
    var line = JSONLine(type: "context")
    line.add("id", ifPresent: id)
    line.add("source", source)
    line.add("model", ifPresent: model)
    line.add("task", task)
    try send(line.line)
  }

  /// Asks for thresholds to be written into a model; the daemon answers with `done` or `error`.
  ///
  /// - Parameters:
  ///   - model: what it calls itself.
  ///   - thresholds: by label, 0 to 1; four decimals count.
  public func thresholds(
    id: Int64? = nil, model: String, _ thresholds: [String: Double]
  ) throws(ClientError) {
    var line = JSONLine(type: "thresholds")
    line.add("id", ifPresent: id)
    line.add("model", model)
    line.add("thresholds", scores: thresholds.sorted { $0.key < $1.key }.map { (label: $0.key, score: $0.value) })
    try send(line.line)
  }

  /// Asks the daemon to read its configuration and models anew; it answers with `done` or `error`.
  public func reload(id: Int64? = nil) throws(ClientError) {
    var line = JSONLine(type: "reload")
    line.add("id", ifPresent: id)
    try send(line.line)
  }

  /// Answers a ping; only needed by those who read lines themselves.
  ///
  /// A daemon that has closed the connection since is no error here: why it did so stands in what is still to be read.
  public func pong(_ n: Int64) throws(ClientError) {
    let number = write(JSONLine.numbered("pong", n))
    if number != 0 && number != EPIPE && number != ECONNRESET { throw failure(number) }
  }

  /// Sends bytes as they are.
  public func send(_ bytes: [UInt8]) throws(ClientError) {
    let number = write(bytes)
    if number != 0 { throw failure(number) }
  }

  private func failure(_ number: Int32) -> ClientError {
    ClientError(code: .system, path: path, reason: String(cString: strerror(number)))
  }

  /// Sends bytes; 0, or the system's number for what went wrong.
  private func write(_ bytes: [UInt8]) -> Int32 {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent < 0 && errno == EINTR { continue }
      if sent <= 0 { return errno }
      rest = rest.dropFirst(sent)
    }
    return 0
  }
}

extension JSONLine {
  fileprivate static func numbered(_ type: String, _ n: Int64) -> [UInt8] {
    var line = JSONLine(type: type)
    line.add("n", n)
    return line.line
  }
}
