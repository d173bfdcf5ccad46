import Foundation
import Numerics

extension Motion {
  /// An arm at rest: it hangs, lies on the belly or hip, or is held a little bent.
  static func resting(
    _ side: Side, _ body: Body, _ random: inout RandomStream
  ) -> @Sendable (_ time: Double) -> ArmPose {
    let arm = body.arm
    let sign = side.sign
    let place: Vector
    switch random.integer(below: 5) {
    case 0, 1:
      place = [
        sign * arm * random.uniform(in: 0.03...0.22), -arm * random.uniform(in: 0.85...0.995),
        arm * random.uniform(in: 0...0.2),
      ]
    case 2:
      place = [
        -sign * arm * random.uniform(in: 0...0.3), -arm * random.uniform(in: 0.55...0.8),
        arm * random.uniform(in: 0.2...0.45),
      ]
    case 3:
      place = [
        sign * arm * random.uniform(in: 0...0.15), -arm * random.uniform(in: 0.6...0.75),
        arm * random.uniform(in: 0...0.12),
      ]
    default:
      place = [
        sign * arm * random.uniform(in: -0.1...0.2), -arm * random.uniform(in: 0.65...0.88),
        arm * random.uniform(in: 0.1...0.45),
      ]
    }
    let sway = (Sway(0.005, hertz: 0.6, &random), Sway(0.005, hertz: 0.6, &random))
    let wrist = body.shoulder(side) + place
    return { time in
      ArmPose(wrist: wrist + [sway.0.at(time), sway.1.at(time), 0], elbow: [sign * 0.8, -0.6, -0.5])
    }
  }

