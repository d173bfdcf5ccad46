import Foundation
import Numerics

extension Motion {
  /// A gesture in a manner that is drawn anew: its size, place, speed, tilt, and which of the ways to make it.
  static func gesture(_ gesture: Gesture, _ body: Body, _ random: inout RandomStream) -> Motion {
    switch gesture {
    case .handClapping: clapping(body, &random)
    case .rightHandWave: waving(.right, body, &random)
    case .leftHandWave: waving(.left, body, &random)
    case .rightArmClockwise: circling(.right, isClockwise: true, body, &random)
    case .rightArmCounterClockwise: circling(.right, isClockwise: false, body, &random)
    case .leftArmClockwise: circling(.left, isClockwise: true, body, &random)
    case .leftArmCounterClockwise: circling(.left, isClockwise: false, body, &random)
    case .armRoll: rolling(body, &random)
    case .airDrums: drumming(body, &random)
    case .airGuitar: strumming(body, &random)
    }
  }

  /// In front of the chest, above the head, or with arms spread wide; evenly or clap by clap.
  private static func clapping(_ body: Body, _ random: inout RandomStream) -> Motion {
    enum Manner { case front, overhead, wide }
    let draw = random.uniform()
    let manner: Manner = draw < 0.55 ? .front : draw < 0.75 ? .overhead : .wide
    let arm = body.arm
    let beat = Beat(manner == .front ? 1.2...4.2 : 0.8...2.6, &random)
    let isSingle = random.uniform() < (manner == .front ? 0.2 : 0.4)
    let power = random.uniform(in: 0.6...1.2)
    let width = random.uniform(in: 0.1...0.2)
    let opening = arm * (manner == .wide ? random.uniform(in: 0.4...0.95) : random.uniform(in: 0.08...0.4))
    let share = random.uniform(in: 0.05...0.95)
    let height: Double
    switch manner {
    case .front: height = -arm * random.uniform(in: 0.1...0.65)
    case .overhead: height = arm * random.uniform(in: 0.35...0.95)
    case .wide: height = -arm * random.uniform(in: -0.35...0.5)
    }
    let forward = arm * (manner == .overhead ? random.uniform(in: 0.05...0.4) : random.uniform(in: 0.35...0.75))
    let across = arm * random.uniform(in: -0.15...0.15)
    // One hand may strike down onto the other.
    let tilt = random.uniform() < 0.7 ? random.uniform(in: -0.6...0.6) : random.uniform(in: -2.5...2.5)
    let lift = random.uniform(in: -0.3...0.3)
    let sways = Side.allCases.map { _ in Sway(0.012, hertz: 0.7, &random) }
    let bends = Side.allCases.map { side -> Vector in
      [side.sign * random.uniform(in: 0.5...1.1), manner == .overhead ? 0.2 : -random.uniform(in: 0.5...1.2), -0.3]
    }
    return Motion { time in
      let part = beat.part(time) - 0.5
      let gap =
        isSingle
        ? 1 - exp(-part * part / (width * width)) : pow(max(0, 0.5 + 0.5 * beat.swing(time)), power)
      func pose(_ side: Side) -> ArmPose {
        let own = 2 * opening * (side == .right ? share : 1 - share) * gap
        return ArmPose(
          wrist: [
            across + side.sign * (0.02 + own),
            height - side.sign * tilt * own * 0.5 + lift * own + sways[side.rawValue].at(time),
            forward - (manner == .wide ? 0.5 * own : 0.1 * own),
          ], elbow: bends[side.rawValue])
      }
      return Pose(right: pose(.right), left: pose(.left))
    }
  }

