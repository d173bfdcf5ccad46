import Foundation
import GanglionClient
import ModelFiles
import SocketProtocol
import Synchronization
import TestSupport
import Testing

@testable import Daemon

/// A daemon in this process, on a folder with a configuration and a model.
private final class Rig {
  let folder: TemporaryFolder
  var socket: String { folder.file("s") }
  var configuration: String { folder.file("g.yaml") }
  private(set) var daemon: GanglionDaemon?
  private var running: Task<Void, any Error>?

  init(_ sources: String, seed: UInt64 = 1, more: String = "") throws {
    folder = try TemporaryFolder()
    try writeModel(seed: seed)
    try write(sources, more: more)
  }

  func writeModel(seed: UInt64) throws { try TestModels.sound(seed: seed).write(to: folder.file("m.safetensors")) }

  func write(_ sources: String, more: String = "") throws {
    try folder.write("models: {m: m.safetensors}\nlog: error\n\(more)\nsources:\n\(sources)\n", to: "g.yaml")
  }

  func start(exitsAtEnd: Bool = false, environment: [String: String] = [:]) throws {
    let daemon = GanglionDaemon(
      path: configuration, plan: try Plan(path: configuration), name: "ganglion/test", exitsAtEnd: exitsAtEnd,
      log: Log(least: .error, write: { _ in }), notifier: Notifier(environment: environment))
    self.daemon = daemon
    let listener = try UnixListener(path: socket)
    running = Task { try await daemon.run(listener) }
  }

  /// Waits for its end and throws what it failed with.
  func end() async throws { try await running?.value }

  func stop() async throws {
    daemon?.stop()
    try await end()
  }
}

/// Tones of the test models as a WAV file, over and over.
private func wave(_ times: Int = 1) -> [UInt8] {
  WaveBytes(sampleRate: 8_000).file((0..<times).flatMap { _ in TestModels.tones })
}

extension Message {
  /// Whether it says what was heard on a source.
  fileprivate func isDecision(of source: String) -> Bool {
    switch self {
    case .detection(let found), .rejection(let found): found.source == source
    default: false
    }
  }
}

