import ClassifierStreams
import Foundation
import ModelFiles
import Numerics
import Recognition
import SpikingNetworks
import StreamSources
import TestSupport
import Testing

@testable import PageService

/// What a stream tells whoever watches it, against what it does.
struct WatchedStreamTests {
  private struct Told {
    var decisions: [Decision] = []
    var steps: [StreamStep] = []
    var scores: [StreamClassifier.Scores] = []
  }

  private func run(_ model: Model, watched: Bool) throws -> Told {
    var stream = try ClassifierStream<SoundSegments>(PreparedModel(model), source: "tones", wantsScores: true)
    stream.wantsSteps = watched
    var told = Told()
    func take(_ result: StreamResult) {
      switch result {
      case .decision(let decision, _): told.decisions.append(decision)
      case .scores(let scores): told.scores.append(scores)
      case .step(let step): told.steps.append(step)
      case .gap, .progress: break
      }
    }
    for begin in stride(from: 0, to: TestModels.tones.count, by: 160) {
      let samples = Array(TestModels.tones[begin..<min(TestModels.tones.count, begin + 160)])
      // Not at the beginning of stream time.
      let block = SoundBlock(
        samples: samples, sampleRate: 8_000, startSample: Int64(begin), originMicroseconds: 5_000_000)
      try stream.process(.block(block, arrivedMicroseconds: 0), droppedBefore: 0, emit: take)
    }
    try stream.finish(emit: take)
    return told
  }

  @Test(arguments: [1, 4]) func whoWatchesChangesNothing(stride: Int) throws {
    let model = try TestModels.sound(stride: stride)
    let (alone, watched) = (try run(model, watched: false), try run(model, watched: true))
    #expect(alone.steps.isEmpty && watched.steps.count > 100)
    #expect(watched.decisions == alone.decisions && alone.decisions.count >= 3)
    #expect(watched.scores == alone.scores)
    // Steps follow each other, and their scores are those that are told.
    #expect(watched.steps[0].frame.startMicroseconds == 5_000_000)
    for (one, next) in zip(watched.steps, watched.steps.dropFirst()) {
      #expect(one.frame.endMicroseconds == next.frame.startMicroseconds)
    }
    #expect(watched.steps.compactMap(\.scores) == alone.scores.map(\.values))
    let silent = watched.steps.filter { $0.seen == nil }
    #expect(!silent.isEmpty && silent.allSatisfy { $0.frame.isSilent && $0.scores == nil })
  }

  /// Kept answers, decided on again, give what the stream gave; and with other thresholds what it would have given.
  @Test(arguments: [1, 4]) func aTrialGivesWhatTheStreamWouldHave(stride: Int) throws {
    let model = try TestModels.sound(stride: stride)
    let told = try run(model, watched: true)
    var kept = KeptSteps()
    for step in told.steps { kept.append(DecisionTrial.Step(step)) }
    kept.cut()
    #expect(try kept.decisions(model.manifest, model.manifest.decision) == told.decisions)
    for threshold in [0.2, 0.35, 0.45, 0.6, 0.9] {
      var manifest = model.manifest
      manifest.decision.thresholds = ["low": threshold, "high": 1 - threshold]
      let other = try run(Model(manifest: manifest, network: model.network), watched: false)
      #expect(try kept.decisions(model.manifest, manifest.decision) == other.decisions)
    }
    var bad = model.manifest.decision
    bad.thresholds = ["nobody": 0.5]
    #expect(throws: RecognitionError.unknownLabel("nobody")) { try kept.decisions(model.manifest, bad) }
  }

  @Test func keptStepsAreBounded() {
    func step(_ number: Int, length: Int64 = 10_000) -> DecisionTrial.Step {
      .init(
        startMicroseconds: Int64(number) * 10_000, endMicroseconds: Int64(number) * 10_000 + length, isActive: true,
        outputs: [0, 0])
    }
    var kept = KeptSteps(seconds: 1)
    for number in 0..<1_000 { kept.append(step(number)) }
    #expect(kept.span == 9_000_000...10_000_000)
    kept = KeptSteps(seconds: 100, most: 600)
    for number in 0..<1_000 { kept.append(step(number)) }
    #expect(kept.span == 9_000_000...10_000_000)
    // Another stream, whose time begins anew.
    kept.append(step(3))
    #expect(kept.span == 30_000...40_000)
  }

