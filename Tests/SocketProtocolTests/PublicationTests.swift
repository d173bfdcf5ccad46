import Foundation
import Testing

@testable import SocketProtocol

struct PublicationTests {
  @Test func messagesReadAsDocumented() {
    var live = recognition()
    live.wall = "2026-11-21T09:00:00.123Z"
    let cases: [(Report, String)] = [
      (
        .detection(live),
        #"{"type":"detection","seq":1,"source":"mic0","model":"digits","label":"seven","score":0.9300,"t_us":81234000,"#
          + #""t_start_us":80500000,"wall":"2026-11-21T09:00:00.123Z","id":"mic0.digits.1","phase":"point"}"#
      ),
      (
        .rejection(recognition(), threshold: 0.95),
        #"{"type":"rejection","seq":1,"source":"mic0","model":"digits","label":"seven","score":0.9300,"#
          + #""threshold":0.9500,"t_us":81234000,"t_start_us":80500000,"id":"mic0.digits.1","phase":"point"}"#
      ),
      (
        .scores(scores(0.25)),
        #"{"type":"score","seq":1,"source":"mic0","model":"digits","t_us":10,"scores":{"a":0.2500,"b":0.7500}}"#
      ),
      (
        .gap(.init(source: "mic0", reason: .deviceLost, lostMicroseconds: 21_333, endMicroseconds: 40_000)),
        #"{"type":"gap","seq":1,"source":"mic0","reason":"device-lost","lost_us":21333,"t_us":40000}"#
      ),
      (
        .health(.init(source: "mic0", state: .lost, detail: "unplugged")),
        #"{"type":"health","seq":1,"source":"mic0","state":"lost","detail":"unplugged"}"#
      ),
      (.reloaded(model: "digits", sha256: "ab"), #"{"type":"reloaded","seq":1,"model":"digits","sha256":"ab"}"#),
    ]
    for (report, line) in cases { #expect(text(Publication(report, sequence: 1).bytes) == line + "\n") }
  }

  @Test func textIsEscapedSoThatAnyReaderGetsItBack() throws {
    let nasty = "a\"b\\c\nd\re\tf\u{1}g\u{1F}ü🎤"
    let line = Publication(.detection(recognition(nasty)), sequence: 1).bytes
    #expect(line.filter { $0 == 10 }.count == 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    #expect(object["label"] as? String == nasty)
  }

  @Test func aMessageNeverOutgrowsItsBound() throws {
    let labels = (0..<20_000).map { "label-\($0)" }
    let values = (0..<20_000).map { $0 == 15_000 ? 0.9 : Double($0) / 40_000 }
    let report = Report.scores(
      .init(source: "mic0", model: "m", endMicroseconds: 1, labels: labels, values: values))
    let line = Publication(report, sequence: 1).bytes
    #expect(line.count <= 65_536)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    #expect((object["scores"] as? [String: Double])?["label-15000"] == 0.9)
    let models = [Reply.Model(name: "m", labels: labels, sha256: "")]
    #expect(Reply.hello(server: "s", sources: [], models: models, longest: 65_536).count <= 65_536)
  }

  @Test func aSnapshotHoldsWhatALateJoinerMissed() {
    var snapshot = Reply.Snapshot()
    snapshot.health = [.init(source: "mic0", state: .running)]
    snapshot.detections = [Array(#"{"type":"detection","seq":3}"#.utf8)]
    #expect(
      text(Reply.subscribed(id: 1, sequence: 4, snapshot: snapshot))
        == #"{"type":"subscribed","id":1,"seq":4,"snapshot":{"sources":[{"id":"mic0","state":"running"}],"#
        + #""detections":[{"type":"detection","seq":3}]}}"# + "\n")
    snapshot.detections = [[UInt8]](repeating: snapshot.detections[0], count: 10_000)
    #expect(Reply.subscribed(id: 1, sequence: 4, snapshot: snapshot).count <= 65_536)
  }

  @Test func aFilterLeavesOutWhatWasNotAskedFor() {
    let filter = Filter(topics: [.detection], sources: ["mic0"], minScore: 0.5)
    #expect(filter.admits(detection(1)))
    #expect(!filter.admits(detection(1, source: "door")))
    #expect(!filter.admits(detection(1, score: 0.4)))
    #expect(!filter.admits(score(1)))
    let gap = Report.gap(.init(source: "mic0", reason: .xrun, lostMicroseconds: 1, endMicroseconds: 1))
    #expect(filter.admits(Publication(gap, sequence: 1)))
    #expect(filter.admits(Publication(.reloaded(model: "m", sha256: ""), sequence: 1)))
  }
}
