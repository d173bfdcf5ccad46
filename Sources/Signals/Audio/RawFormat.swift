import CSndFile

/// Headerless PCM as described by `ENCODING:RATE:CHANNELS`, for example `s16le:16000:1`.
public struct RawFormat: Equatable, Sendable, CustomStringConvertible {
  /// How one sample is written.
  public enum Encoding: String, CaseIterable, Sendable {
    case u8, s8, s16le, s16be, s24le, s24be, s32le, s32be, f32le, f32be, f64le, f64be, ulaw, alaw
  }

  public let encoding: Encoding
  /// In Hz.
  public let sampleRate: Int
  public let channels: Int

  /// Throws `AudioError` for a rate or channel count outside `AudioLimits`.
  public init(encoding: Encoding, sampleRate: Int, channels: Int) throws(AudioError) {
    try AudioLimits.check(channels: channels, sampleRate: sampleRate, source: "raw format")
    self.encoding = encoding
    self.sampleRate = sampleRate
    self.channels = channels
  }

  public var description: String { "\(encoding.rawValue):\(sampleRate):\(channels)" }

  /// Reads `ENCODING[:RATE[:CHANNELS]]`; what is left out is mono at `defaultSampleRate`.
  public init(parsing text: String, defaultSampleRate: Int) throws(AudioError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count), let encoding = Encoding(rawValue: String(parts[0])),
      let sampleRate = parts.count > 1 ? Int(parts[1]) : defaultSampleRate,
      let channels = parts.count > 2 ? Int(parts[2]) : 1
    else { throw AudioError(source: "--raw", reason: .rawFormat(text)) }
    try self.init(encoding: encoding, sampleRate: sampleRate, channels: channels)
  }

  /// What the library found samples to be; nil where they are no plain numbers.
  ///
  /// - Parameter isBigEndian: the byte order where the library does not name one.
  init?(_ info: SF_INFO, isBigEndian: Bool) throws(AudioError) {
    let order = Int(info.format) & SF_FORMAT_ENDMASK
    let isBig = order == SF_ENDIAN_BIG || (order != SF_ENDIAN_LITTLE && isBigEndian)
    let encoding: Encoding
    switch Int(info.format) & SF_FORMAT_SUBMASK {
    case SF_FORMAT_PCM_U8: encoding = .u8
    case SF_FORMAT_PCM_S8: encoding = .s8
    case SF_FORMAT_PCM_16: encoding = isBig ? .s16be : .s16le
    case SF_FORMAT_PCM_24: encoding = isBig ? .s24be : .s24le
    case SF_FORMAT_PCM_32: encoding = isBig ? .s32be : .s32le
    case SF_FORMAT_FLOAT: encoding = isBig ? .f32be : .f32le
    case SF_FORMAT_DOUBLE: encoding = isBig ? .f64be : .f64le
    case SF_FORMAT_ULAW: encoding = .ulaw
    case SF_FORMAT_ALAW: encoding = .alaw
    default: return nil
    }
    try self.init(encoding: encoding, sampleRate: Int(info.samplerate), channels: Int(info.channels))
  }

  /// Bytes in one sample of every channel.
  var frameBytes: Int {
    let width =
      switch encoding {
      case .u8, .s8, .ulaw, .alaw: 1
      case .s16le, .s16be: 2
      case .s24le, .s24be: 3
      case .s32le, .s32be, .f32le, .f32be: 4
      case .f64le, .f64be: 8
      }
    return width * channels
  }

  /// What libsndfile calls it.
  var soundFileFormat: Int32 {
    let code =
      switch encoding {
      case .u8: SF_FORMAT_PCM_U8
      case .s8: SF_FORMAT_PCM_S8
      case .s16le: SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE
      case .s16be: SF_FORMAT_PCM_16 | SF_ENDIAN_BIG
      case .s24le: SF_FORMAT_PCM_24 | SF_ENDIAN_LITTLE
      case .s24be: SF_FORMAT_PCM_24 | SF_ENDIAN_BIG
      case .s32le: SF_FORMAT_PCM_32 | SF_ENDIAN_LITTLE
      case .s32be: SF_FORMAT_PCM_32 | SF_ENDIAN_BIG
      case .f32le: SF_FORMAT_FLOAT | SF_ENDIAN_LITTLE
      case .f32be: SF_FORMAT_FLOAT | SF_ENDIAN_BIG
      case .f64le: SF_FORMAT_DOUBLE | SF_ENDIAN_LITTLE
      case .f64be: SF_FORMAT_DOUBLE | SF_ENDIAN_BIG
      case .ulaw: SF_FORMAT_ULAW
      case .alaw: SF_FORMAT_ALAW
      }
    return Int32(SF_FORMAT_RAW | code)
  }
}
