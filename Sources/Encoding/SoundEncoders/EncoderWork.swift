/// What turning a recording into frames calculates; reading, resampling and comparisons are left out.
public struct EncoderWork: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable {
    case matchingPursuit
    case filterBank
    case eventBinning
  }

  public var kind: Kind
  /// Products, each with the addition that takes it up.
  public var multiplications: Double
  /// Sums of whole numbers: one for each event that is counted.
  public var integerAdditions: Double

  public init(kind: Kind, multiplications: Double = 0, integerAdditions: Double = 0) {
    self.kind = kind
    self.multiplications = multiplications
    self.integerAdditions = integerAdditions
  }

  public static func * (left: Self, factor: Double) -> Self {
    Self(
      kind: left.kind, multiplications: left.multiplications * factor,
      integerAdditions: left.integerAdditions * factor)
  }

  public static func - (left: Self, right: Self) -> Self {
    Self(
      kind: left.kind, multiplications: left.multiplications - right.multiplications,
      integerAdditions: left.integerAdditions - right.integerAdditions)
  }
}
