/// How much faster than on the clock a satellite may send: a value on times it is given.
///
/// What it sends costs work that live sources need too. It may be ahead by half a minute, so that a recording is heard at once;
/// beyond that it has to wait for the clock.
package struct AudioAllowance: Sendable {
  package static let ahead: Int64 = 30_000_000

  private var begin: Int64?
  private var heard: Int64 = 0

  package init() {}

  /// Notes sound of some length, and says how long to wait before more is taken; microseconds of a monotonic clock.
  package mutating func take(microseconds: Int64, now: Int64) -> Int64 {
    let elapsed = now - (begin ?? now)
    begin = begin ?? now
    // Time in which nothing came is not saved up.
    if heard < elapsed { (begin, heard) = (now, 0) }
    heard += microseconds
    return max(0, heard - (now - (begin ?? now)) - Self.ahead)
  }
}
