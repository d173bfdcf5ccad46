import Foundation
import SocketProtocol

@testable import MQTTPublishing

let topics = HomeTopics(prefix: "ganglion", name: "den", discovery: "homeassistant")

let layout = HomeLayout(
  program: "ganglion/test",
  sources: [
    .init(
      id: "mic", carriesEvents: false,
      listeners: [
        .init(model: "digits", labels: ["one", "two"]), .init(model: "two tasks", labels: ["a"], tasks: ["x", "y"]),
      ]),
    .init(id: "eye.1", carriesEvents: true, listeners: [.init(model: "pixels", labels: ["left"])]),
  ], models: ["digits", "two tasks", "pixels"])

func recognition(
  _ label: String = "one", source: String = "mic", model: String = "digits",
  phase: Report.Recognition.Phase = .point
) -> Report.Recognition {
  Report.Recognition(
    source: source, model: model, label: label, score: 0.93, startMicroseconds: 1_000_000, endMicroseconds: 1_734_000,
    wall: "2026-11-21T09:00:00.734Z", startWall: "2026-11-21T09:00:00.000Z", id: "mic.digits.1", phase: phase)
}

func message(
  _ sequence: Int64, rank: EventMessage.Rank = .detection, at time: Int64 = 0
) -> EventMessage {
  EventMessage(topic: "t", payload: Array("\(sequence)".utf8), sequence: sequence, rank: rank, born: time)
}

/// What a payload holds, as any reader of JSON sees it.
func object(_ payload: [UInt8]) throws -> [String: Any] {
  try JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any] ?? [:]
}
