import CKernels
import Foundation
import Numerics

/// A person in the world: a body with its looks, where and how it stands.
struct Figure: Sendable {
  let body: Body
  let looks: Appearance
  let texture: [Float]
  /// Turned about the vertical, radians; 0 faces the camera.
  let turn: Double
  let isSitting: Bool
  private let tipLength: Double
  private let sway: (Sway, Sway)
  private let nod: (Sway, Sway)

  init(body: Body, looks: Appearance, turn: Double, isSitting: Bool, _ random: inout RandomStream) {
    self.body = body
    self.looks = looks
    self.turn = turn
    self.isSitting = isSitting
    texture = Appearance.texture(&random)
    tipLength = body.hand * random.uniform(in: 1...1.6)
    let calm = random.uniform(in: 0.002...0.016)
    sway = (
      Sway(calm, hertz: random.uniform(in: 0.3...1.4), &random),
      Sway(0.5 * calm, hertz: random.uniform(in: 0.3...1.4), &random)
    )
    nod = (Sway(0.006, hertz: 0.5, &random), Sway(0.004, hertz: 0.5, &random))
  }

  /// A limb before it is drawn, by its depth.
  struct Piece {
    var depth: Double
    var limb: ganglion_limb
  }

  /// What the camera sees of a person in a pose.
  ///
  /// - Parameters:
  ///   - place: of the point between the shoulders, in the world.
  ///   - stride: how far a walker's legs are apart, −1 to 1; nil for standing or sitting.
  func pieces(
    _ pose: Pose, at time: Double, place: Vector, stride: Double?, camera: SceneCamera, into pieces: inout [Piece]
  ) {
    let (sine, cosine) = (sin(turn), cos(turn))
    let shift = Vector(sway.0.at(time), sway.1.at(time), 0) + pose.lean
    func world(_ point: Vector) -> Vector {
      let moved = point + shift
      return place + [cosine * moved.x + sine * moved.z, moved.y, cosine * moved.z - sine * moved.x]
    }
    func add(
      _ from: Vector, _ to: Vector, _ radii: (Double, Double), _ intensity: Double, beyond: Double? = nil,
      split: Double = 2, texture: Double, texel: Double, nearer: Double = 0, origin: Double = 0
    ) {
      let (start, end) = (world(from), world(to))
      let (a, b) = (camera.project(start), camera.project(end))
      pieces.append(
        Piece(
          depth: (start.z + end.z) / 2 + nearer,
          limb: ganglion_limb(
            x0: Float(a.place.x), y0: Float(a.place.y), radius0: Float(radii.0 * a.size), x1: Float(b.place.x),
            y1: Float(b.place.y), radius1: Float(radii.1 * b.size), intensity: Float(intensity),
            end_intensity: Float(beyond ?? intensity), split: Float(split), shade: Float(looks.shade),
            texture: Float(texture), texel: Float(texel * camera.scale), origin: Float(looks.origin + origin))))
    }
    let girth = body.girth
    let hips = Vector(0, -body.trunk, 0)
    legs(hips, stride, add)
    // The trunk, the shoulders, the neck and the head.
    add(
      [0, -0.06, 0], hips,
      (0.92 * body.shoulderHalfWidth * girth.squareRoot(), body.hipHalfWidth * 1.9 * girth.squareRoot()),
      looks.shirt, texture: looks.cloth, texel: looks.clothTexel)
    add(
      body.shoulder(.right) + [0.01, -0.02, 0], body.shoulder(.left) + [-0.01, -0.02, 0],
      (0.065 * girth, 0.065 * girth),
      looks.shirt, texture: looks.cloth, texel: looks.clothTexel, nearer: 0.001)
    let size = body.stature / 1.7
    let head = Vector(nod.0.at(time), nod.1.at(time), 0.02)
    add(
      [0, 0.0, 0], head + [0, 0.1 * size, 0], (0.05 * size, 0.045 * size), looks.skin, texture: looks.skinGrain,
      texel: 0.02, nearer: 0.002)
    let wide = looks.headWidth * size
    add(
      head + [0, 0.145 * size, 0], head + [0, 0.225 * size, 0], (0.068 * wide, 0.078 * wide), 0.95 * looks.skin,
      texture: 0.15 + looks.skinGrain, texel: 0.025, nearer: 0.003, origin: 9)
    add(
      head + [-0.02, (0.25 + 0.02 * looks.hairHeight) * size, -0.01],
      head + [0.02, (0.25 + 0.02 * looks.hairHeight) * size, -0.01],
      (0.072 * wide * looks.hairHeight.squareRoot(), 0.072 * wide * looks.hairHeight.squareRoot()), looks.hair,
      texture: 0.3,
      texel: 0.015, nearer: 0.004, origin: 23)
    for side in Side.allCases { arm(pose[side], side, add) }
  }

