import Audio
import EventFormats
import Events
import Foundation
import ModelFiles
import Numerics
import Recognition
import Spiketrum
import StreamSources
import Synchronization
import TestSupport
import Testing

@testable import ClassifierStreams

struct SoundPipelineTests {
  private func run(_ model: Model, _ path: String, scores: Bool = false) async throws -> [StreamResult] {
    var events: [StreamResult] = []
    _ = try await Pipeline(PreparedModel(model), wantsScores: scores).run(RecordingInput(path: path)) { event in
      if case .progress = event { return }
      events.append(event)
    }
    return events
  }

  private func decisions(_ events: [StreamResult]) -> [Decision] {
    events.compactMap { if case .decision(let decision, _) = $0 { decision } else { nil } }
  }

  @Test(arguments: [1, 3]) func streamAndWholeClipAgreeToTheBit(stride: Int) async throws {
    let model = try TestModels.sound(stride: stride)
    let file = try TemporaryFile(WaveBytes(sampleRate: 8_000, isFloat: true).file(TestModels.tones))
    let streamed = decisions(try await run(model, file.path))
    guard case .sound(let encoding) = model.manifest.encoder, let configuration = encoding as? SpiketrumConfiguration
    else { return }
    let sequence = try SpiketrumEncoder(configuration).encode(TestModels.tones)
    let whole = try StreamClassifier(model).decisions(on: sequence, stepMicroseconds: 10_000)
    #expect(streamed.count >= 3)
    #expect(streamed == whole)
    #expect(streamed.map { $0.scores.map(\.bitPattern) } == whole.map { $0.scores.map(\.bitPattern) })
  }

  @Test(arguments: [1, 7, 160, 4_096], [1, 4])
  func chunkSizeChangesNoBit(chunk: Int, every: Int) throws {
    let model = try TestModels.sound(stride: every)
    func events(_ chunk: Int) throws -> [StreamResult] {
      var stream = try ClassifierStream<SoundSegments>(PreparedModel(model), source: "tones", wantsScores: true)
      var events: [StreamResult] = []
      func take(_ event: StreamResult) {
        if case .progress = event { return }
        events.append(event)
      }
      for begin in stride(from: 0, to: TestModels.tones.count, by: chunk) {
        let samples = Array(TestModels.tones[begin..<min(TestModels.tones.count, begin + chunk)])
        let block = SoundBlock(samples: samples, sampleRate: 8_000, startSample: Int64(begin))
        try stream.process(.block(block, arrivedMicroseconds: 0), droppedBefore: 0, emit: take)
      }
      try stream.finish(emit: take)
      return events
    }
    let whole = try events(TestModels.tones.count)
    #expect(whole.count > 30 / every)
    #expect(try events(chunk) == whole)
  }

  /// Where the network answers every third step, a clip shorter than that is decided all the same, as training makes it
  /// one.
  @Test func clipsShorterThanAnAnswer() throws {
    let classifier = try StreamClassifier(try TestModels.sound(stride: 3))
    var sequence = SpikeSequence(shape: [36])
    sequence.append(channels: [1], values: [1])
    #expect(classifier.timeStride == 3)
    let decisions = try classifier.decisions(on: sequence, stepMicroseconds: 10_000)
    #expect(decisions.map(\.endMicroseconds) == [10_000])
  }

  /// Three recordings in one file, the second at another rate: each is what it is alone, at its place in the stream.
  @Test func recordingsOneAfterAnotherAreDecidedOneByOne() async throws {
    let model = try TestModels.sound()
    let wave = WaveBytes(sampleRate: 8_000, isFloat: true).file(TestModels.tones)
    // Cut in the middle of a tone: what is open there is decided there.
    let short = WaveBytes(sampleRate: 16_000, channels: 2, isFloat: true).file(
      TestModels.tones[..<9_000].flatMap { [$0, $0, $0, $0] })
    let parts = [wave, short, wave]
    let seconds: [Int64] = [0, 1_900_000, 3_025_000]
    var alone: [StreamResult] = []
    for (part, begin) in zip(parts, seconds) {
      let file = try TemporaryFile(part)
      alone += try await run(model, file.path, scores: true).map { event in
        switch event {
        case .decision(let decision, let trial): return .decision(decision.shifted(by: begin), trial: trial)
        case .scores(var scores):
          scores.endMicroseconds += begin
          return .scores(scores)
        case .progress, .step, .gap: return event
        }
      }
    }
    let whole = try TemporaryFile(parts.flatMap { $0 })
    let together = try await run(model, whole.path, scores: true)
    #expect(decisions(together).count >= 7)
    #expect(together.count == alone.count && zip(together, alone).allSatisfy { $0 == $1 })
    // Under several settings at once, too.
    var tried: [Decision] = []
    _ = try await Pipeline(PreparedModel(model, trying: [model.manifest.decision])).run(
      RecordingInput(path: whole.path)
    ) { event in
      if case .decision(let decision, _) = event { tried.append(decision) }
    }
    #expect(tried == decisions(together))
  }

