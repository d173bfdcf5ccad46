/// Watches whether whoever reads a live stream keeps up with it. A value: the clock is passed in.
///
/// Who keeps up waits for bytes now and then, and is then as near to what happens as can be. From there on, lag is how much
/// longer the clock has run than the stream, until bytes are waited for again: a sender that pauses makes no lag.
struct LagWatch: Equatable {
  /// So far behind, the stream is thrown away ...
  static let mostMicroseconds: Int64 = 500_000
  /// ... until it is no further behind than this.
  static let leastMicroseconds: Int64 = 100_000

  /// What the clock was ahead of the stream when bytes were last waited for.
  private var ahead: Int64?
  private(set) var isShedding = false

  /// - Parameters:
  ///   - stream: time of the newest event that was read, microseconds.
  ///   - now: of the clock.
  ///   - hasWaited: whether bytes had to be waited for.
  /// - Returns: whether what was read is to be thrown away.
  mutating func read(upTo stream: Int64, now: Int64, hasWaited: Bool) -> Bool {
    guard let ahead, !hasWaited else {
      ahead = now - stream
      isShedding = false
      return false
    }
    let lag = now - stream - ahead
    // A stream that runs faster than the clock is a recording that is sent as fast as it goes.
    if lag < 0 { self.ahead = now - stream }
    isShedding = lag > (isShedding ? Self.leastMicroseconds : Self.mostMicroseconds)
    return isShedding
  }
}
