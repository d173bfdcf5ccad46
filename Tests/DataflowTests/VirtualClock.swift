import Synchronization

/// A clock that stands still until it is told to go on; who sleeps on it wakes in the order of the times.
final class VirtualClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }

  private struct State {
    var now = Instant(offset: .zero)
    var sleepers: [(due: Instant, continuation: CheckedContinuation<Void, Never>)] = []
    var watchers: [CheckedContinuation<Instant, Never>] = []
  }

  private let state = Mutex(State())

  var now: Instant { state.withLock { $0.now } }
  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    await withCheckedContinuation { continuation in
      let watchers = state.withLock { state in
        state.sleepers.append((deadline, continuation))
        defer { state.watchers = [] }
        return state.watchers
      }
      for watcher in watchers { watcher.resume(returning: deadline) }
    }
  }

  /// When the earliest sleeper is due; waits until there is one.
  func nextDue() async -> Instant {
    await withCheckedContinuation { continuation in
      let due = state.withLock { state in
        let due = state.sleepers.map(\.due).min()
        if due == nil { state.watchers.append(continuation) }
        return due
      }
      if let due { continuation.resume(returning: due) }
    }
  }

  func advance(to instant: Instant) {
    let woken = state.withLock { state in
      state.now = max(state.now, instant)
      let due = state.sleepers.filter { $0.due <= instant }.sorted { $0.due < $1.due }
      state.sleepers.removeAll { $0.due <= instant }
      return due
    }
    for sleeper in woken { sleeper.continuation.resume() }
  }
}
