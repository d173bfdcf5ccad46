/// A gesture that simulated people make, named and ordered as in DVS128 Gesture (Amir et al., "A low power, fully event-based
/// gesture recognition system", 2017). Left and right are the person's; clockwise is as the person sees it.
public enum Gesture: String, Sendable, CaseIterable, Codable {
  case handClapping = "hand clapping"
  case rightHandWave = "right hand wave"
  case leftHandWave = "left hand wave"
  case rightArmClockwise = "right arm clockwise"
  case rightArmCounterClockwise = "right arm counter clockwise"
  case leftArmClockwise = "left arm clockwise"
  case leftArmCounterClockwise = "left arm counter clockwise"
  case armRoll = "arm roll"
  case airDrums = "air drums"
  case airGuitar = "air guitar"
}

/// What people do that is none of the gestures.
public enum OtherMovement: String, Sendable, CaseIterable, Codable {
  case idle
  case scratching
  case drinking
  case telephoning
  case typing
  case pointing
  case stretching
  case talking
  case reaching
  case crossingArms = "crossing arms"
  case liftingHand = "lifting a hand"
}

extension Gesture {
  /// What is seen in a mirror.
  public var mirrored: Gesture {
    switch self {
    case .rightHandWave: .leftHandWave
    case .leftHandWave: .rightHandWave
    case .rightArmClockwise: .leftArmCounterClockwise
    case .rightArmCounterClockwise: .leftArmClockwise
    case .leftArmClockwise: .rightArmCounterClockwise
    case .leftArmCounterClockwise: .rightArmClockwise
    case .handClapping, .armRoll, .airDrums, .airGuitar: self
    }
  }
}