  @Test func whatIsToldOfASoundComesWithItsName() async throws {
    let tones = TestModels.tones.flatMap { [$0, -$0] }
    let file = try TemporaryFile(WaveBytes(sampleRate: 8_000, channels: 2, isFloat: true).file(tones))
    func run(_ channel: Int?) async throws -> (notices: [String], decisions: Int) {
      var count = 0
      let options = RecordingOptions(sound: SoundReadingOptions(channel: channel))
      let notices = try await Pipeline(PreparedModel(TestModels.sound())).run(
        RecordingInput(path: file.path, options: options)
      ) {
        if case .decision = $0 { count += 1 }
      }
      return (notices.map(\.description), count)
    }
    let mixed = try await run(nil)
    #expect(mixed.decisions == 0)
    #expect(mixed.notices.count == 1 && mixed.notices[0].hasPrefix("\(file.path): its 2 channels cancel"))
    let single = try await run(1)
    #expect(single.decisions >= 3 && single.notices.isEmpty)
  }

  @Test func anOffsetIsToldWhereTheModelHearsIt() async throws {
    func notices(offset: Float, hearsOffset: Bool) async throws -> [String] {
      var manifest = try TestModels.sound().manifest
      guard case .sound(let encoding) = manifest.encoder, var encoder = encoding as? SpiketrumConfiguration else {
        return []
      }
      encoder.highPassFrequency = hearsOffset ? nil : 20
      manifest.encoder = .sound(encoder)
      let samples = TestModels.tones.map { $0 / 2 + offset }
      let file = try TemporaryFile(WaveBytes(sampleRate: 8_000, isFloat: true).file(samples))
      let model = try Model(manifest: manifest, network: TestModels.sound().network)
      return try await Pipeline(PreparedModel(model)).run(RecordingInput(path: file.path)) { _ in }.map(\.description)
    }
    #expect(
      try await notices(offset: 0.1, hearsOffset: true)
        .count { $0.contains("mean is 0.1,") && $0.contains("dcshift -0.1)") } == 1)
    #expect(
      try await notices(offset: -0.1, hearsOffset: true)
        .count { $0.contains("mean is -0.1,") && $0.contains("dcshift 0.1)") } == 1)
    #expect(try await notices(offset: 0.1, hearsOffset: false) == [])
    #expect(try await notices(offset: 0.001, hearsOffset: true) == [])
  }

  @Test func gainIsHeard() async throws {
    let model = try TestModels.sound()
    let quiet = TestModels.tones.map { $0 / 65_536 }
    let file = try TemporaryFile(WaveBytes(sampleRate: 8_000, isFloat: true).file(quiet))
    let loud = try TemporaryFile(WaveBytes(sampleRate: 8_000, isFloat: true).file(TestModels.tones))
    func run(_ path: String, gain: Double) async throws -> [Decision] {
      var found: [Decision] = []
      let options = RecordingOptions(sound: SoundReadingOptions(gain: gain))
      _ = try await Pipeline(PreparedModel(model)).run(RecordingInput(path: path, options: options)) {
        if case .decision(let decision, _) = $0 { found.append(decision) }
      }
      return found
    }
    #expect(try await run(file.path, gain: 0).isEmpty)
    #expect(try await run(file.path, gain: 96.3296).count == run(loud.path, gain: 0).count)
  }

  @Test func scoresComeStepByStepAndEndAtTheDecision() async throws {
    let file = try TemporaryFile(WaveBytes(sampleRate: 8_000, isFloat: true).file(Array(TestModels.tones[..<2_400])))
    let events = try await run(TestModels.sound(), file.path, scores: true)
    let scores = events.compactMap { if case .scores(let scores) = $0 { scores } else { nil } }
    #expect(scores.count > 20)
    #expect(scores.map(\.endMicroseconds) == scores.map(\.endMicroseconds).sorted())
    #expect(scores.last?.values == decisions(events).last?.scores)
  }

  @Test func resultsBeforeAFaultAreStillPublished() async throws {
    var samples = TestModels.tones
    samples[14_000] = .nan
    let file = try TemporaryFile(WaveBytes(sampleRate: 8_000, isFloat: true).file(samples))
    let published = Mutex<[Decision]>([])
    do {
      _ = try await Pipeline(PreparedModel(TestModels.sound())).run(RecordingInput(path: file.path)) { event in
        if case .decision(let decision, _) = event { published.withLock { $0.append(decision) } }
      }
      Issue.record("NaN passed")
    } catch let error as AudioError {
      #expect(error.frame == 14_000)
    }
    #expect(published.withLock { $0.count } >= 2)
  }

  @Test func publisherThatFailsStopsTheStream() async throws {
    struct Enough: Error {}
    let file = try TemporaryFile(WaveBytes(sampleRate: 8_000, isFloat: true).file(TestModels.tones))
    await #expect(throws: Enough.self) {
      _ = try await Pipeline(PreparedModel(TestModels.sound())).run(RecordingInput(path: file.path)) { _ in
        throw Enough()
      }
    }
  }

  @Test func eventRecordingIsNoSound() async throws {
    let file = try TemporaryFile(Array("#!AER-DAT2.0\r\n# events follow\r\n".utf8))
    do {
      _ = try await Pipeline(PreparedModel(TestModels.sound())).run(RecordingInput(path: file.path)) { _ in }
      Issue.record("taken for sound")
    } catch let error as AudioError {
      #expect(
        error.reason == .unrecognised("it looks like an event recording (AEDAT)"))
    }
  }
}

