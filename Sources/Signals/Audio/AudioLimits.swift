/// Bounds on what a header may claim before a recording is refused.
public enum AudioLimits {
  /// Sample rates in Hz from telephone fragments to the fastest converters.
  public static let sampleRates = 1_000...768_000
  /// More channels than any array a mono classifier is fed from.
  public static let channels = 64
  /// Bytes that are kept of what comes through a pipe in a format that has to be sought in.
  public static let gathered: Int64 = 1 << 30
  /// Samples are numbers around ±1; unscaled 16-bit integers in a float file still pass.
  public static let amplitude: Float = 1_000_000

  /// Refuses channel counts and sample rates no recording has.
  static func check(channels count: Int, sampleRate: Int, source: String) throws(AudioError) {
    if count < 1 { throw AudioError(source: source, reason: .noChannels) }
    if count > channels { throw AudioError(source: source, reason: .tooManyChannels(count, limit: channels)) }
    if !sampleRates.contains(sampleRate) {
      throw AudioError(source: source, reason: .sampleRate(sampleRate, allowed: sampleRates))
    }
  }
}
