import Dataflow
import Glibc
import StreamSources

/// The rules of capturing: what to do after each answer of the device, and where in the stream its samples lie. A value
/// without device, thread or clock; times are microseconds of a clock that goes on while the machine sleeps.
package struct CaptureMachine: Sendable {
  /// What to do next.
  package enum Action: Equatable, Sendable {
    /// Read a period.
    case read
    /// Prepare and start again.
    case restart
    /// Try to wake it, after a pause.
    case resume(afterMilliseconds: Int)
    /// Close it, and open it again after a pause.
    case reopen(afterMilliseconds: Int, why: String)
  }

  /// Where a piece of sound lies.
  package struct Placement: Equatable, Sendable {
    package var startSample: Int64
    /// Frames that are missing directly before it.
    package var lostFrames: Int64
    package var loss: LossReason?
  }

  /// A device that gives nothing for so long is stuck.
  package static let stallMicroseconds: Int64 = 2_000_000
  /// So many restarts without a sample between them mean that restarting does not help.
  private static let fruitlessLimit = 8

  private var supervision: Supervision
  private var sampleRate = 0
  /// Position of the next sample.
  package private(set) var position: Int64 = 0
  /// When the last sample was captured; nil before the first.
  private var lastEnd: Int64?
  /// Why the next sample does not follow the last.
  private var loss: LossReason?
  private var fruitless = 0
  private var waitingSince: Int64?

  package init(policy: RestartPolicy = CaptureMachine.patient) {
    supervision = Supervision(policy)
  }

  /// A device may be away for days.
  package static let patient = RestartPolicy(
    firstDelay: .milliseconds(100), longestDelay: .seconds(5), limit: nil, period: .seconds(60))

  /// The device has been opened at a rate. A rate other than before makes positions count anew from where they are.
  package mutating func opened(sampleRate rate: Int, now: Int64) -> Action {
    if sampleRate != 0 && rate != sampleRate { position = position * Int64(rate) / Int64(sampleRate) }
    sampleRate = rate
    waitingSince = now
    return .restart
  }

  /// The device cannot be opened.
  package mutating func cannotOpen(_ why: String, now: Int64) -> Action { reopen(.deviceLost, why, now) }

  /// Frames have been read at `now`, and `backlog` more were there already.
  package mutating func received(frames: Int, backlog: Int, now: Int64) -> Placement {
    let end = now - Int64(max(0, backlog)) * 1_000_000 / Int64(sampleRate)
    var lost: Int64 = 0
    if loss != nil, let lastEnd {
      let gap = (end - lastEnd) * Int64(sampleRate) / 1_000_000 - Int64(frames)
      lost = max(0, gap)
    }
    let placement = Placement(startSample: position + lost, lostFrames: lost, loss: loss)
    position += lost + Int64(frames)
    lastEnd = end
    loss = nil
    fruitless = 0
    waitingSince = now
    supervision.recovered()
    return placement
  }

  /// The device gave nothing in time.
  package mutating func waited(now: Int64) -> Action {
    guard now - (waitingSince ?? now) >= Self.stallMicroseconds else { return .read }
    return reopen(.deviceLost, "no sound for \(Self.stallMicroseconds / 1_000_000) s", now)
  }

  /// A call failed with a number of the system (positive).
  package mutating func failed(_ number: Int32, now: Int64) -> Action {
    switch number {
    case EINTR, EAGAIN: return waited(now: now)
    case EPIPE:
      if loss == nil { loss = .overrun }
      return restart("overruns without end", now)
    case ESTRPIPE:
      loss = .deviceLost
      return .resume(afterMilliseconds: 0)
    default: return reopen(.deviceLost, String(cString: strerror(number)), now)
    }
  }

  /// Waking it has answered with a number: 0 or negative.
  package mutating func resumed(_ answer: Int, now: Int64) -> Action {
    // Drivers that cannot resume say so and have to be prepared.
    Int32(-answer) == EAGAIN ? .resume(afterMilliseconds: 100) : restart("cannot be woken", now)
  }

  /// Starting or preparing has answered with a number: 0 or negative.
  package mutating func started(_ answer: Int, now: Int64) -> Action {
    if answer >= 0 { return .read }
    if Int32(-answer) == EPIPE || Int32(-answer) == EINTR { return restart("cannot be started", now) }
    return reopen(.deviceLost, String(cString: strerror(Int32(-answer))), now)
  }

  private mutating func restart(_ why: String, _ now: Int64) -> Action {
    fruitless += 1
    return fruitless > Self.fruitlessLimit ? reopen(loss ?? .deviceLost, why, now) : .restart
  }

  private mutating func reopen(_ reason: LossReason, _ why: String, _ now: Int64) -> Action {
    loss = reason
    fruitless = 0
    waitingSince = nil
    guard case .restart(let delay) = supervision.failed(at: .microseconds(now)) else {
      preconditionFailure("a patient policy never gives up")
    }
    let milliseconds = delay.components.seconds * 1_000 + delay.components.attoseconds / 1_000_000_000_000_000
    return .reopen(afterMilliseconds: Int(milliseconds), why: why)
  }
}