struct EventPipelineTests {
  private func run(_ model: Model, _ bytes: [UInt8], speed: Pipeline.Speed = .max) async throws -> (
    decisions: [Decision], notices: [String]
  ) {
    let file = try TemporaryFile(bytes)
    var decisions: [Decision] = []
    let notices = try await Pipeline(PreparedModel(model), speed: speed).run(RecordingInput(path: file.path)) { event in
      if case .decision(let decision, _) = event { decisions.append(decision) }
    }
    return (decisions, notices.map(\.description))
  }

  private func failure(_ model: Model, _ bytes: [UInt8]) async -> InputError? {
    do {
      _ = try await run(model, bytes)
      return nil
    } catch {
      return error as? InputError
    }
  }

  @Test func twoPassesOfABarAreTwoDecisions() async throws {
    let model = try TestModels.events()
    let (decisions, notices) = try await run(model, TestModels.bar())
    #expect(decisions.map(\.startMicroseconds) == [0, 800_000])
    #expect(decisions.map(\.endMicroseconds) == [300_000, 1_100_000])
    #expect(decisions[0].scores == decisions[1].scores)
    // Nothing but that five-byte records have no signature.
    #expect(notices.count == 1 && notices[0].contains("format taken as N-MNIST"))

    guard case .events(let configuration) = model.manifest.encoder else { return }
    var reader = try openEventReader(
      source: MemoryByteSource(TestModels.bar()), options: EventReadingOptions(timeOrigin: .firstEvent))
    var binner = try EventBinner(configuration)
    var sequence = SpikeSequence(shape: binner.shape)
    try binner.push(try readAllEvents(&reader)) { sequence.append($0) }
    binner.finish { sequence.append($0) }
    #expect(try StreamClassifier(model).decisions(on: sequence, stepMicroseconds: 10_000) == decisions)
  }

  @Test func aStrayEventInFrontChangesNoDecision() async throws {
    let model = try TestModels.events()
    let expected = try await run(model, TestModels.bar()).decisions
    // The same events 60 ms later, behind one and two that stand apart.
    let later = shifted(TestModels.bar(), by: 60_000)
    for strays in [[0], [0, 30_000]] as [[Int]] {
      var front: [UInt8] = []
      for time in strays { front += [3, 4, UInt8(time >> 16), UInt8(time >> 8 & 0xFF), UInt8(time & 0xFF)] }
      let (decisions, notices) = try await run(model, front + later)
      #expect(decisions == expected)
      #expect(notices.contains { $0.contains("left out") })
    }
  }

  /// Five-byte records with something added to their times.
  private func shifted(_ bytes: [UInt8], by microseconds: Int) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 5).flatMap { place -> [UInt8] in
      let polarity = bytes[place + 2] & 0x80
      let time =
        (Int(bytes[place + 2] & 0x7F) << 16 | Int(bytes[place + 3]) << 8 | Int(bytes[place + 4])) + microseconds
      return [
        bytes[place], bytes[place + 1], polarity | UInt8(time >> 16), UInt8(time >> 8 & 0xFF), UInt8(time & 0xFF),
      ]
    }
  }

  @Test func cutRecordingGivesItsResultsAndThenSaysWhere() async throws {
    let error = await failure(try TestModels.events(), Array(TestModels.bar().dropLast(2)))
    #expect(error?.place == "byte 29995")
    #expect(error?.problem == "is cut off within an event or packet")
  }

  @Test func recordingOfAnotherSensorIsRefused() async throws {
    let error = await failure(try TestModels.events(), TestModels.bar(width: 32))
    #expect(error?.problem.contains("lie outside a sensor of 16x16") == true)
  }

  @Test(arguments: [(8, true), (20, false)])
  func oneEventInTenOutsideIsAnotherSensor(every: Int, isRefused: Bool) async throws {
    var bytes = TestModels.bar()
    for event in stride(from: 0, to: bytes.count / 5, by: every) { bytes[5 * event] = 20 }
    let error = await failure(try TestModels.events(), bytes)
    #expect((error?.problem.contains("lie outside a sensor of 16x16") == true) == isRefused)
  }

  @Test func textIsNoEventsAndTheRemedyExists() async throws {
    let error = await failure(try TestModels.events(), Array(String(repeating: "no events here\n", count: 90).utf8))
    #expect(error?.problem == "is no event recording that is recognised by content")
    #expect(error?.remedy.contains("ganglion info") == true)
  }

  @Test func soundIsNoEvents() async throws {
    let error = await failure(try TestModels.events(), WaveBytes().file(TestModels.tones))
    #expect(error?.problem == "is sound (WAV); the model watches events of a camera")
  }
}
