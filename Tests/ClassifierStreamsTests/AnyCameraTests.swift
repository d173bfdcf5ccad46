import Events
import Foundation
import ModelFiles
import Recognition
import StreamSources
import TestSupport
import Testing

@testable import ClassifierStreams

/// Models meet cameras of another size than their own.
struct AnyCameraTests {
  private static let model = SensorGeometry(width: 16, height: 16)

  private func options(_ settings: [(RecordingOptions.Setting, String)]) throws -> RecordingOptions {
    var options = RecordingOptions()
    for (setting, text) in settings {
      let isTaken = options.set(setting, to: text)
      try #require(isTaken, "\(setting) \(text)")
    }
    return options
  }

  private func decisions(_ results: [StreamResult]) -> [Decision] {
    results.compactMap { if case .decision(let decision, _) = $0 { decision } else { nil } }
  }

  /// What `run` makes of a recording, and what it says of it.
  private func run(_ bytes: [UInt8], _ options: RecordingOptions) async throws -> ([StreamResult], [String]) {
    let file = try TemporaryFile(bytes)
    defer { withExtendedLifetime(file) {} }
    var results: [StreamResult] = []
    let notices = try await Pipeline(PreparedModel(try TestModels.events()), wantsScores: true).run(
      RecordingInput(path: file.path, options: options)
    ) {
      if case .progress = $0 { return }
      results.append($0)
    }
    return (results, notices.filter { $0.guess == nil }.map(\.text))
  }

  /// What the same model makes of it in pieces of some size.
  private func live(_ feed: ByteFeed, _ options: RecordingOptions, events: Int) throws -> [StreamResult] {
    let source = EventFeedSource(feed, sensors: [Self.model], options: options, maximumEvents: events)
    var stream = try ClassifierStream<EventSegments>(
      PreparedModel(try TestModels.events()), source: "camera", wantsScores: true)
    var results: [StreamResult] = []
    func take(_ result: StreamResult) {
      if case .progress = result { return }
      results.append(result)
    }
    reading: while true {
      switch try source.next() {
      case .block(let block): try stream.process(.block(block, arrivedMicroseconds: 0), droppedBefore: 0, emit: take)
      case .cut, .end: break reading
      default: break
      }
    }
    try stream.finish(emit: take)
    return results
  }

  @Test(
    arguments: [
      "scale", "crop", "region=4,4,40,40", "follow",
    ], [false, true])
  func filesPipesAndPiecesAgree(mode: String, isTurned: Bool) async throws {
    let settings: [(RecordingOptions.Setting, String)] = [
      (.sensor, "48x48"), (.fit, mode), (.filters, "refractory=2000 hot-pixels=2,100000 flicker"),
      (.turn, isTurned ? "90" : "0"), (.mirror, "\(isTurned)"),
    ]
    let options = try options(settings)
    let bytes = TestModels.bar(width: 48)
    let file = try TemporaryFile(bytes)
    let (whole, _) = try await run(bytes, options)
    #expect(decisions(whole).count >= 2)
    for events in [1, 7, 4_096] {
      let pieces = try live(ByteFeed(.file, path: file.path, stop: StopSignal()), options, events: events)
      #expect(pieces == whole, "\(mode), \(events) events")
    }
    let pipe = NSTemporaryDirectory() + "ganglion-\(UUID().uuidString.prefix(8))"
    #expect(mkfifo(pipe, 0o600) == 0)
    defer { unlink(pipe) }
    // A thread of its own: opening a pipe waits for who reads it.
    Thread {
      let descriptor = open(pipe, O_WRONLY)
      for start in stride(from: 0, to: bytes.count, by: 997) {
        let piece = Array(bytes[start..<min(bytes.count, start + 997)])
        _ = piece.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      }
      close(descriptor)
    }.start()
    #expect(try live(ByteFeed(.pipe, path: pipe, stop: StopSignal()), options, events: 512) == whole)
  }

  @Test func aCameraOfAnotherSizeSeesWhatTheModelsOwnSees() async throws {
    // Nine pixels for one, each of which fires a ninth as often: the same events, spread over the finer sensor.
    let coarse = TestModels.bar()
    var fine = coarse
    for event in 0..<coarse.count / 5 {
      fine[5 * event] = 3 * coarse[5 * event] + UInt8(event % 3)
      fine[5 * event + 1] = 3 * coarse[5 * event + 1] + UInt8(event / 3 % 3)
    }
    // Nine times as many events.
    var bytes: [UInt8] = []
    for event in 0..<fine.count / 5 { for _ in 0..<9 { bytes += fine[5 * event..<5 * event + 5] } }
    let (own, ownNotes) = try await run(coarse, RecordingOptions())
    let (other, notes) = try await run(bytes, try options([(.sensor, "48x48"), (.inputFormat, "nmnist")]))
    #expect(own == other)
    #expect(ownNotes == [])
    #expect(notes == ["a sensor of 48x48, scaled to 16x16, 9.00 pixels to one, at 0,0 of the model's 16x16"])
  }

  @Test func aTurnedCameraIsTurnedBack() async throws {
    let bar = TestModels.bar()
    var turned = bar
    for event in 0..<bar.count / 5 {
      turned[5 * event] = 15 - bar[5 * event]
      turned[5 * event + 1] = 15 - bar[5 * event + 1]
    }
    let upright = try await run(bar, RecordingOptions()).0
    #expect(try await run(turned, RecordingOptions()).0 != upright)
    #expect(try await run(turned, try options([(.turn, "180")])).0 == upright)
  }

  @Test func whatFiltersTookOutIsSaid() async throws {
    let (_, notes) = try await run(TestModels.bar(), try options([(.filters, "polarity=on mask=0,0,16,8")]))
    #expect(
      notes == [
        "filter polarity=on took out 3000 of 6000 events", "filter mask=0,0,16,8 took out 1498 of 3000 events",
      ])
  }

  private func refusal(_ settings: [(RecordingOptions.Setting, String)]) async throws -> String {
    let options = try options(settings)
    let error = await #expect(throws: InputError.self) { _ = try await run(TestModels.bar(), options) }
    return error?.description ?? ""
  }

  @Test func whatDoesNotFitIsRefused() async throws {
    #expect(try await refusal([(.sensor, "48x48"), (.fit, "none")]).contains("the model expects 16x16"))
    #expect(try await refusal([(.sensor, "640x480"), (.fit, "region=0,0,7,7")]).contains("too few"))
    #expect(try await refusal([(.filters, "time=90000000..")]).contains("no event lies in time=90000000.."))
    #expect(try await refusal([(.filters, "crop=0,0,8,8"), (.fit, "none")]).contains("sensor of 8x8"))
  }
}
