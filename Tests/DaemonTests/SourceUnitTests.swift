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

struct SourceUnitTests {
  /// Runs a source that always fails: how it came to its end, and where in the stream it was opened each time.
  private func outcome(
    _ input: SourceConfiguration.Input, restarts: RestartPolicy
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
        return FailingSource(begin: resumeAt)
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

  @Test func theDaemonAllowsFiveFailuresAMinute() {
    #expect(
      GanglionDaemon.restarts
        == RestartPolicy(firstDelay: .milliseconds(200), longestDelay: .seconds(30), limit: 5, period: .seconds(60)))
  }
}
