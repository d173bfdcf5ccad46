import Foundation

/// Samples of video are powers of the light: `sample = light ^ (1 / gamma)`.
package enum Gamma {
  package static let usual = 2.2

  static func coded(_ intensity: Float) -> Float { Float(pow(Double(max(0, intensity)), 1 / usual)) }

  /// The light of every sample of so many bits.
  static func table(bits: Int, gamma: Double) -> [Float] {
    let white = Double((1 << bits) - 1)
    return (0..<1 << bits).map { Float(pow(Double($0) / white, gamma)) }
  }
}
