import Glibc

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

  /// What samples are multiplied by.
  public var factor: Float { Float(pow(10, gain / 20)) }

  /// What to make of bytes without a header.
  ///
  /// - Parameters:
  ///   - rate: of samples whose description leaves it out, in Hz.
  ///   - assumesSamples: whether bytes without a header are 16-bit mono samples where nothing is said.
  func headerless(rate: Int, assumesSamples: Bool) throws(AudioError) -> SoundOpener.Headerless {
    if let raw { return .force(try RawFormat(parsing: raw, defaultSampleRate: rate)) }
    return assumesSamples ? .assume(try RawFormat(encoding: .s16le, sampleRate: rate, channels: 1)) : .refuse
  }

  public init(raw: String? = nil, channel: Int? = nil, gain: Double = 0) {
    self.raw = raw
    self.channel = channel
    self.gain = gain
  }
}
