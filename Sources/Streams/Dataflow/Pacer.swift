/// Holds a stream back to the pace of a clock: stream time s is let through no earlier than s after the first.
public struct Pacer<Time: Clock>: Sendable where Time.Duration == Duration {
  private let clock: Time
  private var begin: Time.Instant?
  private var first: Int64 = 0

  public init(clock: Time) {
    self.clock = clock
  }

  /// Waits until the clock has come as far as the stream, given in microseconds of stream time.
  public mutating func wait(untilMicroseconds time: Int64, isolation: isolated (any Actor)? = #isolation) async throws {
    guard let begin else {
      begin = clock.now
      first = time
      return
    }
    let due = begin.advanced(by: .microseconds(time - first))
    if due > clock.now { try await clock.sleep(until: due, tolerance: nil) }
  }
}
