import Foundation
import Glibc
import SocketProtocol
import StreamSources
import Synchronization
import Testing

@testable import PageService

private struct TestDoor: Door {
  let listener: NetworkListener
  var descriptor: Int32 { listener.descriptor }
  func renewed() -> any Door { self }
  func withdraw() {}
}

/// A server on a port of its own.
private final class Rig: Sendable {
  let feed: PageFeed
  let server: HTTPServer
  let port: UInt16

  init(most: Int = 8, feed: PageFeed = PageFeed(most: 2), token: String? = nil, hasPage: Bool = true) throws {
    self.feed = feed
    let listener = try NetworkListener("page", host: "127.0.0.1", port: 0)
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener.descriptor, $0, &size) }
    }
    port = UInt16(bigEndian: address.sin_port)
    let site = PageSite(
      [.init(policy: RequestPolicy(token: token), hasPage: hasPage)], feed: feed,
      handlers: .init(
        metrics: { answer in Thread { answer("ganglion_x 1\n") }.start() }, health: { $0((Array("{}".utf8), false)) }))
    server = HTTPServer(
      [TestDoor(listener: listener)], most: most,
      handlers: .init(answer: { site.answer($0, door: $1) }, gone: { feed.close($0) }))
  }

  deinit { server.stop() }

  func connect() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let address = try #require(ListeningAddress.socketAddress("127.0.0.1", port))
    let connected = address.withUnsafeBytes { bytes in
      bytes.baseAddress.map {
        Glibc.connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
      } ?? -1
    }
    #expect(connected == 0)
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    return descriptor
  }

  /// The whole answer.
  func ask(_ request: String) throws -> String {
    let descriptor = try connect()
    defer { close(descriptor) }
    _ = request.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    return Self.rest(descriptor)
  }

  func get(_ target: String, _ more: String = "") throws -> String {
    try ask("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(more)\r\n")
  }

  static func rest(_ descriptor: Int32, until isEnough: (String) -> Bool = { _ in false }) -> String {
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { break }
      answer += buffer[..<count]
      if isEnough(String(decoding: answer, as: UTF8.self)) { break }
    }
    return String(decoding: answer, as: UTF8.self)
  }

  func waits(until isSo: (HTTPServer.Counters) -> Bool) -> Bool {
    for _ in 0..<4_000 {
      if isSo(server.counters) { return true }
      usleep(5_000)
    }
    return false
  }
}

