import SocketProtocol
import Synchronization

/// How far one model has come on one stream; outlives its stage when that is started again.
final class PipelineProgress: Sendable {
  private struct State {
    var stream: Int64?
    var blocks: Int64 = 0
    var decisions = 0
    var lostMicroseconds: Int64 = 0
    var resumedFrom: Int64?
  }

  private let state = Mutex(State())

  func advance(to microseconds: Int64, decisions: Int) {
    state.withLock {
      $0.stream = microseconds
      $0.blocks += 1
      $0.decisions = decisions
    }
  }

  func lost(_ microseconds: Int64) { state.withLock { $0.lostMicroseconds += microseconds } }

  /// A stage begins anew: whatever it has not seen since the last block is missing.
  func resume() { state.withLock { $0.resumedFrom = $0.stream } }

  /// What a stage that begins anew has to count from; nil after the first time.
  func takeResumption() -> Int64? {
    state.withLock {
      let from = $0.resumedFrom
      $0.resumedFrom = nil
      return from
    }
  }

  /// Blocks that were worked off.
  var blocks: Int64 { state.withLock { $0.blocks } }
  var decisions: Int { state.withLock { $0.decisions } }
  var lostMicroseconds: Int64 { state.withLock { $0.lostMicroseconds } }
}

/// How a source is, and since when something came from it.
final class SourceStatus: Sendable {
  struct Snapshot: Equatable, Sendable {
    var state: Report.Health.State = .starting
    /// Monotonic time of the last arrival, microseconds; of the start before the first.
    var lastArrival: Int64
    /// Stream time it has come to.
    var endMicroseconds: Int64 = 0
    var blocks: Int64 = 0
    /// Times it was lost.
    var losses = 0
  }

  private let state: Mutex<Snapshot>

  init(now: Int64) { state = Mutex(Snapshot(lastArrival: now)) }

  var snapshot: Snapshot { state.withLock { $0 } }

  /// Something came; whether that changes its state.
  func arrived(endMicroseconds: Int64, now: Int64) -> Bool {
    state.withLock {
      $0.lastArrival = now
      $0.endMicroseconds = endMicroseconds
      $0.blocks += 1
      let isNews = $0.state != .running
      $0.state = .running
      return isNews
    }
  }

  /// Changes the state; whether it is another.
  func change(to new: Report.Health.State, now: Int64) -> Bool {
    state.withLock {
      if new == .lost { $0.losses += 1 }
      if new == .running { $0.lastArrival = now }
      let isNews = $0.state != new
      $0.state = new
      return isNews
    }
  }

  /// Calls a source that is silent for a while waiting; whether that is news.
  func waits(afterMicroseconds patience: Int64, now: Int64) -> Bool {
    state.withLock {
      guard $0.state == .running || $0.state == .starting, now - $0.lastArrival >= patience else { return false }
      $0.state = .waiting
      return true
    }
  }
}
