import Foundation
import GanglionClient
import SocketProtocol
import Synchronization
import Testing

@testable import Daemon

struct SocketServerTests {
  @Test func theServerSpeaksFirst() throws {
    let server = try TestServer()
    let client = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    #expect(client.hello.protocol == [1, 4])
    #expect(client.hello.server == "ganglion/test")
    #expect(client.hello.sources.map(\.id) == ["mic0"])
    #expect(client.hello.models.first?.labels == ["seven"])
  }

  @Test func whoSaysNothingGetsDetections() throws {
    let server = try TestServer()
    let client = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    server.hub.publish(.health(.init(source: "mic0", state: .running)))
    server.hub.publish(.detection(recognition()))
    guard case .message(.detection(let detection)) = try client.next(timeoutMilliseconds: 10_000) else {
      Issue.record("no detection came")
      return
    }
    #expect(detection.seq == 2)
    #expect(detection.label == "seven")
  }

  @Test func aSubscriptionBeginsWithASnapshotAndMissesNothingAfterIt() throws {
    let server = try TestServer()
    let first = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    server.hub.publish(.health(.init(source: "mic0", state: .running)))
    server.hub.publish(.detection(recognition("one")))
    server.hub.publish(.detection(recognition("two")))
    _ = try first.messages { $0.sequence == 3 }

    let late = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    try late.subscribe(topics: [.detection, .score, .health, .rejection], id: 7)
    guard case .message(.subscribed(let subscribed)) = try late.next(timeoutMilliseconds: 10_000) else {
      Issue.record("no answer came")
      return
    }
    #expect(subscribed.id == 7)
    #expect(subscribed.seq == 3)
    #expect(subscribed.snapshot.sources.first?.state == "running")
    #expect(subscribed.snapshot.detections.map(\.label) == ["two"])
    for _ in 0..<50 { server.hub.publish(.health(.init(source: "mic0", state: .running))) }
    #expect(try late.messages { $0.sequence == 53 }.map(\.sequence) == (4...53).map(Int64.init))
  }

  @Test func everySubscriberGetsItsOwnFilter() throws {
    let server = try TestServer()
    let strict = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    try strict.subscribe(minScore: 0.5)
    _ = try strict.messages {
      if case .subscribed = $0 { return true }
      return false
    }
    let open = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    for score in [0.4, 0.6, 0.1, 0.9] { server.hub.publish(.detection(recognition(score: score))) }
    #expect(try strict.messages { $0.sequence == 4 }.map(\.sequence) == [2, 4])
    #expect(try open.messages { $0.sequence == 4 }.map(\.sequence) == [1, 2, 3, 4])
  }

  @Test func refusalsAreAnsweredAndTheConnectionStays() throws {
    let server = try TestServer()
    let client = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    var refused: [String] = []
    for text in [
      "rubbish\n", "{\"type\":\"dance\"}\n", "{\"type\":\"subscribe\",\"sources\":[\"attic\"]}\n",
      String(repeating: "x", count: 100_000) + "\n",
    ] {
      try client.send(Array(text.utf8))
      if case .message(.error(let error)) = try client.next(timeoutMilliseconds: 10_000) { refused.append(error.code) }
    }
    #expect(refused == ["bad_json", "unknown_type", "unknown_source", "too_long"])
    try client.send(Array("{\"type\":\"ping\",\"n\":5}\n".utf8))
    #expect(try client.next(timeoutMilliseconds: 10_000) == .message(.pong(5)))
  }

  @Test func stoppingDeliversEverythingThenSaysGoodbye() throws {
    let server = try TestServer()
    let clients = try (0..<20).map { _ in try Client(path: server.path, greetingTimeoutMilliseconds: 600_000) }
    for _ in 0..<100 { server.hub.publish(.detection(recognition())) }
    server.server.stop()
    for client in clients {
      let messages = try client.messages { _ in false }
      #expect(messages.dropLast().map(\.sequence) == (1...100).map(Int64.init))
      #expect(messages.last == .bye(reason: "shutdown"))
    }
    #expect(server.server.counters.subscribers == 0)
  }