  @Test func stepsAreWrittenAsTheyAre() throws {
    let model = try TestModels.sound()
    let told = try run(model, watched: true)
    let widths = model.stepped.spikingLayers.map { model.stepped.layers[$0].outputWidth }
    #expect(widths == [24])
    var writer = StepWriter(source: "mic\"0", model: "sounds", shape: model.manifest.encoder.shape, layers: widths)
    var messages = told.steps.compactMap { writer.add($0) }
    if let last = writer.take() { messages.append(last) }
    #expect(writer.take() == nil)
    struct Written: Decodable {
      struct Step: Decodable {
        var t: Int64
        var d: Int64
        var p: Double?
        var `in`: String?
        var h: [String]?
        var s: [Int]?
      }
      var type: String
      var source: String
      var model: String
      var steps: [Step]
    }
    var steps: [Written.Step] = []
    for message in messages {
      let written = try JSONDecoder().decode(Written.self, from: Data(message))
      #expect(written.type == "steps" && written.source == "mic\"0" && written.model == "sounds")
      #expect(written.steps.count <= 4 || written.steps.count == told.steps.count % 4)
      steps += written.steps
    }
    try #require(steps.count == told.steps.count)
    for (step, written) in zip(told.steps, steps) {
      #expect(written.t == step.frame.startMicroseconds && written.d == 10_000)
      #expect((written.in == nil) == step.frame.isSilent)
      #expect((written.h == nil) == (step.seen == nil))
      if let text = written.in, let peak = written.p {
        let bytes = try #require(Data(base64Encoded: text)).map { Int8(bitPattern: $0) }
        #expect(bytes.count == writer.input.count)
        var dense = [Float](repeating: 0, count: bytes.count)
        for (channel, value) in zip(step.frame.channels, step.frame.values) { dense[Int(channel)] = value }
        for (byte, value) in zip(bytes, dense) { #expect(abs(Double(byte) * peak / 127 - Double(value)) <= peak / 200) }
      }
      if let layers = written.h, let seen = step.seen {
        let counts = try #require(Data(base64Encoded: layers[0]))
        #expect(counts.reduce(0) { $0 + Int($1) } == seen.activity.spikes[0].count)
      }
      #expect(written.s == step.scores.map { $0.map { Int(($0 * 10_000).rounded()) } })
    }
  }

  @Test func picturesAreFolded() {
    let rows = ChannelFold(shape: [512])
    #expect(rows.shape == [128])
    let picture = rows.picture([0, 3, 4, 511], [1, 2, 3, 4])
    #expect(picture.indices.filter { picture[$0] != 0 } == [0, 1, 127])
    #expect(rows.picture([0, 3], [1, 2])[0] == 3)
    #expect(rows.counts([UInt32](0..<8)).prefix(3) == [4, 4, 0])
    let small = ChannelFold(shape: [40])
    #expect(small.shape == [40] && small.picture([39], [2])[39] == 2)
    let map = ChannelFold(shape: [2, 100, 128])
    #expect(map.shape == [2, 50, 64])
    // The last pixel of each polarity.
    #expect(map.picture([12_799], [1])[50 * 64 - 1] == 1)
    #expect(map.picture([25_599], [1])[2 * 50 * 64 - 1] == 1)
    // Beyond the shape is nothing.
    #expect(map.picture([25_600], [1]).allSatisfy { $0 == 0 })
  }

  @Test func aStreamTellsOnlyWhoLooksAndTries() throws {
    let model = try TestModels.sound()
    let feed = PageFeed()
    let stream = feed.stream(source: "mic0", model.manifest, layers: [24], key: "m")
    #expect(!stream.isWanted)
    let viewer = try #require(feed.open())
    #expect(stream.isWanted && feed.stream(source: "mic0", model: "sounds") === stream)
    let told = try run(model, watched: true)
    for step in told.steps { stream.take(step) }
    stream.cut()
    var text = ""
    while case let bytes = viewer.take(), !bytes.isEmpty { text += String(decoding: bytes, as: UTF8.self) }
    #expect(text.components(separatedBy: "\"type\":\"steps\"").count > 20)
    #expect(stream.work.microseconds == Int64(told.steps.count) * 10_000)
    #expect(stream.work.synapses.additions > 0 && stream.work.synapses.picojoules > 0)
    let same = try JSONDecoder().decode(Trial.self, from: Data(try stream.attempt([:]).closed))
    #expect(same.now == same.then && same.to - same.from == Int64(told.steps.count) * 10_000)
    #expect(same.now.count == told.decisions.filter { $0.kind == .detection }.count)
    let none = try JSONDecoder().decode(
      Trial.self, from: Data(try stream.attempt(["low": 1, "mid": 1, "high": 1]).closed))
    #expect(none.now == same.now && none.then.isEmpty && !none.now.isEmpty)
    feed.remove(source: "mic0", key: "m")
    #expect(feed.stream(source: "mic0", model: "sounds") == nil)
  }

  private struct Trial: Decodable {
    struct Found: Decodable, Equatable {
      var label: String
      var time: Int64

      enum CodingKeys: String, CodingKey {
        case label
        case time = "t_us"
      }
    }
    var from: Int64
    var to: Int64
    var now: [Found]
    var then: [Found]

    enum CodingKeys: String, CodingKey {
      case now, then
      case from = "from_us"
      case to = "to_us"
    }
  }
}
