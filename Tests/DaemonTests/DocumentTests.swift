import Foundation
import GanglionClient
import MQTTPublishing
import SocketProtocol
import Testing
import WyomingService

@testable import Daemon

/// The documents in `Services`, held against the code.
struct DocumentTests {
  private static let services = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Services")

  private func text(_ name: String) throws -> String {
    try String(contentsOf: Self.services.appendingPathComponent(name), encoding: .utf8)
  }

  private func lines(of document: String, after prefix: String) -> [String] {
    document.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  @Test func everyMessageOfTheProtocolDocumentIsOneTheCodeWrites() throws {
    let document = try text("socket-protocol.md")
    var types: Set<String> = []
    for line in lines(of: document, after: "    {") {
      let message = try Message(line: Array("{\(line)".utf8))
      if case .unknown(let type) = message { Issue.record("nobody sends \(type)") }
      types.insert(String(line.split(separator: "\"")[2]))
      // Written anew from what was read, it is the same line.
      if let again = rewritten(message) { #expect(again == "{\(line)\n") }
    }
    let all = Set(
      Topic.allCases.filter { $0 != .progress }.map(\.rawValue) + [
        "hello", "subscribed", "dropped", "ping", "pong", "done", "error", "bye",
      ])
    #expect(types == all)
  }

  /// The line the daemon would write, for those that are made of a report.
  private func rewritten(_ message: Message) -> String? {
    func recognition(_ found: Message.Detection) -> Report.Recognition {
      Report.Recognition(
        source: found.source, model: found.model, label: found.label, score: found.score,
        startMicroseconds: found.startMicroseconds, endMicroseconds: found.endMicroseconds, wall: found.wall,
        id: found.id, phase: found.phase)
    }
    let report: Report
    switch message {
    case .detection(let found): report = .detection(recognition(found))
    case .rejection(let found): report = .rejection(recognition(found), threshold: found.threshold ?? 0)
    case .gap(let gap):
      guard let reason = Report.Gap.Reason(rawValue: gap.reason) else { return "no reason \(gap.reason)" }
      report = .gap(
        .init(
          source: gap.source, reason: reason, lostMicroseconds: gap.lostMicroseconds,
          endMicroseconds: gap.endMicroseconds, model: gap.model))
    case .health(let health):
      guard let state = Report.Health.State(rawValue: health.state) else { return "no state \(health.state)" }
      report = .health(.init(source: health.source, state: state, detail: health.detail))
    case .reloaded(let reloaded): report = .reloaded(model: reloaded.model, sha256: reloaded.sha256)
    case .dropped(let dropped):
      return String(decoding: Reply.dropped(sequence: dropped.seq, count: dropped.count), as: UTF8.self)
    case .done(let id): return String(decoding: Reply.done(id: id), as: UTF8.self)
    case .ping(let n): return String(decoding: Reply.ping(n), as: UTF8.self)
    case .pong(let n): return String(decoding: Reply.pong(n), as: UTF8.self)
    default: return nil
    }
    return String(decoding: Publication(report, sequence: message.sequence ?? 0).bytes, as: UTF8.self)
  }

  @Test func everyRequestOfTheProtocolDocumentIsUnderstood() throws {
    let requests = try lines(of: try text("socket-protocol.md"), after: "    > ").map {
      try Request(line: Array($0.utf8), sources: ["mic0"])
    }
    #expect(
      requests == [
        .subscribe(id: 1, Filter(topics: [.detection, .score, .health], sources: ["mic0"], minScore: 0.3)), .pong(3),
        .ping(7), .reload(id: 4),
        .context(id: 6, ContextRequest(source: "mic0", model: "digits", task: "visitors")),
        .thresholds(id: 8, ThresholdsRequest(model: "digits", thresholds: ["seven": 0.72])),
      ])
  }

  @Test func theProtocolDocumentNamesEveryWordAndEveryLimit() throws {
    let document = try text("socket-protocol.md")
    var words = RequestError.Code.allCases.map(\.rawValue)
    words += ["shutdown", "slow", "idle", "full", "forbidden", "xrun", "overload", "violation", "device-lost", "muted"]
    words += ["starting", "running", "silent", "waiting", "lost", "ended", "failed", "start", "update", "end", "point"]
    words += Topic.allCases.map(\.rawValue)
    for word in words { #expect(document.contains("`\(word)`"), "\(word)") }
    let limits = ProtocolLimits()
    #expect(document.contains("at most 4,096 bytes") && limits.requestBytes == 4_096)
    #expect(document.contains("at most 65,536 bytes") && limits.messageBytes == 65_536)
    #expect(document.contains("1,024 messages and 1 MiB") && limits.queueMessages == 1_024)
    #expect(limits.queueBytes == 1 << 20)
    #expect(document.contains("After 16 answers") && limits.waitingReplies == 16)
    #expect(document.contains("within 10 seconds") && limits.slowMilliseconds == 10_000)
    #expect(document.contains("Every ten seconds comes a ping") && limits.pingMilliseconds == 10_000)
    #expect(document.contains("for 25 seconds") && limits.silenceMilliseconds == 25_000)
    #expect(document.contains("version \(ProtocolVersion.current.map(String.init).joined(separator: "."))"))
  }

  @Test func theExampleOfAConfigurationIsAGoodOne() throws {
    let configuration = try DaemonConfiguration(yaml: try text("ganglion.yaml"), path: "/etc/ganglion/ganglion.yaml")
    #expect(configuration.models.count == 6)
    #expect(configuration.models.compactMap(\.sensitivity) == ["high"])
    #expect(Set(configuration.sources.map(\.id)).count == 10)
    let limits = ProtocolLimits()
    // What it says are defaults are the defaults.
    #expect(configuration.socket.limits == limits)
    #expect(configuration.socket.maximumSubscribers == SocketConfiguration().maximumSubscribers)
    #expect(configuration.socket.mode == SocketConfiguration().mode)
    let broker = try #require(configuration.mqtt)
    let usual = BrokerConfiguration(host: broker.host, tls: broker.tls, name: broker.name)
    #expect(broker.port == usual.port && broker.clientID == usual.clientID && broker.prefix == usual.prefix)
    #expect(broker.discovery == usual.discovery && broker.tellsProgress == usual.tellsProgress)
    #expect(broker.takesCommands == usual.takesCommands && broker.intervalMilliseconds == usual.intervalMilliseconds)
    #expect(broker.keptMilliseconds == usual.keptMilliseconds && broker.keptMessages == usual.keptMessages)
    #expect(configuration.wyoming?.maximumSatellites == WyomingConfiguration().maximumSatellites)
    #expect(configuration.wyoming?.addresses.allSatisfy(\.isLocal) == true)
    #expect(configuration.page?.maximumViewers == PageConfiguration(address: .unix(path: "")).maximumViewers)
    #expect(configuration.page?.address == .network(host: "127.0.0.1", port: 8_464))
  }

  @Test func theExampleForAHomeIsAGoodOne() throws {
    let path = "home-assistant/ganglion.yaml"
    let configuration = try DaemonConfiguration(yaml: try text(path), path: "/etc/ganglion/ganglion.yaml")
    #expect(configuration.mqtt?.passwordFile == "/etc/ganglion/mqtt.password")
    #expect(configuration.wyoming?.addresses == [.network(host: "127.0.0.1", port: 10_400)])
    let flow = try JSONSerialization.jsonObject(with: Data(try text("home-assistant/node-red.json").utf8))
    #expect((flow as? [[String: Any]])?.contains { $0["topic"] as? String == "ganglion/den/+/+/detection" } == true)
    let avahi = try text("home-assistant/ganglion-wyoming.service")
    #expect(avahi.contains("<type>_wyoming._tcp</type>") && avahi.contains("<port>10400</port>"))
  }

  @Test func thePythonExamplePrintsDetections() throws {
    let server = try TestServer()
    let script = try text("socket-example.py")
    #expect(script.split(separator: "\n", omittingEmptySubsequences: false).count <= 31)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", Self.services.appendingPathComponent("socket-example.py").path, server.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    #expect(server.wait { $0.subscribers == 1 })
    // Subscribed once it has read the answer; a ping shows that, too late would be as good.
    for _ in 0..<200 where !server.hub.isWanted(.detection) { usleep(10_000) }
    usleep(200_000)
    server.hub.publish(.detection(recognition(score: 0.93)))
    server.hub.publish(.detection(recognition("faint", score: 0.2)))
    server.server.stop()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text == "mic0 0.00 s: seven (0.93)\ngoodbye: shutdown\n")
  }
}