@Suite(.serialized)
struct DaemonTests {
  @Test func aFileIsClassifiedAndTheDaemonEndsWithIt() async throws {
    let rig = try Rig("  film: {type: pipe, path: p}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try client.subscribe(topics: [.detection, .rejection, .health], id: 1)
    try Data(wave()).write(to: URL(fileURLWithPath: rig.folder.file("p")), options: [])
    var found = 0
    let messages = try client.messages {
      switch $0 {
      case .detection, .rejection: found += 1
      default: break
      }
      return found == 3
    }
    #expect(messages.contains { if case .health(let health) = $0 { health.state == "running" } else { false } })
    try await rig.stop()
    #expect(try client.messages { _ in false }.last == .bye(reason: "shutdown"))
    #expect(!FileManager.default.fileExists(atPath: rig.socket))
  }

  @Test func aDamagedFileIsToldAndEndsTheDaemonWithAFailure() async throws {
    let rig = try Rig("  film: {type: file, path: bad.wav}")
    try rig.folder.write("this is no sound at all, whatever it is", to: "bad.wav")
    try rig.start(exitsAtEnd: true)
    let error = await #expect(throws: DaemonError.self) { try await rig.end() }
    #expect(error?.description.contains("bad.wav") == true)
  }

  @Test func aPipeThatIsNotThereYetIsToldAndReadOnceItIs() async throws {
    let rig = try Rig("  late: {type: pipe, path: late}\n  film: {type: pipe, path: p}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    #expect(
      try Plan(path: rig.configuration).notes.map { $0.contains("late is not there; one is waited for") } == [true])
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try client.subscribe(topics: [.detection, .rejection, .health], id: 1)
    // The other source works meanwhile.
    try Data(wave()).write(to: URL(fileURLWithPath: rig.folder.file("p")), options: [])
    #expect(try client.messages { $0.isDecision(of: "film") }.last?.isDecision(of: "film") == true)
    let early = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try early.subscribe(topics: [.health], id: 1)
    guard case .message(.subscribed(let subscribed)) = try early.next(timeoutMilliseconds: 10_000) else {
      Issue.record("no answer came")
      return
    }
    #expect(subscribed.snapshot.sources.first { $0.id == "late" }?.state == "waiting")
    #expect(mkfifo(rig.folder.file("late"), 0o600) == 0)
    try Data(wave()).write(to: URL(fileURLWithPath: rig.folder.file("late")), options: [])
    #expect(try client.messages { $0.isDecision(of: "late") }.last?.isDecision(of: "late") == true)
    try await rig.stop()
  }

  @Test func aSourceOfZerosIsCalledSilentUntilItIsHeard() async throws {
    let rig = try Rig("  film: {type: pipe, path: p, raw: \"s16le:8000:1\"}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try client.subscribe(topics: [.health], id: 1)
    let samples = [Int16](repeating: 0, count: 6 * 8_000) + (0..<800).map { Int16($0) }
    let bytes = samples.flatMap { WaveBytes.little($0) }
    let writer = Task.detached { [path = rig.folder.file("p")] in
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: [])
    }
    var states: [String] = []
    var details: [String] = []
    _ = try client.messages {
      guard case .health(let health) = $0 else { return false }
      states.append(health.state)
      if let detail = health.detail { details.append(detail) }
      return states.suffix(2) == ["silent", "running"]
    }
    #expect(states.filter { $0 != "starting" && $0 != "waiting" } == ["running", "silent", "running"])
    #expect(details == ["nothing but zeros for 5 s: it is muted, unplugged or switched off"])
    try await writer.value
    try await rig.stop()
  }

  @Test func severalSourcesFeedOneModelAndEndTogether() async throws {
    let rig = try Rig("  a: {type: file, path: t.wav}\n  b: {type: file, path: t.wav}\n  c: {type: file, path: t.wav}")
    try Data(wave()).write(to: URL(fileURLWithPath: rig.folder.file("t.wav")))
    try rig.start(exitsAtEnd: true)
    try await rig.end()
    let daemon = try #require(rig.daemon)
    // Three times the same decisions, one `running` and one `ended` each.
    #expect(daemon.hub.sequence % 3 == 0)
    #expect(daemon.hub.sequence >= 3 * 4)
  }

  @Test func aStreamIsToldItsTaskByTheConfigurationAndByARequest() async throws {
    let rig = try Rig("  film: {type: pipe, path: p, task: second}")
    try TestModels.twoTasks().write(to: rig.folder.file("m.safetensors"))
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try client.subscribe(topics: [.score], id: 1)
    let writer = Task.detached { [path = rig.folder.file("p")] in
      let pipe = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      while !Task.isCancelled {
        try pipe.write(contentsOf: Data(WaveBytes(sampleRate: 8_000).file(TestModels.tones).dropFirst(44)))
      }
    }
    func waits(for isThere: @escaping (Message.Score) -> Bool) throws -> Bool {
      try client.messages { if case .score(let scores) = $0 { isThere(scores) } else { false } }.isEmpty == false
    }
    // Only the second task knows the third label.
    #expect(try waits { ($0.scores["high"] ?? 0) > 0.05 })
    let refused = await rig.daemon?.change(ContextRequest(source: "film", task: "third"))
    #expect(refused?.code == .unknownTask)
    #expect(
      await rig.daemon?.change(ContextRequest(source: "film", model: "other", task: "first"))?.code == .unknownTask)
    #expect(await rig.daemon?.change(ContextRequest(source: "film", task: "first")) == nil)
    #expect(try waits { $0.scores["high"] == 0 })
    // A reload whose configuration says the same does not take it back.
    #expect(await rig.daemon?.reload() == nil)
    #expect(try waits { $0.scores["high"] == 0 })
    #expect(await rig.daemon?.change(ContextRequest(source: "film", model: "sounds", task: "infer")) == nil)
    #expect(try waits { ($0.scores["high"] ?? 0) > 0.05 })
    // As somebody at the broker asks for it.
    await rig.daemon?.obey(.task(source: "film", model: "sounds", "first"))
    #expect(try waits { $0.scores["high"] == 0 })
    await rig.daemon?.obey(.task(source: "film", model: "sounds", "infer"))
    #expect(try waits { ($0.scores["high"] ?? 0) > 0.05 })
    // While somebody still reads: a pipe without a reader would end the tests.
    writer.cancel()
    try await writer.value
    try await rig.stop()
  }