  /// With the forearm, the whole arm raised or held out, the hand alone, or to and fro before the body.
  private static func waving(_ side: Side, _ body: Body, _ random: inout RandomStream) -> Motion {
    let arm = body.arm
    let beat = Beat(1...3.8, &random)
    let rest = Motion.resting(side.other, body, &random)
    let draw = random.uniform()
    let late = random.uniform(in: 0.4...1.2)
    let bend = Vector(side.sign * 0.9, -0.9, -0.2)
    let shoulder = body.shoulder(side)
    let sway = (Sway(0.006, hertz: 0.6, &random), Sway(0.006, hertz: 0.6, &random))
    let wrist: @Sendable (Double) -> Vector
    var hand = random.uniform(in: 0...0.7)
    if draw < 0.5 {
      // The forearm, or with a small swing the hand alone.
      let isHandAlone = random.uniform() < 0.2
      let elbow: Vector =
        shoulder + [
          side.sign * arm * random.uniform(in: 0.05...0.4), -body.upperArm * random.uniform(in: 0.2...0.95),
          arm * random.uniform(in: 0.03...0.4),
        ]
      let centre = random.uniform(in: -0.4...0.5)
      let swing = isHandAlone ? random.uniform(in: 0.04...0.14) : random.uniform(in: 0.15...0.65)
      let forward = random.uniform(in: 0.05...0.5)
      let follow = random.uniform(in: 0...0.03)
      if isHandAlone { hand = random.uniform(in: 0.4...0.9) }
      wrist = { time in
        let angle = centre + swing * beat.swing(time)
        return elbow + [sway.0.at(time) + follow * beat.swing(time), sway.1.at(time), 0]
          + body.forearm * Vector(side.sign * sin(angle), cos(angle), forward)
      }
    } else if draw < 0.88 {
      // The whole arm, from straight up to straight out.
      let centre = random.uniform() < 0.6 ? random.uniform(in: 0...0.75) : random.uniform(in: 0.6...1.5)
      let swing = random.uniform(in: 0.12...0.6)
      let reach = arm * random.uniform(in: 0.72...0.99)
      let forward = random.uniform(in: 0.05...0.6)
      wrist = { time in
        let angle = centre + swing * beat.swing(time)
        return shoulder + reach * Vector(side.sign * sin(angle), cos(angle), forward) + [
          sway.0.at(time), sway.1.at(time), 0,
        ]
      }
    } else {
      let place: Vector =
        shoulder + [
          side.sign * arm * random.uniform(in: -0.2...0.4), arm * random.uniform(in: -0.15...0.4),
          arm * random.uniform(in: 0.4...0.75),
        ]
      let swing = arm * random.uniform(in: 0.12...0.4)
      let lift = swing * random.uniform(in: -0.25...0.25)
      wrist = { time in
        place + [swing * beat.swing(time) + sway.0.at(time), lift * beat.swing(time) + sway.1.at(time), 0]
      }
    }
    let turn = hand
    return Motion { time in
      let waving = ArmPose(wrist: wrist(time), elbow: bend, turn: turn * beat.swing(time, later: late))
      let other = rest(time)
      return side == .right ? Pose(right: waving, left: other) : Pose(right: other, left: waving)
    }
  }

  /// Circles before the body with a straight or bent arm.
  private static func circling(
    _ side: Side, isClockwise: Bool, _ body: Body, _ random: inout RandomStream
  ) -> Motion {
    let arm = body.arm
    let beat = Beat(0.55...2.1, &random)
    let rest = Motion.resting(side.other, body, &random)
    // Seen by the camera, which faces the person, it goes the other way round.
    let direction = isClockwise ? 1.0 : -1.0
    let draw = random.uniform()
    let radius =
      arm * (draw < 0.6 ? random.uniform(in: 0.78...1) : random.uniform(in: draw < 0.92 ? 0.45...0.8 : 0.25...0.45))
    let extent = (x: random.uniform(in: 0.6...1.05), y: random.uniform(in: 0.7...1.05))
    let room = arm - radius
    let centre = Vector(
      side.sign * (random.uniform(in: -0.35...0.4) * room + random.uniform(in: -0.12...0.06) * arm),
      -random.uniform(in: -0.25...0.5) * room - arm * random.uniform(in: -0.05...0.14),
      arm * random.uniform(in: 0.05...0.6))
    let depth = radius * random.uniform(in: 0...0.45)
    let phase = random.uniform(in: -0.5...0.5) + (side == .left ? .pi : 0)
    let slant = random.uniform(in: -0.3...0.3)
    let bend = Vector(side.sign * random.uniform(in: 0.4...1), -random.uniform(in: 0.3...1), -0.6)
    let shoulder = body.shoulder(side)
    return Motion { time in
      let angle = direction * beat.angle(time)
      let (x, y) = (radius * extent.x * cos(angle), radius * extent.y * sin(angle))
      let circling = ArmPose(
        wrist: shoulder + centre + [x + slant * y, y, depth * cos(angle - phase)], elbow: bend)
      let other = rest(time)
      return side == .right ? Pose(right: circling, left: other) : Pose(right: other, left: circling)
    }
  }

