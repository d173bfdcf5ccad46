import CKernels
import Events
import Foundation
import Numerics

/// What stands behind the people: a wall with light on it, things at the wall, and a curtain that may move.
struct Backdrop: Sendable {
  /// Pixels by which it is wider than the picture on every side, so that a camera may shake.
  let margin: Int
  let width: Int
  let height: Int
  private let picture: [Float]
  /// Mean intensity.
  let intensity: Double
  private let curtain: Curtain?

  private struct Curtain {
    let columns: Range<Int>
    let stripes: Double
    let depth: Double
    let beat: Beat
    let amount: Double
  }

  init(_ geometry: SensorGeometry, hasCurtain: Bool, _ random: inout RandomStream) {
    margin = max(2, geometry.width / 16)
    width = geometry.width + 2 * margin
    height = geometry.height + 2 * margin
    let mean = exp(random.uniform(in: -1.8...0.2))
    intensity = mean
    let slope = (x: random.uniform(in: -0.4...0.4), y: random.uniform(in: -0.4...0.4))
    let wave = (
      x: 2 * Double.pi * random.uniform(in: 0.5...3), y: 2 * Double.pi * random.uniform(in: 0.5...3),
      phase: random.uniform(in: 0...6), strength: random.uniform(in: 0...0.25)
    )
    let grain = random.uniform(in: 0...0.08)
    var grains = RandomStream(seed: random.next())
    var picture = [Float](repeating: 0, count: width * height)
    for y in 0..<height {
      for x in 0..<width {
        let (u, v) = (Double(x) / Double(width), Double(y) / Double(height))
        let light = slope.x * u + slope.y * v + wave.strength * sin(wave.x * u + wave.y * v + wave.phase)
        picture[y * width + x] = Float(mean * exp(light + grain * grains.uniform(in: -1...1)))
      }
    }
    // Doors, shelves, pictures.
    for _ in 0..<random.integer(below: 6) {
      let (w, h) = (random.integer(below: width / 3) + width / 32, random.integer(below: height / 2) + height / 32)
      let (left, top) = (random.integer(below: width), random.integer(below: height))
      let factor = Float(exp(random.uniform(in: -0.9...0.7)))
      for y in top..<min(height, top + h) {
        for x in left..<min(width, left + w) { picture[y * width + x] *= factor }
      }
    }
    self.picture = picture
    guard hasCurtain else {
      curtain = nil
      return
    }
    let left = random.uniform() < 0.5 ? 0 : width / 2 + random.integer(below: width / 3)
    let right = min(width, left + width / 5 + random.integer(below: width / 4))
    curtain = Curtain(
      columns: left..<right, stripes: 2 * .pi / Double(width) * random.uniform(in: 8...24),
      depth: random.uniform(in: 0.15...0.6), beat: Beat(0.2...1.2, &random), amount: random.uniform(in: 0.5...2.5))
  }

  /// Draws it, moved by an offset in pixels.
  func draw(at time: Double, offset: SIMD2<Double>, geometry: SensorGeometry, into image: inout [Float]) {
    if curtain == nil && offset == .zero {
      for y in 0..<geometry.height {
        let from = (y + margin) * width + margin
        image.replaceSubrange(
          y * geometry.width..<(y + 1) * geometry.width, with: picture[from..<from + geometry.width])
      }
      return
    }
    var moved = picture
    if let curtain {
      let columns = curtain.columns.map {
        (sine: sin(curtain.stripes * Double($0)), cosine: cos(curtain.stripes * Double($0)))
      }
      for y in 0..<height {
        let hanging = Double(y) / Double(height)
        let shift = curtain.amount * hanging * curtain.beat.swing(time, later: 2 * hanging)
        let (sine, cosine) = (sin(shift), cos(shift))
        for (x, column) in zip(curtain.columns, columns) {
          moved[y * width + x] *= Float(1 + curtain.depth * (column.sine * cosine + column.cosine * sine))
        }
      }
    }
    let limit = Double(margin)
    let left = Float(limit + min(limit, max(-limit, offset.x)))
    let top = Float(limit + min(limit, max(-limit, offset.y)))
    image.withUnsafeMutableBufferPointer { image in
      moved.withUnsafeBufferPointer { background in
        ganglion_draw_background(
          image.baseAddress, Int32(geometry.width), Int32(geometry.height), background.baseAddress, Int32(width),
          Int32(height), left, top)
      }
    }
  }
}
