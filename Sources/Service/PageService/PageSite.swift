import Dispatch
import SocketProtocol
import Synchronization

/// What is served: page, events, replays and trials at the page's door; metrics and health at every door.
package struct PageSite: Sendable {
  /// One way in, and who may take it.
  package struct Entrance: Sendable {
    package var policy: RequestPolicy
    /// Whether the page is there, or metrics and health alone.
    package var hasPage: Bool

    package init(policy: RequestPolicy, hasPage: Bool) {
      self.policy = policy
      self.hasPage = hasPage
    }
  }

  /// Gives a text, once, from any thread.
  package typealias Supply<Text> = @Sendable (_ answer: @escaping @Sendable (Text) -> Void) -> Void

  package struct Handlers: Sendable {
    /// Figures for Prometheus.
    package var metrics: Supply<String>
    /// How the daemon and its sources are, as a line of JSON, and whether all is well.
    package var health: Supply<(line: [UInt8], isWell: Bool)>

    package init(metrics: @escaping Supply<String>, health: @escaping Supply<(line: [UInt8], isWell: Bool)>) {
      self.metrics = metrics
      self.health = health
    }
  }

  private let entrances: [Entrance]
  private let feed: PageFeed?
  private let handlers: Handlers
  /// A replay is of at most so much stream time.
  private static let longestReplay: Int64 = 60_000_000

  /// - Parameters:
  ///   - entrances: in the order of the server's doors.
  ///   - feed: of the page; nil where there is none.
  package init(_ entrances: [Entrance], feed: PageFeed?, handlers: Handlers) {
    self.entrances = entrances
    self.feed = feed
    self.handlers = handlers
  }

  /// Answers a request; it may wait for the daemon.
  package func answer(_ request: HTTPRequest, door: Int) -> HTTPServer.Answer {
    let entrance = entrances[door]
    if let refusal = entrance.policy.refusal(of: request) {
      let (status, text) = refusal.answer
      var response = HTTPResponse(status, text: text)
      if status == .unauthorised { response.headers = [("WWW-Authenticate", "Basic realm=\"ganglion\"")] }
      if status == .methodNotAllowed { response.headers = [("Allow", "GET, HEAD")] }
      return .whole(response)
    }
    switch request.path {
    case "/metrics":
      let text = Self.wait(for: handlers.metrics)
      return .whole(HTTPResponse(.ok, "text/plain; version=0.0.4; charset=utf-8", body: Array(text.utf8)))
    case "/health":
      let (line, isWell) = Self.wait(for: handlers.health)
      return .whole(HTTPResponse(isWell ? .ok : .unavailable, "application/json", body: line))
    default: break
    }
    guard entrance.hasPage, let feed else { return Self.nothing("try /metrics or /health") }
    switch request.path {
    case "/": return .whole(PageDocument.own.response)
    case "/events":
      // A look at the head only is no look at the stream.
      if request.method == "HEAD" { return .whole(HTTPResponse(.ok, "text/event-stream", body: [])) }
      return .messages(feed.open())
    case "/replay": return .whole(replay(request, feed))
    case "/try": return .whole(attempt(request, feed))
    default: return Self.nothing("try /")
    }
  }

  private static func nothing(_ hint: String) -> HTTPServer.Answer { .whole(HTTPResponse(.notFound, text: hint)) }

  /// `/replay?source=ID&from=US&to=US`: that stretch of a source, as WAV or as JSON of events.
  private func replay(_ request: HTTPRequest, _ feed: PageFeed) -> HTTPResponse {
    guard let source = request.query["source"], let from = request.query["from"].flatMap({ Int64($0) }),
      let to = request.query["to"].flatMap({ Int64($0) }), from >= 0, from < to, to - from <= Self.longestReplay
    else {
      return HTTPResponse(.badRequest, text: "a replay needs source, and from and to in microseconds, at most 60 s")
    }
    guard feed.replaySeconds > 0 else {
      return HTTPResponse(.notFound, text: "nothing is kept: page.replay says for how many seconds")
    }
    return feed.replayMemory(of: source)?.response(from..<to)
      ?? HTTPResponse(.notFound, text: "nothing is kept of that stretch any more")
  }

  /// `/try?source=ID&model=NAME&LABEL=THRESHOLD…`, each label behind `t.`: what other thresholds would have given.
  private func attempt(_ request: HTTPRequest, _ feed: PageFeed) -> HTTPResponse {
    var thresholds: [String: Double] = [:]
    for (name, value) in request.query where name.hasPrefix("t.") {
      guard let threshold = Double(value), (0...1).contains(threshold) else {
        return HTTPResponse(.badRequest, text: "a threshold is a number of 0 to 1")
      }
      thresholds[String(name.dropFirst(2))] = threshold
    }
    guard let source = request.query["source"], let model = request.query["model"],
      let stream = feed.stream(source: source, model: model)
    else { return HTTPResponse(.notFound, text: "there is no such source and model") }
    do {
      return HTTPResponse(.ok, "application/json", body: try stream.attempt(thresholds).closed)
    } catch {
      return HTTPResponse(.badRequest, text: "\(error)")
    }
  }

  /// Waits for a text that another thread gives.
  private static func wait<Text: Sendable>(for supply: Supply<Text>) -> Text {
    let ready = DispatchSemaphore(value: 0)
    let box = Box<Text>()
    supply { text in
      box.value.withLock { $0 = text }
      ready.signal()
    }
    ready.wait()
    guard let text = box.value.withLock({ $0 }) else { preconditionFailure("a supply gives its text") }
    return text
  }

  private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }
}
