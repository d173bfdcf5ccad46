/// How much there is in a piece of sound.
public struct Loudness: Equatable, Sendable {
  /// The value that all its samples have, where they have one.
  public var constant: Float?
  /// Mean square of its samples.
  public var power: Float
  /// Mean square over the channels that were mixed; nil where nothing was mixed.
  public var unmixedPower: Float?

  public init(constant: Float?, power: Float, unmixedPower: Float? = nil) {
    self.constant = constant
    self.power = power
    self.unmixedPower = unmixedPower
  }

  init(_ samples: [Float], unmixedPower: Float?) {
    constant = samples.first
    power = 0
    self.unmixedPower = unmixedPower
    for sample in samples {
      power += sample * sample
      if sample != constant { constant = nil }
    }
    power /= Float(max(1, samples.count))
  }
}

/// Finds out that a source which runs gives nothing to hear: a value on stream time.
///
/// Two things are told. Every sample has had one and the same value for `patience`: no microphone does that, something is
/// muted, unplugged or switched off before it. Or the channels cancel each other: over `patience` what is left of them
/// after mixing has less than a thousandth of their power, as where one of two is turned over.
public struct SilenceWatch: Sendable {
  /// What is wrong with a source that is silent.
  public enum Finding: Equatable, Sendable, CustomStringConvertible {
    /// All samples have this value.
    case constant(Float)
    /// Channels of this mean square leave nothing when they are mixed.
    case cancelled(power: Float)

    public var description: String {
      let seconds = SilenceWatch.patienceMicroseconds / 1_000_000
      switch self {
      case .constant(0):
        return "nothing but zeros for \(seconds) s: it is muted, unplugged or switched off"
      case .constant(let value):
        return "every sample has been \(value) for \(seconds) s: it is muted, unplugged or broken"
      case .cancelled:
        return "its channels cancel each other when they are mixed: one of them is turned over; "
          + "choose one with 'channel'"
      }
    }
  }

  /// For how long, stream time.
  public static let patienceMicroseconds: Int64 = 5_000_000
  /// How much of the channels' power is left of what cancels itself: 30 dB less.
  private static let remainder: Float = 0.001
  /// Less than this in the channels (-80 dB below full scale) is nothing that could be cancelled.
  private static let least: Float = 1e-8

  /// What is told at the moment; nil for a source that can be heard.
  public private(set) var finding: Finding?
  private var constant: (value: Float, microseconds: Int64)?
  /// Of the stretch at hand: its length, and power times length before and after mixing.
  private var stretch: (microseconds: Int64, mixed: Float, unmixed: Float) = (0, 0, 0)

  public init() {}

  /// Hears a piece of a stream; whether the finding is another now.
  public mutating func hear(_ loudness: Loudness, microseconds: Int64) -> Bool {
    let before = finding
    hearConstant(loudness, microseconds)
    hearMixed(loudness, microseconds)
    return finding != before
  }

  private mutating func hearConstant(_ loudness: Loudness, _ microseconds: Int64) {
    let isMute = loudness.unmixedPower ?? 0 < Self.least
    guard let value = loudness.constant, isMute, constant?.value ?? value == value else {
      // What cancels itself to the bit is no constant: it is told as what it is.
      constant = isMute ? loudness.constant.map { ($0, microseconds) } : nil
      if case .constant = finding { finding = nil }
      return
    }
    constant = (value, (constant?.microseconds ?? 0) + microseconds)
    if finding == nil, (constant?.microseconds ?? 0) >= Self.patienceMicroseconds { finding = .constant(value) }
  }

  private mutating func hearMixed(_ loudness: Loudness, _ microseconds: Int64) {
    guard let unmixed = loudness.unmixedPower else { return }
    stretch.microseconds += microseconds
    stretch.mixed += loudness.power * Float(microseconds)
    stretch.unmixed += unmixed * Float(microseconds)
    guard stretch.microseconds >= Self.patienceMicroseconds else { return }
    let power = stretch.unmixed / Float(stretch.microseconds)
    if power >= Self.least, stretch.mixed < stretch.unmixed * Self.remainder {
      // Told once, however loud it is from stretch to stretch.
      if case .cancelled = finding {} else { finding = .cancelled(power: power) }
    } else if case .cancelled = finding {
      finding = nil
    }
    stretch = (0, 0, 0)
  }
}
