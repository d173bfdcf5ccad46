/// How to read a sound where its content does not say, or says what is not meant.
public struct SoundReadingOptions: Sendable, Equatable, Codable {
  /// Headerless PCM as `encoding:rate:channels`, see `RawFormat`; nil to go by content.
  public var raw: String?
  /// The channel to listen to, counted from 0; nil for the mean of all.
  public var channel: Int?
  /// Amplification, decibels.
  public var gain: Double = 0

  /// Channels that can be named.
  public static let channels = 0...(AudioLimits.channels - 1)
  /// Gains that can be asked for, decibels.
  public static let gains = -120.0...120.0

  public init(raw: String? = nil, channel: Int? = nil, gain: Double = 0) {
    self.raw = raw
    self.channel = channel
    self.gain = gain
  }
}