  @Test func oneTooManyIsToldSo() throws {
    let server = try TestServer(maximumSubscribers: 2)
    let clients = try (0..<2).map { _ in try Client(path: server.path, greetingTimeoutMilliseconds: 600_000) }
    let error = #expect(throws: ClientError.self) {
      try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    }
    #expect(error?.reason.contains("full") == true)
    #expect(clients.count == 2)
  }

  @Test func whoIsNotAllowedIsToldSo() throws {
    let policy = PeerPolicy(users: [12_345], ownUser: 54_321)
    #expect(policy.admits(PeerCredentials(processID: 1, userID: 12_345, groupID: 9)))
    #expect(policy.admits(PeerCredentials(processID: 1, userID: 54_321, groupID: 9)))
    #expect(policy.admits(PeerCredentials(processID: 1, userID: 0, groupID: 0)))
    #expect(!policy.admits(PeerCredentials(processID: 1, userID: 1_000, groupID: 9)))
    #expect(PeerPolicy(groups: [9]).admits(PeerCredentials(processID: 1, userID: 1_000, groupID: 9)))
    #expect(PeerPolicy().admits(PeerCredentials(processID: 1, userID: 1_000, groupID: 9)))
    #expect(!policy.mayControl(PeerCredentials(processID: 1, userID: 12_345, groupID: 9)))
  }

  @Test func reloadsAreAskedForAndAnswered() throws {
    let asked = Mutex(0)
    let server = try TestServer(
      handlers: .init(reload: { answer in
        let number = asked.withLock { count in
          count += 1
          return count
        }
        answer(number == 1 ? nil : RequestError(.reloadFailed, "line 3: no such model"))
      }))
    let client = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    try client.reload(id: 1)
    #expect(try client.next(timeoutMilliseconds: 10_000) == .message(.done(id: 1)))
    try client.reload(id: 2)
    let refusal = Message.Refusal(id: 2, code: "reload_failed", message: "line 3: no such model")
    #expect(try client.next(timeoutMilliseconds: 10_000) == .message(.error(refusal)))
  }

  @Test func onlyWhoMayControlChangesThresholds() throws {
    let asked = Mutex<[ThresholdsRequest]>([])
    let handlers = SocketServer.Handlers(thresholds: { request, answer in
      asked.withLock { $0.append(request) }
      answer(nil)
    })
    let server = try TestServer(handlers: handlers)
    let client = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    try client.thresholds(id: 1, model: "digits", ["seven": 0.72])
    #expect(try client.next(timeoutMilliseconds: 10_000) == .message(.done(id: 1)))
    #expect(asked.withLock { $0 } == [ThresholdsRequest(model: "digits", thresholds: ["seven": 0.72])])
    // Root always may: elsewhere somebody else's daemon refuses.
    if geteuid() == 0 { return }
    let other = try TestServer(policy: PeerPolicy(ownUser: geteuid() + 1), handlers: handlers)
    let stranger = try Client(path: other.path, greetingTimeoutMilliseconds: 600_000)
    try stranger.thresholds(id: 2, model: "digits", ["seven": 0.1])
    guard case .message(.error(let refusal)) = try stranger.next(timeoutMilliseconds: 10_000) else {
      Issue.record("a stranger changes thresholds")
      return
    }
    #expect(refusal.code == "forbidden" && asked.withLock { $0.count } == 1)
  }

  @Test func anotherTaskIsAskedForAndAnswered() throws {
    let asked = Mutex<[ContextRequest]>([])
    let server = try TestServer(
      handlers: .init(context: { request, answer in
        asked.withLock { $0.append(request) }
        answer(request.task == "visitors" ? nil : RequestError(.unknownTask, "no model has it"))
      }))
    let client = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    try client.context(id: 1, source: "mic0", model: "digits", task: "visitors")
    #expect(try client.next(timeoutMilliseconds: 10_000) == .message(.done(id: 1)))
    try client.context(id: 2, source: "mic0", task: "ghosts")
    let refusal = Message.Refusal(id: 2, code: "unknown_task", message: "no model has it")
    #expect(try client.next(timeoutMilliseconds: 10_000) == .message(.error(refusal)))
    try client.context(id: 3, source: "nobody", task: "visitors")
    guard case .message(.error(let stranger)) = try client.next(timeoutMilliseconds: 10_000) else {
      Issue.record("a source that is not there was taken")
      return
    }
    #expect(stranger.code == "unknown_source")
    let expected = [
      ContextRequest(source: "mic0", model: "digits", task: "visitors"), ContextRequest(source: "mic0", task: "ghosts"),
    ]
    #expect(asked.withLock { $0 } == expected)
  }

  @Test func aSocketFileThatIsTakenAwayIsMadeAnewAndWhoIsThereStays() throws {
    let log = Mutex<[String]>([])
    let server = try TestServer(handlers: .init(log: { _, message, _ in log.withLock { $0.append(message) } }))
    let first = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    unlink(server.path)
    var second: Client?
    for _ in 0..<1_000 where second == nil {
      second = try? Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
      if second == nil { usleep(10_000) }
    }
    let late = try #require(second)
    server.hub.publish(.detection(recognition()))
    for client in [first, late] { #expect(try client.messages { $0.sequence == 1 }.count == 1) }
    #expect(log.withLock { $0 }.contains("socket bound anew"))
    server.server.stop()
    #expect(!FileManager.default.fileExists(atPath: server.path))
  }

  @Test func aPeerThatOnlyListensAfterClosingItsOwnSideStillGetsLines() throws {
    let server = try TestServer()
    let client = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    shutdown(client.descriptor, Int32(SHUT_WR))
    #expect(server.wait { $0.subscribers == 1 })
    server.hub.publish(.detection(recognition()))
    #expect(try client.messages { $0.sequence == 1 }.count == 1)
  }
}