@Suite(.serialized)
struct HTTPServerTests {
  @Test func thePageComesWithItsPolicy() throws {
    let rig = try Rig()
    let page = try rig.get("/")
    #expect(page.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/html"))
    for header in [
      "Content-Security-Policy: default-src 'none'; script-src 'sha256-", "X-Content-Type-Options: nosniff",
      "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin", "Cache-Control: no-store",
      "X-Frame-Options: DENY",
    ] { #expect(page.contains("\r\n\(header)"), "\(header)") }
    #expect(page.hasSuffix("</html>\n"))
    let head = try rig.ask("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(head.hasSuffix("\r\n\r\n") && head.contains("\r\nContent-Length: \(PageDocument.own.html.count)\r\n"))
  }

  @Test func everythingElseIsAnsweredInOneLine() throws {
    let rig = try Rig()
    #expect(try rig.get("/metrics").hasSuffix("\r\n\r\nganglion_x 1\n"))
    #expect(try rig.get("/health").hasPrefix("HTTP/1.1 503 "))
    #expect(try rig.get("/nothing").hasPrefix("HTTP/1.1 404 "))
    #expect(try rig.get("/../etc/passwd").hasPrefix("HTTP/1.1 404 "))
    #expect(try rig.get("/try?source=a&model=b").hasPrefix("HTTP/1.1 404 "))
    #expect(try rig.get("/try?t.x=2").hasPrefix("HTTP/1.1 400 "))
    #expect(try rig.get("/try?t.x=nan").hasPrefix("HTTP/1.1 400 "))
    #expect(try rig.get("/replay?source=a&from=1&to=2").contains("page.replay"))
    for bad in [
      "", "source=a", "source=a&from=2&to=1", "source=a&from=-1&to=1", "source=a&from=0&to=99999999",
      "source=a&from=x&to=1",
    ] {
      #expect(try rig.get("/replay?\(bad)").hasPrefix("HTTP/1.1 400 "), "\(bad)")
    }
    #expect(try rig.ask("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n").hasPrefix("HTTP/1.1 405 "))
    #expect(try rig.ask("nonsense\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
    #expect(try rig.ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").hasPrefix("HTTP/1.1 421 "))
    #expect(try rig.get("/events", "Origin: http://evil.example\r\n").hasPrefix("HTTP/1.1 403 "))
    #expect(try rig.ask("GET /" + String(repeating: "a", count: 40_000)).hasPrefix("HTTP/1.1 431 "))
    #expect(rig.feed.counters.accepted == 0)
  }

  @Test func withATokenNobodySeesAnythingWithoutIt() throws {
    let rig = try Rig(token: "0123456789abcdef")
    for path in ["/", "/events", "/metrics", "/health", "/x"] {
      let answer = try rig.get(path)
      #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("\r\nWWW-Authenticate: Basic realm="))
    }
    #expect(try rig.get("/", "Authorization: Bearer 0123456789abcdef\r\n").hasPrefix("HTTP/1.1 200 "))
    #expect(try rig.get("/", "Authorization: Bearer x\r\n").hasPrefix("HTTP/1.1 401 "))
  }

  @Test func atADoorWithoutAPageThereAreFiguresAlone() throws {
    let rig = try Rig(hasPage: false)
    #expect(try rig.get("/metrics").hasPrefix("HTTP/1.1 200 "))
    for path in ["/", "/events", "/try", "/replay"] { #expect(try rig.get(path).hasPrefix("HTTP/1.1 404 ")) }
  }

  @Test func messagesComeAsTheyAreMade() throws {
    let rig = try Rig()
    rig.feed.setLayout(Array("{\"type\":\"layout\"}".utf8))
    let viewer = try rig.connect()
    _ = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".withCString { send(viewer, $0, strlen($0), 0) }
    let head = Rig.rest(viewer) { $0.hasSuffix("\"layout\"}\n\n") }
    #expect(head.contains("\r\nContent-Type: text/event-stream\r\n") && head.contains("retry: 2000\n\n"))
    rig.feed.publish(Array("{\"n\":1}".utf8), .steps)
    #expect(Rig.rest(viewer) { $0.hasSuffix("\n\n") } == "id: 2\ndata: {\"n\":1}\n\n")
    #expect(rig.feed.isWatched)
    // Who goes is forgotten.
    close(viewer)
    #expect(rig.waits { $0.connections == 0 } && !rig.feed.isWatched)
    #expect(rig.feed.counters == PageFeed.Counters(viewers: 0, accepted: 1))
  }

  /// A viewer that stops reading is nobody after a while, and others get everything.
  @Test func whoStopsReadingCostsOthersNothing() throws {
    let feed = PageFeed(most: 2, queue: ViewerQueue(messageLimit: 64, byteLimit: 1 << 18))
    let rig = try Rig(feed: feed)
    let (stopped, reader) = (try rig.connect(), try rig.connect())
    for viewer in [stopped, reader] {
      _ = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".withCString { send(viewer, $0, strlen($0), 0) }
    }
    _ = Rig.rest(reader) { $0.contains("retry") }
    while feed.counters.viewers < 2 { usleep(1_000) }
    let message = [UInt8](repeating: UInt8(ascii: "x"), count: 60_000)
    for number in 1...300 {
      feed.publish(message + Array("\(number)".utf8), .steps)
      let got = Rig.rest(reader) { $0.hasSuffix("x\(number)\n\n") }
      #expect(got.hasSuffix("x\(number)\n\n"))
    }
    let dropped = feed.counters.dropped
    #expect(dropped > 100, "what the other did not read is dropped, not kept")
    close(stopped)
    close(reader)
    #expect(rig.waits { $0.connections == 0 })
  }

  @Test func thereIsRoomForSoMany() throws {
    let rig = try Rig(most: 3)
    let held = try (0..<3).map { _ in try rig.connect() }
    #expect(rig.waits { $0.connections == 3 })
    #expect(try rig.get("/metrics") == "")
    #expect(rig.waits { $0.refused == 1 })
    // Who asks for nothing is gone after two seconds, and says nothing of it.
    for descriptor in held {
      #expect(Rig.rest(descriptor) == "")
      close(descriptor)
    }
    #expect(rig.waits { $0.connections == 0 })
    #expect(try rig.get("/metrics").hasPrefix("HTTP/1.1 200 "))
  }

  @Test func moreViewersThanAllowedAreToldSo() throws {
    let rig = try Rig()
    var viewers: [Int32] = []
    for _ in 0..<2 {
      let viewer = try rig.connect()
      _ = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".withCString { send(viewer, $0, strlen($0), 0) }
      _ = Rig.rest(viewer) { $0.contains("retry") }
      viewers.append(viewer)
    }
    #expect(try rig.get("/events").hasPrefix("HTTP/1.1 503 "))
    for viewer in viewers { close(viewer) }
  }

  @Test func itEndsWithViewersThere() throws {
    let rig = try Rig()
    let viewer = try rig.connect()
    _ = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".withCString { send(viewer, $0, strlen($0), 0) }
    _ = Rig.rest(viewer) { $0.contains("retry") }
    rig.server.stop()
    // What was on its way may still come; then the connection ends.
    _ = Rig.rest(viewer)
    var byte: UInt8 = 0
    #expect(recv(viewer, &byte, 1, 0) == 0)
    close(viewer)
  }
}
