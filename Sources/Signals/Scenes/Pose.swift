/// Where an arm is.
struct ArmPose: Sendable {
  /// The wrist, in the body's frame, metres.
  var wrist: Vector
  /// The direction to which the elbow bends.
  var elbow: Vector
  /// By how much the hand is turned in the picture's plane, radians.
  var turn = 0.0

  func blended(with other: ArmPose, _ part: Double) -> ArmPose {
    ArmPose(
      wrist: wrist + part * (other.wrist - wrist), elbow: elbow + part * (other.elbow - elbow),
      turn: turn + part * (other.turn - turn))
  }

  /// Joints of the arm in the body's frame: two bones that reach for the wrist as far as they can.
  func joints(from shoulder: Vector, _ body: Body) -> (elbow: Vector, wrist: Vector) {
    let reach = wrist - shoulder
    let span = max(1e-6, reach.length)
    let distance = min(span, 0.999 * body.arm)
    let direction = reach / span
    let length = max(distance, abs(body.upperArm - body.forearm) + 0.005)
    let along = (body.upperArm * body.upperArm - body.forearm * body.forearm + length * length) / (2 * length)
    let height = max(0, body.upperArm * body.upperArm - along * along).squareRoot()
    let across = elbow - elbow.dot(direction) * direction
    let size = across.length
    let bend = size > 1e-6 ? across / size : Vector(0, -1, 0)
    return (shoulder + along * direction + height * bend, shoulder + length * direction)
  }
}

/// Where both arms are, and how the body leans.
struct Pose: Sendable {
  var right: ArmPose
  var left: ArmPose
  /// By how much the shoulders are moved, metres.
  var lean = Vector.zero

  subscript(_ side: Side) -> ArmPose {
    get { side == .right ? right : left }
    set { if side == .right { right = newValue } else { left = newValue } }
  }

  func blended(with other: Pose, _ part: Double) -> Pose {
    Pose(
      right: right.blended(with: other.right, part), left: left.blended(with: other.left, part),
      lean: lean + part * (other.lean - lean))
  }
}

/// A movement of both arms: a pose for every time in seconds.
struct Motion: Sendable {
  let pose: @Sendable (_ time: Double) -> Pose

  init(_ pose: @escaping @Sendable (_ time: Double) -> Pose) { self.pose = pose }
}
