import Foundation
import SocketProtocol
import Testing

@testable import MQTTPublishing

struct DiscoveryTests {
  private func discovery(
    _ layout: HomeLayout = layout, commands: Bool = true, before: [String: [String: String]] = [:]
  ) -> Discovery {
    Discovery(layout, topics: topics, takesCommands: commands, before: before)
  }

  private func components(_ announcement: DeviceAnnouncement?) throws -> [String: [String: Any]] {
    try object(announcement?.payload ?? [])["cmps"] as? [String: [String: Any]] ?? [:]
  }

  @Test func everyDeviceSaysWhatHomeAssistantAsksFor() throws {
    let announcements = discovery().announcements
    #expect(
      announcements.map(\.topic) == [
        "homeassistant/device/ganglion_den/config", "homeassistant/device/ganglion_den_source_mic/config",
        "homeassistant/device/ganglion_den_source_eye_2E1/config",
        "homeassistant/device/ganglion_den_model_digits/config",
        "homeassistant/device/ganglion_den_model_two_20tasks/config",
        "homeassistant/device/ganglion_den_model_pixels/config",
      ])
    var ids: Set<String> = []
    for announcement in announcements {
      let document = try object(announcement.payload)
      let device = try #require(document["dev"] as? [String: Any])
      #expect((device["ids"] as? [String])?.count == 1)
      #expect((document["o"] as? [String: Any])?["name"] as? String == "Ganglion")
      #expect((document["avty"] as? [[String: String]]) == [["t": "ganglion/den/status"]])
      let isDaemon = announcement.topic == announcements[0].topic
      #expect(device["via_device"] as? String == (isDaemon ? nil : "ganglion_den"))
      for (key, component) in try components(announcement) {
        let id = try #require(component["uniq_id"] as? String, "\(key)")
        #expect(ids.insert(id).inserted, "\(id) is there twice")
        #expect(component["p"] is String && component["name"] is String && component["stat_t"] is String)
        // A state that the broker kept would outlive a crash.
        #expect(component["ret"] == nil)
      }
    }
  }

  @Test func aSourceHasEventsAndACommandForEachOfItsModels() throws {
    let mic = try components(discovery().announcements[1])
    #expect(mic["detection_digits"]?["p"] as? String == "event")
    #expect(mic["detection_digits"]?["stat_t"] as? String == "ganglion/den/mic/digits/detection")
    #expect(mic["detection_digits"]?["evt_typ"] as? [String] == ["one", "two"])
    #expect(mic["mute"]?["cmd_t"] as? String == "ganglion/den/mic/mute/set")
    #expect(mic["task_two_20tasks"]?["ops"] as? [String] == ["x", "y"])
    #expect(mic["task_digits"] == nil)
    #expect(mic["level"] != nil && mic["rate"] == nil)
    let eye = try components(discovery().announcements[2])
    #expect(eye["level"] == nil && eye["rate"] != nil)
    let deaf = try components(discovery(commands: false).announcements[1])
    #expect(deaf["mute"] == nil && deaf["task_two_20tasks"] == nil && deaf["detection_digits"] != nil)
  }

  @Test func anEntityThatHasGoneIsTakenBackByItsPlatformAlone() throws {
    let before = discovery().entities
    var smaller = layout
    smaller.sources[0].listeners.removeFirst()
    let next = discovery(smaller, before: before)
    let mic = try components(next.announcements[1])
    #expect(mic["detection_digits"]?.keys.sorted() == ["p"])
    #expect(mic["detection_digits"]?["p"] as? String == "event")
    #expect(mic["detection_two_20tasks"]?["uniq_id"] != nil)
    // Once it has been said, it is said no more.
    #expect(next.entities[next.announcements[1].topic]?["detection_digits"] == nil)
  }

  @Test func anAnnouncementIsKnownAgainAsOnesOwn() throws {
    let payload = discovery().announcements[1].payload
    let device = try #require(AnnouncedDevice(payload))
    #expect(device.belongs(to: topics))
    #expect(!device.belongs(to: HomeTopics(prefix: "ganglion", name: "den2", discovery: "homeassistant")))
    #expect(device.entities["mute"] == "switch" && device.entities["hearing"] == "binary_sensor")
    #expect(AnnouncedDevice(Array(#"{"dev":{},"cmps":{}}"#.utf8)) == nil)
    #expect(AnnouncedDevice([]) == nil)
    for end in stride(from: 0, to: payload.count, by: 7) { #expect(AnnouncedDevice(Array(payload[..<end])) == nil) }
  }

  @Test func withoutDiscoveryNothingIsAnnounced() {
    let silent = HomeTopics(prefix: "p", name: "n", discovery: nil)
    #expect(Discovery(layout, topics: silent, takesCommands: true).announcements == [])
  }
}

struct EventMessageTests {
  private func message(_ report: Report, progress: Bool = false) -> EventMessage? {
    EventMessage(report, sequence: 9, topics: topics, tellsProgress: progress, now: 5)
  }

  @Test func aDetectionHasItsFieldsAndThoseThatHomeAssistantLooksFor() throws {
    let found = try #require(message(.detection(recognition())))
    #expect(found.topic == "ganglion/den/mic/digits/detection")
    #expect(found.rank == .detection && found.sequence == 9 && found.born == 5)
    #expect(
      String(decoding: found.payload, as: UTF8.self)
        == #"{"type":"detection","event_type":"one","seq":9,"source":"mic","model":"digits","label":"one","score":0.9300,"#
        + #""t_us":1734000,"t_start_us":1000000,"duration":0.734,"start":"2026-11-21T09:00:00.000Z","#
        + #""wall":"2026-11-21T09:00:00.734Z","id":"mic.digits.1","phase":"point"}"#)
  }

  @Test func beginningsAreToldOnlyWhereTheyAreWanted() {
    #expect(message(.detection(recognition(phase: .start))) == nil)
    let begun = message(.detection(recognition(phase: .update)), progress: true)
    #expect(begun?.topic == "ganglion/den/mic/digits/progress" && begun?.rank == .progress)
    #expect(message(.detection(recognition(phase: .end)))?.topic == "ganglion/den/mic/digits/detection")
  }

  @Test func circumstancesAreToldAsOnTheSocket() {
    let gap = Report.gap(.init(source: "mic", reason: .xrun, lostMicroseconds: 5, endMicroseconds: 9))
    #expect(message(gap)?.topic == "ganglion/den/mic/gap")
    #expect(message(gap)?.payload == Publication(gap, sequence: 9).bytes.dropLast())
    #expect(message(.health(.init(source: "mic", state: .lost)))?.topic == "ganglion/den/mic/health")
    #expect(message(.reloaded(model: "m", sha256: "ab"))?.topic == "ganglion/den/reloaded")
    #expect(message(.rejection(recognition(), threshold: 0.5)) == nil)
    let scores = Report.Scores(source: "mic", model: "digits", endMicroseconds: 1, labels: ["one"], values: [1])
    #expect(message(.scores(scores)) == nil)
  }
}
