import Synchronization
import Testing

@testable import Dataflow

private struct Fault: Error, Equatable {
  var number: Int
}

struct SupervisionTests {
  @Test func pausesDoubleUpToTheLongest() {
    var supervision = Supervision(
      RestartPolicy(firstDelay: .seconds(1), longestDelay: .seconds(5), limit: nil, period: .seconds(60)))
    let verdicts = (0..<5).map { supervision.failed(at: .seconds($0)) }
    #expect(
      verdicts == [1, 2, 4, 5, 5].map { .restart(after: .seconds($0)) })
  }

  @Test func aLongRunBetweenFailuresMakesPausesBeginAnew() {
    var supervision = Supervision(RestartPolicy(firstDelay: .seconds(1), limit: nil, period: .seconds(10)))
    #expect(supervision.failed(at: .seconds(0)) == .restart(after: .seconds(1)))
    #expect(supervision.failed(at: .seconds(5)) == .restart(after: .seconds(2)))
    #expect(supervision.failed(at: .seconds(16)) == .restart(after: .seconds(1)))
  }

  @Test func whatWorksAgainBeginsAnewAtOnce() {
    var supervision = Supervision(RestartPolicy(firstDelay: .seconds(1), limit: nil, period: .seconds(10)))
    _ = supervision.failed(at: .seconds(0))
    supervision.recovered()
    #expect(supervision.failed(at: .seconds(1)) == .restart(after: .seconds(1)))
  }

  @Test func theLimitCountsOnlyFailuresWithinThePeriod() {
    var supervision = Supervision(RestartPolicy(limit: 3, period: .seconds(10)))
    let verdicts = [0, 6, 12, 18, 19].map { supervision.failed(at: .seconds($0)) == .giveUp }
    #expect(verdicts == [false, false, false, false, true])
  }

  @Test func whereNothingElseIsSaidFiveFailuresWithinAMinuteAreTooMany() {
    var soon = Supervision(RestartPolicy())
    let verdicts = (0..<5).map { soon.failed(at: .seconds(14 * $0)) }
    #expect(
      verdicts == [.milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1_600)].map {
        .restart(after: $0)
      } + [.giveUp])
    // The first of five is forgotten by the time of the last.
    var seldom = Supervision(RestartPolicy())
    #expect((0..<100).allSatisfy { seldom.failed(at: .seconds(16 * $0)) != .giveUp })
  }

  @Test func anOperationIsStartedAgainAfterItsPauseAndThenGivenUp() async throws {
    let clock = VirtualClock()
    let starts = Mutex<[Duration]>([])
    let policy = RestartPolicy(firstDelay: .seconds(1), longestDelay: .seconds(30), limit: 4, period: .seconds(60))
    let task = Task {
      try await supervise("ear", policy: policy, clock: clock) {
        let number = starts.withLock { times in
          times.append(clock.now.offset)
          return times.count
        }
        throw Fault(number: number)
      }
    }
    for _ in 0..<3 { clock.advance(to: await clock.nextDue()) }
    let failure = await #expect(throws: GivenUp.self) { try await task.value }
    #expect(failure?.failure as? Fault == Fault(number: 4))
    #expect(failure?.name == "ear")
    #expect(starts.withLock { $0 } == [.seconds(0), .seconds(1), .seconds(3), .seconds(7)])
  }

  @Test func returningEndsSupervision() async throws {
    let runs = Mutex(0)
    try await supervise("ear", policy: RestartPolicy(), clock: VirtualClock()) { runs.withLock { $0 += 1 } }
    #expect(runs.withLock { $0 } == 1)
  }

  @Test func cancellationIsNoFailure() async throws {
    let reports = Mutex(0)
    let task = Task {
      try await supervise("ear", policy: RestartPolicy(), clock: ContinuousClock()) { _, _ in
        reports.withLock { $0 += 1 }
      } operation: {
        try await Task.sleep(for: .seconds(3_600))
      }
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(reports.withLock { $0 } == 0)
  }
}
