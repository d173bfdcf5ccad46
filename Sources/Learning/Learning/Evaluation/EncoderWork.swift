import Foundation
import Numerics
import SpikingNetworks

/// What turning a recording into spikes calculates; reading, resampling and comparisons are left out.
public struct EncoderWork: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable {
    case matchingPursuit
    case eventBinning
  }

  public var kind: Kind
  /// Products, each with the addition that takes it up: of the matching pursuit.
  public var multiplications: Double
  /// Sums of whole numbers: one for each event that is counted.
  public var integerAdditions: Double

  public init(kind: Kind, multiplications: Double = 0, integerAdditions: Double = 0) {
    self.kind = kind
    self.multiplications = multiplications
    self.integerAdditions = integerAdditions
  }

  static func * (left: Self, factor: Double) -> Self {
    Self(
      kind: left.kind, multiplications: left.multiplications * factor,
      integerAdditions: left.integerAdditions * factor)
  }
}
