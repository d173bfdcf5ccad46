import Events
import Foundation
import GanglionClient
import ModelFiles
import StreamSources
import TestSupport
import Testing

@testable import Daemon

/// Cameras of any size before the models of a daemon.
@Suite(.serialized)
struct CameraTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try TestModels.events().write(to: folder.file("m.safetensors"))
    try TestModels.sound().write(to: folder.file("s.safetensors"))
    // The same for a sensor of another size.
    let model = try TestModels.events(seed: 2)
    var manifest = model.manifest
    manifest.name = "wide"
    let encoder = EventBinningConfiguration(
      sensor: SensorGeometry(width: 32, height: 32), binMicroseconds: 10_000, downsampling: 4)
    manifest.encoder = .events(encoder)
    try Model(manifest: manifest, network: model.network).write(to: folder.file("w.safetensors"))
  }

  private func plan(_ source: String, models: String = "m, w") throws -> Plan {
    let path = try folder.write(
      "models: {m: m.safetensors, w: w.safetensors, s: s.safetensors}\nlog: error\n"
        + "sources: {camera: {models: [\(models)], \(source)}}\n", to: "g.yaml")
    return try Plan(path: path)
  }

  @Test func modelsOfSeveralSensorsWatchOneCamera() throws {
    let plan = try plan("type: udp, port: 3333, sensor: 40x40")
    let demand = plan.demand(of: plan.configuration.sources[0])
    #expect(demand == .events([SensorGeometry(width: 16, height: 16), SensorGeometry(width: 32, height: 32)]))
  }

  @Test(arguments: [
    ("type: udp, port: 3333, fit: none", "m, w", "expect sensors of 16x16 and 32x32, and its fit is none"),
    ("type: udp, port: 3333, sensor: 40x40, fit: none", "m", "source 'camera': is from a sensor of 40x40, the model"),
    ("type: udp, port: 3333, sensor: 10x10", "w", "too few"),
    ("type: stdin, filters: flicker", "s", "filters of source 'camera' is for events"),
  ])
  func whatCannotBeFittedIsToldBeforehand(source: String, models: String, expected: String) {
    let error = #expect(throws: ConfigurationError.self) { try plan(source, models: models) }
    #expect(error.map { "\($0)".contains(expected) } == true, "\(error.map { "\($0)" } ?? "")")
  }

  @Test func aCameraOfAnotherSizeIsFittedAndFilteredAndThatIsTold() async throws {
    try Data(TestModels.bar(width: 40)).write(to: URL(fileURLWithPath: folder.file("bar.bin")))
    let plan = try plan("type: pipe, path: p, sensor: 40x40, filters: [refractory=5000, hot-pixels=5], fit: crop")
    #expect(mkfifo(folder.file("p"), 0o600) == 0)
    let daemon = GanglionDaemon(
      path: folder.file("g.yaml"), plan: plan, name: "ganglion/test", log: Log(least: .error, write: { _ in }),
      notifier: Notifier(environment: [:]))
    let listener = try UnixListener(path: folder.file("s"))
    let running = Task { try await daemon.run(listener) }
    let client = try Client(path: folder.file("s"), greetingTimeoutMilliseconds: 600_000)
    try client.subscribe(topics: [.detection, .rejection, .health], id: 1)
    try Data(TestModels.bar(width: 40)).write(to: URL(fileURLWithPath: folder.file("p")), options: [])
    var decided: Set<String> = []
    var details: [String] = []
    _ = try client.messages {
      switch $0 {
      case .detection(let found), .rejection(let found): decided.insert(found.model)
      case .health(let health): if health.state == "running", let detail = health.detail { details.append(detail) }
      default: break
      }
      return decided.count == 2
    }
    #expect(decided == ["pixels", "wide"])
    #expect(
      details == [
        "a sensor of 40x40, scaled to 16x16, 6.25 pixels to one, at 0,0 of the model's 16x16; a sensor of 40x40, scaled "
          + "to 32x32, 1.56 pixels to one, at 0,0 of the model's 32x32"
      ])
    daemon.stop()
    try await running.value
  }
}