  @Test func aTaskThatNoModelKnowsIsSaidBeforeAnythingRuns() throws {
    let rig = try Rig("  film: {type: pipe, path: p, task: third}")
    try TestModels.twoTasks().write(to: rig.folder.file("m.safetensors"))
    let error = #expect(throws: ConfigurationError.self) { try Plan(path: rig.configuration) }
    #expect(error?.description.contains("has learnt the task 'third'; there is first, second") == true)
  }

  @Test func reloadsLoseNoSubscriberAndNoNumber() async throws {
    // Nobody reads before the end, so everything has to fit.
    let room = "socket: {queue_messages: 65536, queue_bytes: 67108864, slow_seconds: 100}"
    let rig = try Rig("  film: {type: pipe, path: p}", more: room)
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let daemon = try #require(rig.daemon)
    let clients = try (0..<50).map { _ in try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000) }
    for client in clients {
      try client.subscribe(topics: Topic.allCases, id: 1)
      _ = try client.messages { if case .subscribed = $0 { true } else { false } }
    }
    let writing = Task.detached { [path = rig.folder.file("p")] in
      try Data(wave(6)).write(to: URL(fileURLWithPath: path), options: [])
    }
    for number in 0..<20 {
      try rig.writeModel(seed: UInt64(number % 2 + 1))
      #expect(await daemon.reload() == nil)
    }
    try await writing.value
    try await Task.sleep(for: .milliseconds(300))
    let last = daemon.hub.sequence
    #expect(last > 100)
    for client in clients {
      var expected: Int64?
      let messages = try client.messages { $0.sequence == last }.compactMap(\.sequence)
      for number in messages {
        if let expected { #expect(number == expected) }
        expected = number + 1
      }
      #expect(expected == last + 1)
    }
    try await rig.stop()
  }