  /// Something that is no gesture.
  static func other(_ movement: OtherMovement, _ body: Body, _ random: inout RandomStream) -> Motion {
    let arm = body.arm
    let side: Side = random.uniform() < 0.5 ? .right : .left
    let rests = Side.allCases.map { Motion.resting($0, body, &random) }
    let head = Vector(0, 0.13 * body.stature, 0.03 * body.stature)
    switch movement {
    case .idle:
      return Motion { time in Pose(right: rests[0](time), left: rests[1](time)) }
    case .scratching:
      // At the head, an ear, the nose or the other arm.
      let place: Vector =
        random.uniform() < 0.75
        ? head + [
          side.sign * random.uniform(in: 0...0.12), random.uniform(in: -0.08...0.12), random.uniform(in: 0...0.12),
        ]
        : body.shoulder(side.other) + [0, -random.uniform(in: 0...0.3), 0.12]
      let beat = Beat(2...6, &random)
      let size = random.uniform(in: 0.004...0.02)
      return one(side, rests, body) { time in
        ArmPose(
          wrist: place + [size * beat.swing(time), 0.5 * size * beat.swing(time, later: 1), 0],
          elbow: [side.sign, -0.6, 0.3])
      }
    case .drinking:
      let beat = Beat(0.18...0.5, &random)
      let table =
        body.shoulder(side) + [
          -side.sign * random.uniform(in: 0...0.15), -arm * random.uniform(in: 0.5...0.8), arm * 0.45,
        ]
      let mouth = head + [side.sign * 0.03, -0.06, 0.14]
      return one(side, rests, body) { time in
        let part = smoothStep(0.5 + 0.9 * beat.swing(time))
        return ArmPose(wrist: table + part * (mouth - table), elbow: [side.sign * 0.8, -0.8, 0])
      }
    case .telephoning:
      let isAtEar = random.uniform() < 0.5
      let place =
        isAtEar
        ? head + [side.sign * 0.09, -0.02, 0.02]
        : Vector(
          random.uniform(in: -0.1...0.1), -arm * random.uniform(in: 0.2...0.6), arm * random.uniform(in: 0.4...0.6))
      let sway = Sway(0.008, hertz: 0.9, &random)
      return one(side, rests, body) { time in
        ArmPose(wrist: place + [sway.at(time), sway.at(time + 1), 0], elbow: [side.sign * 0.9, -0.7, 0])
      }
    case .typing:
      let beats = Side.allCases.map { _ in Beat(3...8, &random) }
      let height = -arm * random.uniform(in: 0.5...0.85)
      let forward = arm * random.uniform(in: 0.35...0.65)
      let size = random.uniform(in: 0.003...0.015)
      let wander = Side.allCases.map { _ in Sway(0.02, hertz: 0.5, &random) }
      return both(body) { side, time in
        ArmPose(
          wrist: [
            side.sign * 0.12 + wander[side.rawValue].at(time), height + size * beats[side.rawValue].swing(time),
            forward,
          ], elbow: [side.sign, -0.7, -0.3])
      }
    case .pointing:
      let target =
        body.shoulder(side) + arm
        * Vector(
          side.sign * random.uniform(in: -0.3...0.85), random.uniform(in: -0.3...0.5), random.uniform(in: 0.3...0.9))
      let sway = Sway(0.012, hertz: 0.8, &random)
      return one(side, rests, body) { time in
        ArmPose(wrist: target + [sway.at(time), sway.at(time + 2), 0], elbow: [side.sign * 0.7, -0.8, -0.2])
      }
    case .stretching:
      let rise = random.uniform(in: 0.5...0.95)
      let spread = random.uniform(in: 0...0.6)
      let beat = Beat(0.15...0.4, &random)
      return both(body) { side, time in
        let part = 0.5 + 0.5 * beat.swing(time)
        return ArmPose(
          wrist: body.shoulder(side) + arm * Vector(side.sign * spread * part, -0.3 + (rise + 0.3) * part, 0.25),
          elbow: [side.sign, -0.3, -0.2])
      }
    case .talking:
      // Both hands, or one, underline what is said.
      let speed = random.uniform(in: 0.4...1.8)
      let isOne = random.uniform() < 0.35
      let size = random.uniform(in: 0.02...0.16)
      let sways = (0..<6).map { _ in
        Sway(size * random.uniform(in: 0.4...1.2), hertz: speed * random.uniform(in: 0.6...1.5), &random)
      }
      let places = Side.allCases.map {
        Vector(
          $0.sign * (0.08 + random.uniform(in: -0.05...0.3)), -arm * random.uniform(in: -0.1...0.75),
          arm * random.uniform(in: 0.2...0.6))
      }
      return both(body) { own, time in
        if isOne && own != side { return rests[own.rawValue](time) }
        let first = 3 * own.rawValue
        return ArmPose(
          wrist: places[own.rawValue] + [sways[first].at(time), sways[first + 1].at(time), sways[first + 2].at(time)],
          elbow: [own.sign * 0.9, -0.8, -0.2])
      }
    case .reaching:
      let beat = Beat(0.3...0.9, &random)
      let near = Vector(side.sign * random.uniform(in: -0.1...0.2), -arm * random.uniform(in: 0.4...0.8), arm * 0.4)
      let far =
        body.shoulder(side) + arm
        * Vector(random.uniform(in: -0.8...0.8), random.uniform(in: -0.7...0.8), random.uniform(in: 0.2...0.6))
      return one(side, rests, body) { time in
        let part = smoothStep(0.5 + 0.8 * beat.swing(time))
        return ArmPose(wrist: near + part * (far - near), elbow: [side.sign * 0.8, -0.8, -0.2])
      }
    case .crossingArms:
      let height = -arm * random.uniform(in: 0.3...0.5)
      let sway = Sway(0.008, hertz: 0.5, &random)
      return both(body) { side, time in
        ArmPose(
          wrist: [-side.sign * 0.11, height + sway.at(time) + 0.03 * side.sign, 0.2 + 0.03 * side.sign],
          elbow: [side.sign, -0.8, 0])
      }
    case .liftingHand:
      // Once up and held still, as at school.
      let target =
        body.shoulder(side) + arm
        * Vector(
          side.sign * random.uniform(in: 0...0.6), random.uniform(in: 0.2...0.95), random.uniform(in: 0.05...0.5))
      let sway = Sway(0.01, hertz: 0.6, &random)
      return one(side, rests, body) { time in
        ArmPose(wrist: target + [sway.at(time), sway.at(time + 3), 0], elbow: [side.sign * 0.8, -0.7, -0.2])
      }
    }
  }

  private static func one(
    _ side: Side, _ rests: [@Sendable (Double) -> ArmPose], _ body: Body,
    _ pose: @escaping @Sendable (Double) -> ArmPose
  ) -> Motion {
    Motion { time in
      let other = rests[side.other.rawValue](time)
      return side == .right ? Pose(right: pose(time), left: other) : Pose(right: other, left: pose(time))
    }
  }

  private static func both(_ body: Body, _ pose: @escaping @Sendable (Side, Double) -> ArmPose) -> Motion {
    Motion { time in Pose(right: pose(.right, time), left: pose(.left, time)) }
  }
}
