import Numerics

/// A side of the body, the person's own.
enum Side: Int, CaseIterable {
  case right
  case left

  /// Where it lies across the body: the person's left is positive.
  var sign: Double { self == .right ? -1 : 1 }
  var other: Side { self == .right ? .left : .right }
}

typealias Vector = SIMD3<Double>

extension Vector {
  var squaredLength: Double { x * x + y * y + z * z }
  var length: Double { squaredLength.squareRoot() }
  func dot(_ other: Vector) -> Double { x * other.x + y * other.y + z * other.z }
}

/// Measures of a person, metres. The frame of a body has its origin between the shoulders, x to the person's left, y up and z to
/// the front.
struct Body: Sendable {
  let stature: Double
  let upperArm: Double
  let forearm: Double
  let hand: Double
  let shoulderHalfWidth: Double
  let hipHalfWidth: Double
  let trunk: Double
  let thigh: Double
  let shank: Double
  /// Thickness of the limbs over the usual.
  let girth: Double

  /// Length of an arm without its hand, in which movements are measured.
  var arm: Double { upperArm + forearm }

  init(_ random: inout RandomStream) {
    let stature = min(2, max(1.35, 1.7 + 0.11 * random.normal()))
    self.stature = stature
    func share(_ low: Double, _ high: Double) -> Double { stature * random.uniform(in: low...high) }
    upperArm = share(0.155, 0.185)
    forearm = share(0.15, 0.182)
    hand = share(0.048, 0.066)
    shoulderHalfWidth = share(0.092, 0.125)
    hipHalfWidth = share(0.05, 0.07)
    trunk = share(0.27, 0.31)
    thigh = share(0.23, 0.26)
    shank = share(0.23, 0.26)
    girth = random.uniform(in: 0.8...1.3)
  }

  func shoulder(_ side: Side) -> Vector { [side.sign * shoulderHalfWidth, 0, 0] }
}
