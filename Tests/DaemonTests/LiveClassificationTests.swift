import ClassifierStreams
import Dataflow
import Events
import Foundation
import ModelFiles
import Recognition
import SocketProtocol
import StreamSources
import TestSupport
import Testing

@testable import Daemon

struct LiveClassificationTests {
  private func sound(_ model: Model, slot: ModelSlot = ModelSlot()) throws -> LiveClassification<SoundSegments> {
    try LiveClassification(
      source: "mic", model: PreparedModel(model, tellsProgress: true), slot: slot, progress: PipelineProgress(),
      wants: { _ in false })
  }

  private func block(
    _ samples: ArraySlice<Float>, at start: Int, loss: LossReason? = nil
  ) -> StreamItem<SoundBlock> {
    .block(
      SoundBlock(samples: Array(samples), sampleRate: 8_000, startSample: Int64(start), loss: loss),
      arrivedMicroseconds: 0)
  }

  /// Reports as a word each: label and stretch in milliseconds, or what was lost.
  private func words(_ reports: [Report]) -> [String] {
    reports.map { report in
      switch report {
      case .detection(let found), .rejection(let found, _):
        "\(found.label) \(found.startMicroseconds / 1_000)-\(found.endMicroseconds / 1_000)"
      case .gap(let gap): "\(gap.reason.rawValue) \(gap.lostMicroseconds / 1_000) to \(gap.endMicroseconds / 1_000)"
      default: "?"
      }
    }
  }

  private func decisions(ofFile samples: [Float], _ model: Model) throws -> [Decision] {
    guard case .sound(let encoder, _) = try PreparedModel(model, tellsProgress: true).encoder else { return [] }
    return try StreamClassifier(model).decisions(on: encoder.encode(samples), stepMicroseconds: 10_000)
  }

  @Test func beginningsAreToldOnlyWhereSomebodyWantsThem() throws {
    // A second and a half of one tone: longer than the window.
    let tone = (0..<12_000).map { Float(0.5 * sin(2 * .pi * 900 * Double($0) / 8_000)) }
    func reports(wants: @escaping @Sendable (Topic) -> Bool) throws -> [Report.Recognition] {
      var live = try LiveClassification<SoundSegments>(
        source: "mic", model: PreparedModel(TestModels.sound(), tellsProgress: true), slot: ModelSlot(),
        progress: PipelineProgress(),
        wants: wants)
      var told: [Report.Recognition] = []
      let emit = { (report: Report) in if case .detection(let found) = report { told.append(found) } }
      try live.process(block(tone[...], at: 0), droppedBefore: 0, emit: emit)
      try live.finish(emit: emit)
      return told
    }
    let silent = try reports { _ in false }
    let told = try reports { $0 == .progress }
    #expect(told.contains { $0.phase == .start })
    #expect(told.filter { $0.phase == .end || $0.phase == .point } == silent)
    for found in told where found.phase == .start {
      #expect(told.filter { $0.id == found.id }.last?.phase == .end)
    }
  }

