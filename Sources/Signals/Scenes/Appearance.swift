import Foundation
import Numerics

/// How a person looks: intensities of 0 to about 1, textures, and what is worn.
struct Appearance: Sendable {
  let skin: Double
  let shirt: Double
  let trousers: Double
  let hair: Double
  /// Where the sleeve ends, in bones from the shoulder: 0 has none, 2 covers the arm.
  let sleeve: Double
  let hasGloves: Bool
  let shade: Double
  /// Strength of the texture of cloth, of skin and of the hand, whose fingers are one.
  let cloth: Double
  let skinGrain: Double
  let fingers: Double
  /// Metres of a texel.
  let clothTexel: Double
  let fingerTexel: Double
  let headWidth: Double
  let hairHeight: Double
  let origin: Double

  /// - Parameter background: its intensity; skin that could not be told from it is no use to learn from.
  init(background: Double, _ random: inout RandomStream) {
    func intensity(_ low: Double, _ high: Double) -> Double { exp(random.uniform(in: low...high)) }
    var skin = intensity(-1.2, 0.3)
    if abs(log(skin / background)) < 0.4 {
      skin = background * exp((random.uniform() < 0.5 ? -1 : 1) * random.uniform(in: 0.4...1.1))
    }
    self.skin = skin
    shirt = intensity(-2.4, 0.3)
    trousers = intensity(-2.6, -0.2)
    hair = intensity(-2.8, -0.5)
    switch random.integer(below: 5) {
    case 0: sleeve = 0
    case 1: sleeve = random.uniform(in: 0.3...0.8)
    case 2: sleeve = random.uniform(in: 0.8...1.5)
    default: sleeve = 2
    }
    hasGloves = random.uniform() < 0.05
    shade = random.uniform(in: -0.35...0.35)
    cloth = random.uniform(in: 0...0.5)
    skinGrain = random.uniform(in: 0.03...0.25)
    fingers = random.uniform(in: 0.1...0.6)
    clothTexel = random.uniform(in: 0.015...0.05)
    fingerTexel = random.uniform(in: 0.01...0.022)
    headWidth = random.uniform(in: 0.85...1.15)
    hairHeight = random.uniform(in: 0.7...1.3)
    origin = random.uniform(in: 0...64)
  }

  /// A tile of smooth noise, 64 x 64, zero mean, that repeats at its edges.
  static func texture(_ random: inout RandomStream) -> [Float] {
    var tile = (0..<4096).map { _ in Float(random.uniform(in: -1...1)) }
    // Two passes of the mean with the neighbours leave what a camera could see.
    for _ in 0..<2 {
      let before = tile
      for row in 0..<64 {
        for column in 0..<64 {
          let left = before[row * 64 + (column + 63) % 64]
          let above = before[(row + 63) % 64 * 64 + column]
          tile[row * 64 + column] = 0.45 * (before[row * 64 + column] + 0.5 * left + 0.5 * above)
        }
      }
    }
    return tile
  }
}