  /// Forearms that go around each other before the body.
  private static func rolling(_ body: Body, _ random: inout RandomStream) -> Motion {
    let arm = body.arm
    let beat = Beat(0.8...3, &random)
    let direction = random.uniform() < 0.5 ? -1.0 : 1.0
    let radius = arm * random.uniform(in: 0.1...0.3)
    let height = -arm * random.uniform(in: -0.05...0.6)
    let forward = arm * random.uniform(in: 0.3...0.65)
    let overlap = arm * random.uniform(in: -0.16...0.16)
    let tilt = random.uniform(in: -0.12...0.12) * arm
    let shift = Double.pi + random.uniform(in: -0.45...0.45)
    let sway = Sway(0.01, hertz: 0.6, &random)
    let across = arm * random.uniform(in: -0.1...0.1)
    let bends = Side.allCases.map { Vector($0.sign * 1.6, -random.uniform(in: 0.1...0.7), 0) }
    return Motion { time in
      func pose(_ side: Side) -> ArmPose {
        let angle = direction * beat.angle(time) + (side == .left ? shift : 0)
        return ArmPose(
          wrist: [
            across - side.sign * overlap, height - radius * sin(angle) - side.sign * tilt + sway.at(time),
            forward + radius * cos(angle),
          ], elbow: bends[side.rawValue] - [0, 0.45 * sin(angle), 0])
      }
      return Pose(right: pose(.right), left: pose(.left))
    }
  }

  /// Hands that strike down in turn, or together.
  private static func drumming(_ body: Body, _ random: inout RandomStream) -> Motion {
    let arm = body.arm
    let beat = Beat(1.4...4.8, &random)
    let height = -arm * random.uniform(in: 0.15...0.8)
    let shift = random.uniform() < 0.85 ? .pi + random.uniform(in: -0.8...0.8) : random.uniform(in: -0.3...0.3)
    let isStriking = random.uniform() < 0.4
    let fading = (random.uniform(in: 0...0.5), Sway(0.33, hertz: 0.6, &random))
    let sides = Side.allCases.map { _ in
      (
        strike: arm * random.uniform(in: 0.1...0.36), place: arm * random.uniform(in: 0.06...0.45),
        forward: arm * random.uniform(in: 0.35...0.7),
        wander: Sway(arm * random.uniform(in: 0...0.1), hertz: 0.8, &random),
        across: arm * random.uniform(in: -0.05...0.05), depth: arm * random.uniform(in: 0.03...0.16)
      )
    }
    let bends = Side.allCases.map {
      Vector($0.sign * random.uniform(in: 0.6...1.2), -random.uniform(in: 0.4...1.2), -0.4)
    }
    return Motion { time in
      let strength = 1 - fading.0 * (0.5 + fading.1.at(time))
      func pose(_ side: Side) -> ArmPose {
        let own = sides[side.rawValue]
        let later = side == .left ? -shift : 0
        let swing =
          isStriking
          ? 2 * abs(sin((beat.angle(time) - later) / 2)) - 1 : beat.swing(time, later: later)
        return ArmPose(
          wrist: [
            side.sign * own.place + own.wander.at(time) + own.across * swing, height - own.strike * swing * strength,
            own.forward + own.depth * swing,
          ], elbow: bends[side.rawValue])
      }
      return Pose(right: pose(.right), left: pose(.left))
    }
  }

  /// One hand strums at the belly, the other holds the neck.
  private static func strumming(_ body: Body, _ random: inout RandomStream) -> Motion {
    let arm = body.arm
    let beat = Beat(1.2...4.6, &random)
    let strumming: Side = random.uniform() < 0.88 ? .right : .left
    let strum = arm * random.uniform(in: 0.08...0.3)
    let aslant = random.uniform(in: -0.5...0.5)
    let sign = strumming.sign
    let strumPlace = Vector(
      sign * arm * random.uniform(in: -0.15...0.3), -arm * random.uniform(in: 0.5...1),
      arm * random.uniform(in: 0.12...0.45))
    let neck = Vector(
      -sign * arm * random.uniform(in: 0.4...0.95), -arm * random.uniform(in: -0.05...0.6),
      arm * random.uniform(in: 0.12...0.5))
    let slide = Sway(arm * random.uniform(in: 0...0.05), hertz: random.uniform(in: 0.5...2), &random)
    let follow = random.uniform(in: 0...0.02)
    return Motion { time in
      let swing = beat.swing(time)
      let striking = ArmPose(
        wrist: strumPlace + [aslant * strum * swing, -strum * swing, 0.02 * cos(beat.angle(time))],
        elbow: [sign * 1.2, -0.3, -0.3])
      let holding = ArmPose(
        wrist: neck + [slide.at(time), -0.5 * slide.at(time) + follow * swing, 0], elbow: [-sign * 0.3, -1, -0.3])
      return strumming == .right ? Pose(right: striking, left: holding) : Pose(right: holding, left: striking)
    }
  }
}