  @Test(arguments: [1, 7, 80, 4_096])
  func liveSaysWhatTheFileSays(chunk: Int) throws {
    let model = try TestModels.sound()
    var live = try sound(model)
    var reports: [Report] = []
    for begin in stride(from: 0, to: TestModels.tones.count, by: chunk) {
      let samples = TestModels.tones[begin..<min(TestModels.tones.count, begin + chunk)]
      try live.process(block(samples, at: begin), droppedBefore: 0) { reports.append($0) }
    }
    try live.finish { reports.append($0) }
    let expected = try decisions(ofFile: TestModels.tones, model)
    #expect(expected.count >= 2)
    #expect(
      words(reports)
        == expected.map { "\($0.label) \($0.startMicroseconds / 1_000)-\($0.endMicroseconds / 1_000)" })
  }

  @Test func whatWasOverBeforeTheStreamCameToNowHasNoTimeOfDay() throws {
    let model = try TestModels.sound()
    let expected = try decisions(ofFile: TestModels.tones, model)
    let first = try #require(expected.first)
    var live = try sound(model)
    var told: [Report.Recognition] = []
    // A file that held the first word, but not the pause behind it, when it was opened; the rest is appended later.
    let held = Int(first.endMicroseconds / 1_000) * 8
    for begin in stride(from: 0, to: TestModels.tones.count, by: 80) {
      let samples = Array(TestModels.tones[begin..<min(TestModels.tones.count, begin + 80)])
      let block = SoundBlock(
        samples: samples, sampleRate: 8_000, startSample: Int64(begin),
        wallMicroseconds: begin < held ? nil : 1_700_000_000_000_000 + Int64(begin + 80) * 125)
      try live.process(.block(block, arrivedMicroseconds: 0), droppedBefore: 0) { report in
        switch report {
        case .detection(let found), .rejection(let found, _): told.append(found)
        default: break
        }
      }
    }
    try live.finish { if case .detection(let found) = $0 { told.append(found) } }
    #expect(told.count >= 2)
    #expect(told.first?.endMicroseconds == first.endMicroseconds)
    #expect(told.map { $0.wall == nil } == told.indices.map { $0 == 0 })
  }

  @Test func aDecisionHasTheTimeOfDayOfItsEnd() throws {
    let began: Int64 = 1_700_000_000_000_000
    var live = try sound(TestModels.sound())
    var told: [Report.Recognition] = []
    func emit(_ report: Report) {
      switch report {
      case .detection(let found), .rejection(let found, _): told.append(found)
      default: break
      }
    }
    for begin in stride(from: 0, to: TestModels.tones.count, by: 800) {
      let samples = Array(TestModels.tones[begin..<min(TestModels.tones.count, begin + 800)])
      let wall = began + Int64(begin + samples.count) * 125
      try live.process(
        .block(
          SoundBlock(samples: samples, sampleRate: 8_000, startSample: Int64(begin), wallMicroseconds: wall),
          arrivedMicroseconds: 0), droppedBefore: 0, emit: emit)
    }
    try live.finish(emit: emit)
    #expect(told.count >= 2)
    // A decision comes later than the sound that it is about.
    #expect(told.map(\.wall) == told.map { WallTime.text(microseconds: began + $0.endMicroseconds) })
  }

  @Test func aStreamGoesOverToAnotherTaskAndStaysThereOverGapsAndNewModels() throws {
    let model = try TestModels.twoTasks()
    func reports(_ slot: ModelSlot, _ between: (Int) throws -> Void) throws -> [Report] {
      var live = try LiveClassification<SoundSegments>(
        source: "mic", model: PreparedModel(model, tellsProgress: true), slot: slot, progress: PipelineProgress(),
        wants: { $0 == .score })
      var told: [Report] = []
      for pass in 0..<3 {
        try between(pass)
        // The second pass is cut off from the first.
        let start = pass * TestModels.tones.count + (pass > 0 ? 4_000 : 0)
        let loss: LossReason? = pass == 1 ? .overrun : nil
        try live.process(block(TestModels.tones[...], at: start, loss: loss), droppedBefore: 0) { told.append($0) }
      }
      try live.finish { told.append($0) }
      return told
    }
    func scores(_ told: [Report]) -> [[Double]] {
      told.compactMap { if case .scores(let scores) = $0 { scores.values } else { nil } }
    }
    let first = scores(try reports(ModelSlot(), { _ in }))
    let second = scores(try reports(ModelSlot(task: "second"), { _ in }))
    #expect(first.count == second.count && first != second)
    #expect(first.allSatisfy { $0[2] == 0 } && second.contains { $0[2] > 0.1 })
    // Told before the second pass; it holds over the gap there, and over the new model before the third.
    let slot = ModelSlot()
    let changed = scores(
      try reports(slot) { pass in
        if pass == 1 { slot.tell(task: "second") }
        if pass == 2 { slot.offer(try PreparedModel(model, tellsProgress: true), whenTaken: {}) }
      })
    let cut = changed.count / 3
    #expect(zip(changed, first).prefix(cut / 2).allSatisfy { $0 == $1 })
    #expect(changed[(cut + 1)...].count { $0[2] > 0 } > cut)
    #expect(changed.last == second.last)
  }

  @Test func whatTheSourceLostCutsTheStreamSilentlyHereAndTimeGoesOn() throws {
    let model = try TestModels.sound()
    var live = try sound(model)
    var reports: [Report] = []
    let tones = TestModels.tones[..<5_000]
    try live.process(block(tones, at: 0), droppedBefore: 0) { reports.append($0) }
    try live.process(block(tones, at: 85_000, loss: .overrun), droppedBefore: 0) { reports.append($0) }
    try live.finish { reports.append($0) }
    let alone = try decisions(ofFile: Array(tones), model)
    #expect(!alone.isEmpty)
    let expected = [0, 10_625].flatMap { origin in
      alone.map {
        "\($0.label) \($0.startMicroseconds / 1_000 + Int64(origin))-\($0.endMicroseconds / 1_000 + Int64(origin))"
      }
    }
    #expect(words(reports) == expected)
  }

  @Test func whatThisModelWasTooSlowForIsAGapOfItsOwn() throws {
    var live = try sound(try TestModels.sound())
    var reports: [Report] = []
    let silence = [Float](repeating: 0, count: 800)[...]
    try live.process(block(silence, at: 0), droppedBefore: 0) { reports.append($0) }
    try live.process(block(silence, at: 2_400), droppedBefore: 2) { reports.append($0) }
    try live.process(block(silence, at: 3_200), droppedBefore: 0) { reports.append($0) }
    #expect(words(reports) == ["overload 200 to 300"])
    guard case .gap(let gap)? = reports.first else { return }
    #expect(gap.model == "sounds")
  }

  @Test func aStageThatWasStartedAgainTellsWhatItMissed() throws {
    let model = try TestModels.sound()
    let progress = PipelineProgress()
    progress.advance(over: 0..<1_000_000, numbers: DetectionNumbers(last: 7))
    progress.resume()
    var live = try LiveClassification<SoundSegments>(
      source: "mic", model: PreparedModel(model, tellsProgress: true), slot: ModelSlot(), progress: progress,
      wants: { _ in false })
    var reports: [Report] = []
    try live.process(block(TestModels.tones[...], at: 12_000), droppedBefore: 0) { reports.append($0) }
    try live.finish { reports.append($0) }
    #expect(words(reports).first == "overload 500 to 1500")
    guard case .some(.detection(let next)) = reports.dropFirst().first(where: { $0.topic == .detection }) else {
      return
    }
    #expect(next.id == "mic.sounds.8")
  }

  @Test func aModelIsReplacedBetweenUtterancesAndNothingIsDecidedTwice() throws {
    let slot = ModelSlot()
    var live = try sound(try TestModels.sound(seed: 1), slot: slot)
    var takenAt: Int?
    let replacement = try PreparedModel(try TestModels.sound(seed: 2))
    var reports: [Report] = []
    let tones = TestModels.tones
    for begin in stride(from: 0, to: tones.count, by: 80) {
      // Offered within the first tone, late enough for the encoder to have shown some of it.
      if begin == 2_000 { slot.offer(replacement) {} }
      try live.process(block(tones[begin..<min(tones.count, begin + 80)], at: begin), droppedBefore: 0) {
        reports.append($0)
      }
      if begin >= 2_000 && !slot.isOffered && takenAt == nil { takenAt = begin }
    }
    try live.finish { reports.append($0) }
    let at = try #require(takenAt)
    // The first tone ends at sample 2,400, its utterance 200 ms later, and the encoder shows it later still.
    #expect(at > 2_400 && at < 7_000)
    let (before, after) = (
      try decisions(ofFile: tones, try TestModels.sound(seed: 1)),
      try decisions(ofFile: tones, try TestModels.sound(seed: 2))
    )
    let expected = (before.prefix(1) + after.dropFirst(1)).map { $0.label }
    #expect(words(reports).map { String($0.prefix { $0 != " " }) } == expected)
  }

  @Test func silentEventsAreDecidedAsTimeGoesOnAndNothingChanges() throws {
    let model = try TestModels.events()
    func live() throws -> LiveClassification<EventSegments> {
      try LiveClassification(
        source: "cam", model: PreparedModel(model, tellsProgress: true), slot: ModelSlot(),
        progress: PipelineProgress(),
        wants: { _ in false })
    }
    var batch = EventBatch()
    for index in 0..<3_000 {
      batch.append(
        Event(timeMicroseconds: Int64(index) * 100, x: UInt16(index / 200), y: UInt16(index % 16), polarity: 1))
    }
    var later = batch
    later.shiftTimes(by: 2_000_000)
    var whole: [Report] = []
    var reference = try live()
    for part in [batch, later] {
      try reference.process(.block(EventBlock(events: part), arrivedMicroseconds: 0), droppedBefore: 0) {
        whole.append($0)
      }
    }
    try reference.finish { whole.append($0) }

    var reports: [Report] = []
    var stream = try live()
    try stream.process(.block(EventBlock(events: batch), arrivedMicroseconds: 0), droppedBefore: 0) {
      reports.append($0)
    }
    #expect(reports.isEmpty)
    for time in stride(from: Int64(300_000), through: 1_900_000, by: 100_000) {
      try stream.process(.idle(untilMicroseconds: time), droppedBefore: 0) { reports.append($0) }
    }
    #expect(reports.count == 1)
    try stream.process(.block(EventBlock(events: later), arrivedMicroseconds: 0), droppedBefore: 0) {
      reports.append($0)
    }
    try stream.finish { reports.append($0) }
    #expect(reports == whole)
    #expect(whole.count == 2)
  }
}
