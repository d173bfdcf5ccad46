import Failures

/// How often a part that failed may be started again, and how long to wait before it.
public struct RestartPolicy: Equatable, Sendable {
  /// Pause before the first restart; it doubles with every failure that follows soon.
  public var firstDelay: Duration
  public var longestDelay: Duration
  /// Failures within `period` after which the part is given up, at least 1; nil never gives up.
  public var limit: Int?
  public var period: Duration

  public init(
    firstDelay: Duration = .milliseconds(200), longestDelay: Duration = .seconds(30), limit: Int? = 5,
    period: Duration = .seconds(60)
  ) {
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.limit = limit
    self.period = period
  }
}

/// The rules of supervision as a value: it is told of failures and says what follows. Times count from any moment.
public struct Supervision: Sendable {
  public enum Verdict: Equatable, Sendable {
    case restart(after: Duration)
    case giveUp
  }

  public let policy: RestartPolicy
  /// Times of the failures that still count.
  private var failures: [Duration] = []
  private var delay: Duration
  private var last: Duration?

  public init(_ policy: RestartPolicy) {
    self.policy = policy
    delay = policy.firstDelay
  }

  /// The part has failed. A run longer than the period before it makes the pauses begin anew.
  public mutating func failed(at now: Duration) -> Verdict {
    if let last, now - last > policy.period { delay = policy.firstDelay }
    last = now
    if let limit = policy.limit {
      failures.removeAll { now - $0 > policy.period }
      failures.append(now)
      if failures.count >= limit { return .giveUp }
    }
    defer { delay = min(delay * 2, policy.longestDelay) }
    return .restart(after: delay)
  }

  /// The part works: the next pause is the first again.
  public mutating func recovered() { delay = policy.firstDelay }
}

/// A part that failed too often.
public struct GivenUp: ReportedError {
  /// What is supervised.
  public let name: String
  public let policy: RestartPolicy
  /// The failure that was one too many.
  public let failure: any Error

  public var kind: FailureKind { (failure as? any ReportedError)?.kind ?? .other }
  public var description: String {
    "\(name): failed \(policy.limit ?? 0) times within \(policy.period), given up; last failure: \(failure)"
  }
}

/// Runs an operation until it returns, starting it again after failures as the policy says.
///
/// - Parameters:
///   - report: told of every failure and what follows.
/// - Throws: `GivenUp`, or `CancellationError` when the task was cancelled.
public func supervise<Time: Clock>(
  _ name: String, policy: RestartPolicy, clock: Time, isolation: isolated (any Actor)? = #isolation,
  report: (any Error, Supervision.Verdict) -> Void = { _, _ in }, operation: () async throws -> Void
) async throws where Time.Duration == Duration {
  let begin = clock.now
  var supervision = Supervision(policy)
  while true {
    try Task.checkCancellation()
    do {
      return try await operation()
    } catch let error as CancellationError {
      throw error
    } catch {
      let verdict = supervision.failed(at: begin.duration(to: clock.now))
      report(error, verdict)
      switch verdict {
      case .giveUp: throw GivenUp(name: name, policy: policy, failure: error)
      case .restart(let delay): try await clock.sleep(until: clock.now.advanced(by: delay), tolerance: nil)
      }
    }
  }
}
