import ClassifierStreams
import Dataflow
import Foundation
import ModelFiles
import SocketProtocol
import StreamSources
import Synchronization
import TestSupport
import Testing

@testable import Daemon

/// A source that fails as soon as something has come from it.
private final class FailingSource: StreamSource {
  private var hasGiven = false
  private let begin: Int64

  init(begin: Int64) { self.begin = begin }

  func next() throws -> Arrival<SoundBlock> {
    if hasGiven { throw FeedError(path: "nowhere", reason: "broke") }
    hasGiven = true
    return .block(
      SoundBlock(
        samples: [Float](repeating: 0.1, count: 80), sampleRate: 8_000, startSample: 0, originMicroseconds: begin))
  }
}

/// A source that brings what it was given and ends.
private final class ScriptedSource: StreamSource {
  private var rest: ArraySlice<Arrival<SoundBlock>>

  init(_ arrivals: [Arrival<SoundBlock>]) { rest = arrivals[...] }

  func next() throws -> Arrival<SoundBlock> { rest.popFirst() ?? .end }
}

struct SourceUnitTests {
  /// Runs a source, by itself one that always fails: how it came to its end, and where in the stream it was opened each
  /// time.
  private func outcome(
    _ input: SourceConfiguration.Input, restarts: RestartPolicy,
    source: @escaping @Sendable (_ resumeAt: Int64) -> any StreamSource<SoundBlock> = { FailingSource(begin: $0) }
  ) async throws -> (outcome: SourceOutcome, openedAt: [Int64], states: [Report.Health.State]) {
    var configuration = SourceConfiguration(id: "film", input: input, models: ["m"], line: 1)
    configuration.task = nil
    let hub = Hub()
    let openedAt = Mutex<[Int64]>([])
    let (outcomes, tell) = AsyncStream.makeStream(of: SourceOutcome.self)
    let unit = SourceUnit<SoundSegments>(
      configuration, hub: hub, log: Log(least: .error, write: { _ in }), restarts: restarts,
      open: { _, resumeAt in
        openedAt.withLock { $0.append(resumeAt) }
        return source(resumeAt)
      }, whenOver: { _, outcome in tell.yield(outcome) })
    await unit.update(
      models: [(key: "m", model: try PreparedModel(try TestModels.sound(), tellsProgress: true), isNew: false)],
      whenTaken: { _ in })
    await unit.start()
    var first: SourceOutcome?
    for await outcome in outcomes {
      first = outcome
      break
    }
    await unit.shutDown()
    var states: [Report.Health.State] = []
    hub.drain(publication: { if let state = $0.healthState { states.append(state) } }, hole: { _, _ in })
    return (try #require(first), openedAt.withLock { $0 }, states)
  }

  @Test func aSourceThatAlwaysFailsIsStartedAgainAsOftenAsAllowedAndGoesOnInStreamTime() async throws {
    let restarts = RestartPolicy(firstDelay: .milliseconds(1), longestDelay: .milliseconds(1), limit: 4)
    let (outcome, openedAt, states) = try await outcome(.feed(.pipe, path: "p"), restarts: restarts)
    guard case .givenUp(let error) = outcome else {
      Issue.record("it ended as \(outcome)")
      return
    }
    #expect("\(error)".contains("failed 4 times"))
    #expect(openedAt == [0, 10_000, 20_000, 30_000])
    #expect(states == [.running, .failed])
  }

  @Test func aFileIsNotReadASecondTime() async throws {
    let restarts = RestartPolicy(firstDelay: .milliseconds(1), longestDelay: .milliseconds(1), limit: 4)
    let (outcome, openedAt, _) = try await outcome(.feed(.file, path: "f"), restarts: restarts)
    guard case .failed = outcome else {
      Issue.record("it ended as \(outcome)")
      return
    }
    #expect(openedAt == [0])
  }

  @Test func aDeviceThatComesBackIsSilentOnlyAfterAsLongAsBefore() async throws {
    func silence(_ second: Int64) -> Arrival<SoundBlock> {
      .block(
        SoundBlock(samples: [Float](repeating: 0, count: 8_000), sampleRate: 8_000, startSample: 8_000 * second))
    }
    let arrivals = (0..<5).map(silence) + [.lost("unplugged"), .ready(nil), silence(5)]
    let (_, _, states) = try await outcome(
      .alsa(device: "d", rate: nil, channels: nil, channel: nil, encoding: nil), restarts: RestartPolicy(),
      source: { _ in ScriptedSource(arrivals) })
    #expect(states == [.running, .silent, .lost, .running, .ended])
  }

  @Test func whatAModelWasTooSlowForStaysCountedWhenItsStageEnds() async throws {
    let pipeline = StreamPipeline<SoundSegments>(
      source: "mic", modelKey: "m", model: try PreparedModel(try TestModels.sound()), task: nil, policy: .dropOldest,
      hub: Hub())
    pipeline.open()
    for index in 0..<100 {
      let block = SoundBlock(
        samples: [Float](repeating: 0, count: 80), sampleRate: 8_000, startSample: 80 * Int64(index))
      try await pipeline.send(.block(block, arrivedMicroseconds: 0))
    }
    let dropped = pipeline.dropped
    #expect(dropped > 0 && dropped + pipeline.waiting == 100)
    pipeline.finish()
    try await pipeline.run()
    #expect(pipeline.dropped == dropped)
  }

  @Test func theDaemonAllowsFiveFailuresAMinute() {
    #expect(
      GanglionDaemon.restarts
        == RestartPolicy(firstDelay: .milliseconds(200), longestDelay: .seconds(30), limit: 5, period: .seconds(60)))
  }
}
