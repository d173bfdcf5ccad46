/// Watches whether whoever reads a live stream keeps up with it. A value: the clock is passed in.
///
/// Who keeps up waits for bytes now and then, and is then as near to what happens as can be. From there on, lag is how much
/// longer the clock has run than the stream: a sender that pauses makes none.
///
/// While the stream is thrown away, waiting means less, because the sender may have had to wait too and now sends what it
/// has kept. Only when the stream comes no faster than the clock is it the sender who is late.
struct LagWatch {
  /// So far behind, the stream is thrown away ...
  static let mostMicroseconds: Int64 = 500_000
  /// ... until it is no further behind than this.
  static let leastMicroseconds: Int64 = 100_000
  /// How long it is watched whether a sender is catching up: by a quarter of this at least.
  static let trialMicroseconds: Int64 = 100_000

  /// How much the clock is ahead of the stream where nothing is behind.
  private var ahead: Int64?
  /// While the stream is thrown away: the time at which a trial began, and how much the clock was ahead then.
  private var trial: (now: Int64, ahead: Int64)?

  var isShedding: Bool { trial != nil }

  /// - Parameters:
  ///   - stream: time of the newest event that was read, microseconds.
  ///   - now: of the clock.
  ///   - hasWaited: whether bytes had to be waited for.
  /// - Returns: whether what was read is to be thrown away.
  mutating func read(upTo stream: Int64, now: Int64, hasWaited: Bool) -> Bool {
    let current = now - stream
    // A stream that runs faster than the clock is a recording that is sent as fast as it goes.
    let least = min(ahead ?? current, current)
    ahead = least
    guard let begun = trial else {
      if hasWaited { ahead = current }
      if !hasWaited, current - least > Self.mostMicroseconds { trial = (now, current) }
      return isShedding
    }
    if current - least <= Self.leastMicroseconds {
      trial = nil
    } else if hasWaited, now - begun.now >= Self.trialMicroseconds {
      let isCatchingUp = 4 * (begun.ahead - current) >= now - begun.now
      trial = isCatchingUp ? (now, current) : nil
      if !isCatchingUp { ahead = current }
    }
    return isShedding
  }
}
