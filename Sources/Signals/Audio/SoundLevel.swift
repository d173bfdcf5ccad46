import Glibc

/// How loud a sound is, and how far it stands off the middle. A value.
public struct SoundLevel: Sendable, Equatable {
  /// Speech under this level is often missed, decibels under full scale.
  public static let quiet = -45.0
  /// Where speech is heard well, decibels under full scale.
  public static let usual = -26.0
  /// Nothing is said of what is quieter, decibels under full scale: it may be silence.
  public static let silent = -90.0

  public private(set) var count: Int64 = 0
  private var sum = 0.0
  private var squares = 0.0
  private var highest: Float = 0

  public init() {}

  public mutating func add(_ sample: Float) {
    count += 1
    sum += Double(sample)
    squares += Double(sample) * Double(sample)
    highest = max(highest, sample.magnitude)
  }

  public mutating func add(_ samples: some Sequence<Float>) { for sample in samples { add(sample) } }

  /// Mean of the samples, in units of full scale.
  public var offset: Double { count > 0 ? sum / Double(count) : 0 }

  /// Root mean square about the mean, decibels under full scale; nil where nothing moves.
  public var decibels: Double? {
    guard count > 0 else { return nil }
    let power = squares / Double(count) - offset * offset
    // What is left of a constant is rounding.
    return power > 1e-14 ? 10 * log10(power) : nil
  }

  /// Highest sample, decibels under full scale; nil where all are nothing.
  public var peakDecibels: Double? { highest > 0 ? 20 * log10(Double(highest)) : nil }

  /// What to do about an offset that an encoder without a high pass takes for sound: from a fifth of the root mean square
  /// on it adds words and changes them. Nil where there is less, or too little to be heard.
  public var offsetAdvice: String? {
    let power = squares / Double(max(count, 1)) - offset * offset
    guard offset.magnitude > 0.002, offset.magnitude > 0.2 * max(power, 0).squareRoot() else { return nil }
    let rounded = (offset * 1_000).rounded() / 1_000
    return
      "its mean is \(rounded), which this model takes for sound: it was trained without a high pass; "
      + "take the mean out first (sox IN OUT dcshift \(-rounded)), or train the model anew"
  }

  /// What helps where speech at this level would often be missed; nil where the level is right, or there is none.
  public static func advice(decibels: Double?) -> String? {
    guard let decibels, decibels > silent, decibels < quiet else { return nil }
    let gain = Int((usual - decibels).rounded())
    return "quiet: if this is speech, a gain of \(gain) dB makes it as loud as it should be"
  }
}
