import Recognition
import SocketProtocol
import StreamSources
import Synchronization

/// How far one model has come on one stream; outlives its stage when that is started again.
final class PipelineProgress: Sendable {
  /// What can be counted.
  struct Figures: Equatable, Sendable {
    /// Blocks that were worked off.
    var blocks: Int64 = 0
    /// Stream time in them.
    var microseconds: Int64 = 0
    /// Spikes that the network was given.
    var spikes: Int64 = 0
    /// Complete detections by label, and rejections.
    var detections: [String: Int] = [:]
    var rejections = 0
    var lostMicroseconds: Int64 = 0
    /// Work on each block, and the time from its arrival to the end of that work.
    var inference = DurationHistogram()
    var latency = DurationHistogram()
  }

  private struct State {
    var stream: Int64?
    var numbers = DetectionNumbers()
    var resumedFrom: Int64?
    var figures = Figures()
  }

  private let state = Mutex(State())

  /// A block has been worked off.
  ///
  /// - Parameters:
  ///   - numbers: given to detections up to it.
  ///   - inference: microseconds of work on it.
  ///   - latency: microseconds since it arrived.
  func advance(
    over block: Range<Int64>, numbers: DetectionNumbers, spikes: Int64 = 0, inference: Int64 = 0, latency: Int64 = 0
  ) {
    state.withLock {
      $0.stream = block.upperBound
      $0.numbers = numbers
      $0.figures.blocks += 1
      $0.figures.microseconds += block.upperBound - block.lowerBound
      $0.figures.spikes += spikes
      $0.figures.inference.add(inference)
      $0.figures.latency.add(latency)
    }
  }

  func lost(_ microseconds: Int64) { state.withLock { $0.figures.lostMicroseconds += microseconds } }

  /// Counts what is complete.
  func decided(_ decision: Decision) {
    guard decision.phase == .point || decision.phase == .end else { return }
    state.withLock {
      switch decision.kind {
      case .detection: $0.figures.detections[decision.label, default: 0] += 1
      case .rejection: $0.figures.rejections += 1
      }
    }
  }

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

  var figures: Figures { state.withLock { $0.figures } }
  /// Numbers given to detections so far; a stage that begins anew goes on from there.
  var numbers: DetectionNumbers { state.withLock { $0.numbers } }
}

/// How a source is, and since when something came from it.
final class SourceStatus: Sendable {
  struct Snapshot: Sendable {
    var state: Report.Health.State = .starting
    /// Monotonic time of the last arrival, microseconds; of the start before the first.
    var lastArrival: Int64
    /// Stream time it has come to.
    var endMicroseconds: Int64 = 0
    var blocks: Int64 = 0
    /// Samples or events.
    var count: Int64 = 0
    /// Mean squares of the sound that came, each times its samples.
    var energy = 0.0
    /// Times it was lost.
    var losses = 0
    /// Stretches the source itself lost, and their length, by the reason.
    var gaps: [LossReason: (count: Int, microseconds: Int64)] = [:]
    /// How often what arrived broke the rules of its format since the source was opened, and before that.
    var violations: [String: Int64] = [:]
    var earlierViolations: [String: Int64] = [:]
    /// How many events each filter took out since the source was opened, and before that.
    var filtered: [String: Int64] = [:]
    var earlierFiltered: [String: Int64] = [:]
    /// Whether there is nothing under its name that it could wait for.
    var isAbsent = false

    /// Whether it delivers or legitimately waits.
    var isUp: Bool { state == .running || (state == .waiting && !isAbsent) }
  }

  let carriesEvents: Bool
  private let state: Mutex<Snapshot>

  init(now: Int64, carriesEvents: Bool = false) {
    self.carriesEvents = carriesEvents
    state = Mutex(Snapshot(lastArrival: now))
  }

  var snapshot: Snapshot { state.withLock { $0 } }

  /// Something came; whether that changes its state.
  ///
  /// - Parameters:
  ///   - power: mean square of sound.
  ///   - isSilent: whether there has been nothing to hear in it for too long.
  func arrived(endMicroseconds: Int64, count: Int, power: Float = 0, isSilent: Bool = false, now: Int64) -> Bool {
    state.withLock {
      $0.isAbsent = false
      $0.count += Int64(count)
      $0.energy += Double(power) * Double(count)
      $0.lastArrival = now
      $0.endMicroseconds = endMicroseconds
      $0.blocks += 1
      let new: Report.Health.State = isSilent ? .silent : .running
      let isNews = $0.state != new
      $0.state = new
      return isNews
    }
  }

  /// There is nothing under its name, or there is again; it waits for it, or for what comes from it.
  func wait(absent isAbsent: Bool) {
    state.withLock { ($0.state, $0.isAbsent) = (.waiting, isAbsent) }
  }

  /// What arrived has broken the rules of its format so often since the source was opened.
  func broke(_ violations: [String: Int64]) { state.withLock { $0.violations = violations } }

  /// The filters have taken so many events out since the source was opened.
  func filtered(_ removed: [String: Int64]) { state.withLock { $0.filtered = removed } }

  /// The source is opened anew and counts from zero.
  func reopened() {
    state.withLock {
      $0.earlierViolations.merge($0.violations, uniquingKeysWith: +)
      $0.violations = [:]
      $0.earlierFiltered.merge($0.filtered, uniquingKeysWith: +)
      $0.filtered = [:]
    }
  }

  /// Something is missing that the source itself lost.
  func missed(_ microseconds: Int64, _ reason: LossReason) {
    state.withLock {
      let before = $0.gaps[reason] ?? (0, 0)
      $0.gaps[reason] = (before.count + 1, before.microseconds + microseconds)
    }
  }

  /// Changes the state; whether it is another.
  func change(to new: Report.Health.State, now: Int64) -> Bool {
    state.withLock {
      if new == .lost { $0.losses += 1 }
      if new == .running { $0.lastArrival = now }
      let isNews = $0.state != new
      ($0.state, $0.isAbsent) = (new, false)
      return isNews
    }
  }

  /// Something came that nobody is to hear; whether that changes its state.
  func arrivedMuted(endMicroseconds: Int64, now: Int64) -> Bool {
    state.withLock {
      ($0.isAbsent, $0.lastArrival, $0.endMicroseconds) = (false, now, endMicroseconds)
      $0.blocks += 1
      let isNews = $0.state != .muted
      $0.state = .muted
      return isNews
    }
  }

  /// What comes from it is to be heard no more, or again; whether that changes its state at once. One that is away stays so.
  func mute(_ isMuted: Bool, now: Int64) -> Bool {
    state.withLock {
      switch ($0.state, isMuted) {
      case (.starting, true), (.running, true), (.silent, true), (.waiting, true): $0.state = .muted
      case (.muted, false): ($0.state, $0.lastArrival) = (.running, now)
      default: return false
      }
      return true
    }
  }

  /// Calls a source that is silent for a while waiting; whether that is news.
  func waits(afterMicroseconds patience: Int64, now: Int64) -> Bool {
    state.withLock {
      guard [.running, .silent, .starting].contains($0.state), now - $0.lastArrival >= patience else { return false }
      $0.state = .waiting
      return true
    }
  }
}
