import Dataflow

/// When to connect to a broker, how long to wait for it, and how long after a failure to try again: a value on times it is
/// given, milliseconds of a monotonic clock.
package struct BrokerLink: Sendable {
  package enum State: Equatable, Sendable {
    /// No connection, and none is tried before this time.
    case waiting(until: Int64)
    /// Tried since then.
    case connecting(since: Int64)
    case up(since: Int64)
    /// There will be none any more.
    case over
  }

  /// What has to be done now.
  package enum Duty: Equatable, Sendable {
    case nothing
    case connect
    /// It has not answered in time: what there is of a connection is to be let go.
    case giveUp
  }

  /// A second at first, a minute at most, and never given up: a broker may be away for days. The period is longer than any
  /// pause, or each would count as a time in which all was well.
  static let policy = RestartPolicy(
    firstDelay: .seconds(1), longestDelay: .seconds(60), limit: nil, period: .seconds(600))
  /// For an answer to a connection.
  static let patience: Int64 = 10_000

  package private(set) var state: State
  private var supervision = Supervision(policy)
  /// Why there is no connection, as it was told last.
  private var toldReason: String?

  package init(now: Int64) {
    state = .waiting(until: now)
  }

  package var isUp: Bool { if case .up = state { true } else { false } }

  /// What to do now; a connection that is due counts as begun.
  package mutating func due(now: Int64) -> Duty {
    switch state {
    case .waiting(let until) where now >= until:
      state = .connecting(since: now)
      return .connect
    case .connecting(let since) where now - since >= Self.patience: return .giveUp
    default: return .nothing
    }
  }

  /// When `due` has to be asked again; nil where only the broker has news.
  package var nextDuty: Int64? {
    switch state {
    case .waiting(let until): until
    case .connecting(let since): since + Self.patience
    case .up, .over: nil
    }
  }

  package mutating func connected(now: Int64) {
    guard case .connecting = state else { return }
    state = .up(since: now)
    toldReason = nil
  }

  /// There is no connection any more, or none came about. Returns how long nothing is tried, and whether the reason is
  /// another than the last time.
  @discardableResult
  package mutating func failed(_ reason: String, now: Int64) -> (pause: Int64, isNews: Bool) {
    if state == .over { return (0, false) }
    // What held for long enough was no failure of the kind that repeats.
    if case .up(let since) = state, now - since >= 60_000 { supervision.recovered() }
    guard case .restart(let delay) = supervision.failed(at: .milliseconds(now)) else { return (0, false) }
    let pause = Int64(delay / .milliseconds(1))
    state = .waiting(until: now + pause)
    defer { toldReason = reason }
    return (pause, reason != toldReason)
  }

  package mutating func end() { state = .over }
}
