/// One peer of the daemon, without its socket: what it asked for, what waits for it, and whether it still lives.
///
/// Times are milliseconds of any monotonic clock.
public struct Subscriber: Sendable {
  /// What has to be done about a peer after some time.
  public enum Duty: Equatable, Sendable {
    case nothing
    /// A ping was queued.
    case ping
    case close(Reply.Farewell)
  }

  public let limits: ProtocolLimits
  public var filter = Filter()
  public private(set) var queue: SubscriberQueue
  private var splitter: LineSplitter
  /// Bytes that came while it was not heard, or with what made it unheard.
  private var unheard: [UInt8] = []
  /// When it began to lose something; nil while it keeps up.
  private var behindSince: Int64?
  /// When it last answered, read or said something.
  private var lastSign: Int64
  private var lastPing: Int64
  private var pings: Int64 = 0
  private var lastUnread = 0
  /// Who has once answered a ping owes an answer to every ping; others are judged by whether they read.
  private var answersPings = false

  public init(limits: ProtocolLimits, now: Int64) {
    self.limits = limits
    queue = SubscriberQueue(messageLimit: limits.queueMessages, byteLimit: limits.queueBytes)
    splitter = LineSplitter(longest: limits.requestBytes)
    (lastSign, lastPing) = (now, now)
  }

  /// Whether to read its requests: not while it leaves the answers unread.
  public var isHeard: Bool { queue.replies < limits.waitingReplies }

  /// Whether there is something that it said before it was not heard any more.
  public var hasUnheard: Bool { !unheard.isEmpty }

  /// Takes bytes from it; requests and refusals are handed on in order, and pings and pongs dealt with here. What follows
  /// the request whose answer was one too many waits for the next call, which may bring nothing.
  public mutating func receive(
    _ bytes: some Sequence<UInt8>, sources: Set<String>, now: Int64,
    handle: (inout Subscriber, Result<Request, RequestError>) -> Void
  ) {
    unheard += bytes
    var taken = 0
    defer { unheard.removeFirst(taken) }
    while taken < unheard.count && isHeard {
      // To the end of a line, or of what there is.
      let end = unheard[taken...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? unheard.count
      var whole: LineSplitter.Piece?
      splitter.push(unheard[taken..<end]) { whole = $0 }
      taken = end
      guard let piece = whole else { continue }
      let result: Result<Request, RequestError>
      switch piece {
      case .tooLong:
        result = .failure(RequestError(.tooLong, "a request line has at most \(limits.requestBytes) bytes"))
      case .line(let line):
        if line.isEmpty { continue }
        do throws(RequestError) {
          result = .success(try Request(line: line, sources: sources))
        } catch {
          result = .failure(error)
        }
      }
      switch result {
      case .success(.pong(let n)):
        if (1...max(1, pings)).contains(n) && pings > 0 {
          answersPings = true
          lastSign = now
        }
      case .success(.ping(let n)): queue.append(reply: Reply.pong(n))
      default: handle(&self, result)
      }
    }
    if !answersPings { lastSign = now }
  }

  /// Queues a line for it alone.
  public mutating func reply(_ line: [UInt8]) { queue.append(reply: line) }

  /// Queues a publication if it asked for its kind.
  public mutating func offer(_ publication: Publication, now: Int64) {
    guard filter.admits(publication) else { return }
    let before = queue.dropped
    queue.append(publication)
    if queue.dropped > before, behindSince == nil { behindSince = now }
  }

  /// Publications up to a number were lost before they could be offered to anybody.
  public mutating func offer(holeUpTo last: Int64, count: Int, now: Int64) {
    queue.append(holeUpTo: last, count: count)
    if behindSince == nil { behindSince = now }
  }

  /// Moves lines to a buffer for its socket.
  public mutating func take(into buffer: inout [UInt8], size: Int) {
    queue.take(into: &buffer, size: size)
    if queue.isEmpty { behindSince = nil }
  }

  /// Sends it away: what waits for it is thrown away, how much that is is told, and the goodbye follows.
  public mutating func dismiss(_ reason: Reply.Farewell) {
    queue.dropAll()
    queue.append(reply: Reply.bye(reason))
  }

  /// Looks after the peer; to be called about once a second.
  ///
  /// - Parameters:
  ///   - unread: bytes it has not read yet, the daemon's and the system's together.
  ///   - hasRead: whether it was seen reading since the last time, however much has come after that.
  public mutating func duty(unread: Int, hasRead: Bool = false, now: Int64) -> Duty {
    if let behindSince, now - behindSince >= limits.slowMilliseconds { return .close(.slow) }
    if !answersPings, unread == 0 || unread < lastUnread || hasRead { lastSign = now }
    lastUnread = unread
    if now - lastSign >= limits.silenceMilliseconds { return .close(.idle) }
    if now - lastPing >= limits.pingMilliseconds {
      lastPing = now
      pings += 1
      queue.append(reply: Reply.ping(pings))
      return .ping
    }
    return .nothing
  }
}
