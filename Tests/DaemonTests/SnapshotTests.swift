import GanglionClient
import SocketProtocol
import Testing

@testable import Daemon

/// What somebody is told who subscribes late.
struct SnapshotTests {
  @Test func everyModelsLastDetectionOfEverySourceIsTold() throws {
    let server = try TestServer()
    server.hub.directory = Directory(
      sources: [.init(id: "mic0", kind: .audio), .init(id: "mic1", kind: .audio)], models: [])
    let early = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    for (source, model, label) in [
      ("mic0", "digits", "one"), ("mic0", "words", "yes"), ("mic1", "digits", "two"), ("mic0", "digits", "three"),
    ] {
      var found = recognition(label, source: source)
      found.model = model
      server.hub.publish(.detection(found))
    }
    _ = try early.messages { $0.sequence == 4 }
    func told(_ sources: [String]?) throws -> [String] {
      let late = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
      try late.subscribe(topics: [.detection], sources: sources)
      guard case .subscribed(let subscribed)? = try late.messages(until: { _ in true }).first else { return [] }
      return subscribed.snapshot.detections.map { "\($0.source) \($0.model) \($0.label)" }
    }
    #expect(try told(nil) == ["mic0 digits three", "mic0 words yes", "mic1 digits two"])
    #expect(try told(["mic1"]) == ["mic1 digits two"])
  }
}