  private typealias Add = (
    _ from: Vector, _ to: Vector, _ radii: (Double, Double), _ intensity: Double, _ beyond: Double?, _ split: Double,
    _ texture: Double, _ texel: Double, _ nearer: Double, _ origin: Double
  ) -> Void

  private func arm(_ pose: ArmPose, _ side: Side, _ add: Add) {
    let shoulder = body.shoulder(side)
    let (elbow, wrist) = pose.joints(from: shoulder, body)
    let girth = body.girth
    let thick = (0.052 * girth, 0.041 * girth, 0.03 * girth.squareRoot())
    let origin = side == .right ? 5.0 : 41
    let upper = looks.sleeve > 0 ? looks.shirt : looks.skin
    add(
      shoulder, elbow, (thick.0, thick.1), upper, looks.skin, looks.sleeve < 1 && looks.sleeve > 0 ? looks.sleeve : 2,
      looks.sleeve > 0 ? looks.cloth : looks.skinGrain, looks.clothTexel, 0.05, origin)
    let fore = looks.sleeve > 1 ? looks.shirt : looks.skin
    add(
      elbow, wrist, (thick.1, thick.2), fore, looks.skin, looks.sleeve > 1 && looks.sleeve < 2 ? looks.sleeve - 1 : 2,
      looks.sleeve > 1 ? looks.cloth : looks.skinGrain, looks.clothTexel, 0.06, origin + 11)
    var direction = wrist - elbow
    direction /= max(1e-6, direction.length)
    let (sine, cosine) = (sin(pose.turn), cos(pose.turn))
    direction = [cosine * direction.x - sine * direction.y, sine * direction.x + cosine * direction.y, direction.z]
    let hand = looks.hasGloves ? looks.hair : looks.skin * 1.05
    add(
      wrist, wrist + tipLength * direction, (0.042 * girth.squareRoot(), 0.036), hand, nil, 2, looks.fingers,
      looks.fingerTexel,
      0.07, origin + 17)
  }

  private func legs(_ hips: Vector, _ stride: Double?, _ add: Add) {
    let girth = body.girth.squareRoot()
    for side in Side.allCases {
      let hip = hips + [side.sign * body.hipHalfWidth, -0.02, 0]
      let swing = (stride ?? 0) * side.sign
      let knee: Vector
      let foot: Vector
      if isSitting {
        knee = hip + [side.sign * 0.04, -0.08, body.thigh * 0.97]
        foot = knee + [0, -body.shank, 0.02]
      } else {
        knee = hip + [side.sign * 0.02, -body.thigh * cos(0.45 * swing), body.thigh * sin(0.45 * swing)]
        foot =
          knee + [0, -body.shank * cos(0.35 * swing - 0.1), body.shank * sin(0.35 * swing - 0.1 - abs(0.3 * swing))]
      }
      add(hip, knee, (0.085 * girth, 0.06 * girth), looks.trousers, nil, 2, looks.cloth, looks.clothTexel, -0.02, 3)
      add(knee, foot, (0.058 * girth, 0.04 * girth), looks.trousers, nil, 2, looks.cloth, looks.clothTexel, -0.02, 7)
      add(foot, foot + [0, -0.04, 0.16], (0.045, 0.035), looks.hair, nil, 2, 0.2, 0.03, -0.02, 31)
    }
  }
}
