import CKernels
import Foundation
import Numerics

/// Who else is in the picture: somebody who stands there, somebody who walks by, a dog.
struct Bystander: Sendable {
  private enum Kind {
    case standing(Figure, SceneScript, place: Vector)
    case walking(Figure, from: Vector, velocity: Vector, beat: Beat)
    case dog(Figure, from: Vector, velocity: Vector, beat: Beat, height: Double)
  }
  private let kind: Kind

  private init(_ kind: Kind) { self.kind = kind }

  private static func figure(turn: Double, background: Double, _ random: inout RandomStream) -> Figure {
    let body = Body(&random)
    return Figure(
      body: body, looks: Appearance(background: background, &random), turn: turn, isSitting: false, &random)
  }

  /// Somebody who does this and that beside or behind the person.
  static func standing(seconds: Double, background: Double, _ random: inout RandomStream) -> Bystander {
    let figure = figure(turn: random.uniform(in: -0.9...0.9), background: background, &random)
    var options = SceneOptions()
    options.gestures = []
    let script = SceneScript(options, seconds: seconds, body: figure.body, &random)
    let side = random.uniform() < 0.5 ? -1.0 : 1.0
    return Bystander(
      .standing(
        figure, script,
        place: [side * random.uniform(in: 0.45...1.1), random.uniform(in: -0.1...0.1), -random.uniform(in: 0.1...1.5)]))
  }

  private static func path(seconds: Double, _ random: inout RandomStream) -> (from: Vector, velocity: Vector) {
    let speed = random.uniform(in: 0.5...1.6) * (random.uniform() < 0.5 ? -1 : 1)
    // In the middle of the picture at some time of the scene.
    let middle = random.uniform(in: 0...seconds)
    return ([-speed * middle, 0, -random.uniform(in: 0.4...2.5)], [speed, 0, 0])
  }

  static func walking(seconds: Double, background: Double, _ random: inout RandomStream) -> Bystander {
    let (from, velocity) = path(seconds: seconds, &random)
    let figure = figure(turn: velocity.x > 0 ? 1.4 : -1.4, background: background, &random)
    return Bystander(.walking(figure, from: from, velocity: velocity, beat: Beat(0.7...1.1, &random)))
  }

  static func dog(seconds: Double, background: Double, _ random: inout RandomStream) -> Bystander {
    let (from, velocity) = path(seconds: seconds, &random)
    let figure = figure(turn: 0, background: background, &random)
    return Bystander(
      .dog(
        figure, from: from + [0, -1.05, 0.4], velocity: velocity, beat: Beat(1.5...3, &random),
        height: random.uniform(in: 0.25...0.6)))
  }

  func pieces(at time: Double, camera: SceneCamera, into pieces: inout [Figure.Piece]) {
    switch kind {
    case .standing(let figure, let script, let place):
      figure.pieces(script.pose(at: time), at: time, place: place, stride: nil, camera: camera, into: &pieces)
    case .walking(let figure, let from, let velocity, let beat):
      let swing = beat.swing(time)
      let arm = figure.body.arm
      func pose(_ side: Side) -> ArmPose {
        ArmPose(
          wrist: figure.body.shoulder(side) + arm * Vector(0.08 * side.sign, -0.93, -0.3 * swing * side.sign),
          elbow: [side.sign * 0.3, -0.2, -1])
      }
      figure.pieces(
        Pose(right: pose(.right), left: pose(.left)), at: time,
        place: from + time * velocity + [0, 0.02 * abs(swing), 0], stride: swing, camera: camera, into: &pieces)
    case .dog(let figure, let from, let velocity, let beat, let height):
      dog(figure, from + time * velocity, velocity.x > 0 ? 1 : -1, beat, time, height, camera, into: &pieces)
    }
  }

  private func dog(
    _ figure: Figure, _ place: Vector, _ ahead: Double, _ beat: Beat, _ time: Double, _ height: Double,
    _ camera: SceneCamera, into pieces: inout [Figure.Piece]
  ) {
    func add(_ from: Vector, _ to: Vector, _ radius: Double) {
      let (a, b) = (camera.project(place + from), camera.project(place + to))
      pieces.append(
        Figure.Piece(
          depth: place.z,
          limb: ganglion_limb(
            x0: Float(a.place.x), y0: Float(a.place.y), radius0: Float(radius * a.size), x1: Float(b.place.x),
            y1: Float(b.place.y), radius1: Float(0.9 * radius * b.size), intensity: Float(figure.looks.hair),
            end_intensity: Float(figure.looks.hair), split: 2, shade: 0.1, texture: 0.4,
            texel: Float(0.02 * camera.scale),
            origin: 3)))
    }
    let swing = beat.swing(time)
    let back = ahead * height
    add([-0.5 * back, 0, 0], [0.5 * back, 0.03 * swing * height, 0], 0.22 * height)
    add([0.6 * back, 0.15 * height, 0], [0.95 * back, 0.3 * height, 0], 0.16 * height)
    add(
      [-0.55 * back, 0.1 * height, 0], [-0.9 * back, (0.35 + 0.15 * beat.swing(2.3 * time)) * height, 0], 0.05 * height)
    for (leg, sign) in [(0.45, 1.0), (0.35, -1), (-0.45, -1), (-0.35, 1)] {
      add([leg * back, -0.1 * height, 0], [(leg + 0.22 * sign * swing) * back, -0.75 * height, 0], 0.07 * height)
    }
  }
}