  @Test func aBadConfigurationIsNeverAppliedAndTheReasonIsAnswered() async throws {
    let rig = try Rig("  film: {type: pipe, path: p}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try rig.write("  film: {type: pype, path: p}")
    try client.reload(id: 5)
    guard case .message(.error(let refusal)) = try client.next(timeoutMilliseconds: 10_000) else {
      Issue.record("the reload was not refused")
      return
    }
    #expect(refusal.id == 5)
    #expect(refusal.code == "reload_failed")
    #expect(refusal.message.contains(":5:"))
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: rig.folder.file("m.safetensors")))
    try rig.write("  film: {type: pipe, path: p}")
    #expect(await rig.daemon?.reload()?.code == .reloadFailed)
    #expect(try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000).hello.sources.map(\.id) == ["film"])
    try await rig.stop()
  }

  @Test func reloadsBringSourcesAndTakeThemAway() async throws {
    let rig = try Rig("  one: {type: pipe, path: p}")
    for name in ["p", "q"] { #expect(mkfifo(rig.folder.file(name), 0o600) == 0) }
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try rig.write("  one: {type: pipe, path: p}\n  two: {type: pipe, path: q}")
    #expect(await rig.daemon?.reload() == nil)
    #expect(
      try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000).hello.sources.map(\.id) == ["one", "two"])
    try Data(wave()).write(to: URL(fileURLWithPath: rig.folder.file("q")), options: [])
    guard case .message(.detection(let detection)) = try client.next(timeoutMilliseconds: 10_000) else {
      Issue.record("the new source said nothing")
      return
    }
    #expect(detection.source == "two")
    try rig.write("  two: {type: pipe, path: q}")
    #expect(await rig.daemon?.reload() == nil)
    #expect(try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000).hello.sources.map(\.id) == ["two"])
    try await rig.stop()
  }

  @Test func aReplacedModelIsAnnounced() async throws {
    let rig = try Rig("  film: {type: pipe, path: p}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    try rig.writeModel(seed: 2)
    #expect(await rig.daemon?.reload() == nil)
    try Data(wave()).write(to: URL(fileURLWithPath: rig.folder.file("p")), options: [])
    let sha = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000).hello.models.first?.sha256
    let messages = try client.messages { if case .reloaded = $0 { true } else { false } }
    guard case .reloaded(let reloaded)? = messages.last else {
      Issue.record("nobody was told that the model is another: \(messages)")
      return
    }
    #expect(reloaded.model == "sounds")
    #expect(reloaded.sha256 == sha)
    // It is another one, and the stream was told no more than once.
    #expect(sha != nil && sha != client.hello.models.first?.sha256)
    try await rig.stop()
    #expect(try client.messages { _ in false }.contains { if case .reloaded = $0 { true } else { false } } == false)
  }

  @Test func aFailedReloadIsTheServicesStatusUntilAGoodOne() async throws {
    let rig = try Rig("  film: {type: pipe, path: p}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    let address = try #require(UnixAddress(rig.folder.file("n")))
    #expect(address.withPointer { bind(descriptor, $0, $1) } == 0)
    try rig.start(environment: ["NOTIFY_SOCKET": rig.folder.file("n")])
    func word() -> String {
      var buffer = [UInt8](repeating: 0, count: 2_048)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
    #expect(word() == "READY=1\nSTATUS=serving 1 sources, 1 models")
    try rig.write("  film: {type: pype, path: p}")
    #expect(await rig.daemon?.reload()?.code == .reloadFailed)
    #expect(word().hasPrefix("RELOADING=1\n"))
    let failed = word()
    #expect(failed.hasPrefix("READY=1\nSTATUS=reload failed, still serving 1 sources, 1 models: "))
    #expect(failed.contains("g.yaml:5:") && failed.contains("'pype'"))
    try rig.write("  film: {type: pipe, path: p}")
    #expect(await rig.daemon?.reload() == nil)
    #expect(word().hasPrefix("RELOADING=1\n"))
    #expect(word() == "READY=1\nSTATUS=serving 1 sources, 1 models")
    try await rig.stop()
    #expect(word() == "STOPPING=1")
  }

  @Test func metricsAreServedAndNothingElse() async throws {
    let rig = try Rig("  film: {type: pipe, path: p}", more: "metrics: unix:metrics")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    func ask(_ request: String) throws -> String {
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      let address = try #require(UnixAddress(rig.folder.file("metrics")))
      // The metrics come up after the subscribers' socket.
      var answered = address.withPointer { connect(descriptor, $0, $1) }
      for _ in 0..<2_000 where answered != 0 {
        usleep(10_000)
        answered = address.withPointer { connect(descriptor, $0, $1) }
      }
      #expect(answered == 0)
      _ = request.withCString { send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
      var answer: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4_096)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count <= 0 { break }
        answer += buffer[..<count]
      }
      return String(decoding: answer, as: UTF8.self)
    }
    let page = try ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(page.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(page.contains("\nganglion_subscribers 1\n"))
    #expect(try ask("GET / HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 404"))
    #expect(try ask("POST /metrics HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 405"))
    // Garbage, too much and too little are closed without an answer.
    #expect(try ask(String(repeating: "x", count: 5_000)) == "")
    #expect(try ask("GET /metr") == "")
    try await rig.stop()
    withExtendedLifetime(client) {}
  }

  @Test func thresholdsAreWrittenIntoTheModelAndReadAnew() async throws {
    let rig = try Rig("  film: {type: pipe, path: p}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let client = try Client(path: rig.socket, greetingTimeoutMilliseconds: 600_000)
    let file = rig.folder.file("m.safetensors")
    let before = try Model(reading: file)
    func answer(_ id: Int64, _ model: String, _ thresholds: [String: Double]) throws -> String {
      try client.thresholds(id: id, model: model, thresholds)
      let last = try client.messages { message in
        switch message {
        case .done(id), .error: true
        default: false
        }
      }.last
      if case .error(let refusal) = last { return refusal.code }
      return last == .done(id: id) ? "done" : "nothing"
    }
    #expect(try answer(1, "sounds", ["low": 0.75, "high": 0.125]) == "done")
    let after = try Model(reading: file)
    #expect(after.manifest.decision.thresholds == ["low": 0.75, "high": 0.125])
    #expect(after.manifest.decision.threshold(of: "mid") == before.manifest.decision.threshold(of: "mid"))
    #expect(after.manifest.sha256 == before.manifest.sha256 && after.network.parameters == before.network.parameters)
    #expect(try answer(2, "sounds", ["nobody": 0.5]) == "bad_model")
    #expect(try answer(3, "others", ["low": 0.5]) == "bad_model")
    #expect(try answer(4, "sounds", [:]) == "bad_field")
    try client.send(Array("{\"type\":\"thresholds\",\"model\":\"sounds\",\"thresholds\":{\"low\":1.5}}\n".utf8))
    let refused = try client.messages { if case .error = $0 { true } else { false } }.last
    guard case .error(let refusal)? = refused else { throw DaemonError(description: "nothing is refused") }
    #expect(refusal.code == "bad_field")
    #expect(try Model(reading: file).manifest == after.manifest)
    try await rig.stop()
  }

  @Test func thePageTellsWhatComesToWhoLooks() async throws {
    let rig = try Rig("  film: {type: pipe, path: p}", more: "page: {listen: \"unix:page\", replay: 5}")
    #expect(mkfifo(rig.folder.file("p"), 0o600) == 0)
    try rig.start()
    let viewer = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(viewer) }
    let address = try #require(UnixAddress(rig.folder.file("page")))
    var answered = address.withPointer { connect(viewer, $0, $1) }
    for _ in 0..<2_000 where answered != 0 {
      usleep(10_000)
      answered = address.withPointer { connect(viewer, $0, $1) }
    }
    #expect(answered == 0)
    _ = "GET /events HTTP/1.1\r\n\r\n".withCString { send(viewer, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    var text = ""
    func read(until word: String) -> Bool {
      var patience = timeval(tv_sec: 60, tv_usec: 0)
      setsockopt(viewer, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
      var buffer = [UInt8](repeating: 0, count: 65_536)
      for _ in 0..<400 where !text.contains(word) {
        let count = recv(viewer, &buffer, buffer.count, 0)
        if count <= 0 { return false }
        text += String(decoding: buffer[..<count], as: UTF8.self)
      }
      return text.contains(word)
    }
    #expect(read(until: "\"type\":\"layout\",\"version\":\"ganglion/test\",\"replay\":5"))
    #expect(text.contains("{\"id\":\"film\",\"kind\":\"sound\",\"models\":[\"sounds\"]}"))
    try Data(wave()).write(to: URL(fileURLWithPath: rig.folder.file("p")), options: [])
    for words in ["\"type\":\"steps\"", "\"type\":\"figures\"", "\"phase\":\"point\""] {
      #expect(read(until: words), "\(words)")
    }
    #expect(text.contains("\"source\":\"film\",\"model\":\"sounds\",\"steps\":[{\"t\":0,\"d\":10000"))
    try await rig.stop()
    #expect(!FileManager.default.fileExists(atPath: rig.folder.file("page")))
  }
}
