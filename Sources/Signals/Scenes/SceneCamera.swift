import Events
import Numerics

/// From metres to pixels: a pinhole in front of the person, who stands at the origin of the world, x to the right of the picture,
/// y up, z to the camera.
struct SceneCamera: Sendable {
  let width: Int
  let height: Int
  /// Distance to the person, metres.
  let distance: Double
  /// Pixels a metre at the person.
  let scale: Double
  /// Where the origin of the world lies, pixels.
  let centre: SIMD2<Double>
  let roll: Double

  init(_ geometry: SensorGeometry, _ random: inout RandomStream) {
    width = geometry.width
    height = geometry.height
    distance = random.uniform(in: 1.1...4)
    // How much of the world the shorter side of the picture holds; mostly an upper body.
    let extent = random.uniform() < 0.7 ? random.uniform(in: 1.15...1.8) : random.uniform(in: 1.8...2.7)
    let short = Double(min(geometry.width, geometry.height))
    scale = short / extent
    // The further away, the more room there is to stand beside the middle; the head stays in the picture.
    let side = random.uniform(in: -0.1...0.1) * max(1, extent - 0.5) / extent * Double(geometry.width)
    let fromTop = random.uniform(in: max(0.45, 0.42 / extent)...max(0.6, 0.55 / extent))
    centre = [
      Double(geometry.width) / 2 + side,
      Double(geometry.height) / 2 - short / 2 + short
        * (extent < 1.8 ? fromTop : fromTop - random.uniform(in: 0...0.2)),
    ]
    roll = random.uniform(in: -0.06...0.06)
  }

  /// A point's pixel, and by how much what is there is enlarged.
  func project(_ point: Vector) -> (place: SIMD2<Double>, size: Double) {
    // Nothing comes closer to the lens than a quarter of the distance.
    let size = scale * distance / max(0.25 * distance, distance - point.z)
    let (x, y) = (point.x * size, -point.y * size)
    return (centre + [x - roll * y, y + roll * x], size)
  }
}
