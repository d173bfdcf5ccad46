import Numerics

/// A gesture that stands in a scene, seconds.
public struct SceneGesture: Sendable, Hashable {
  public var gesture: Gesture
  /// When the arms are half way from what they did before to the gesture.
  public var start: Double
  /// When they are half way to what follows.
  public var end: Double
}

/// What a person does one after another, arms going over from each movement to the next.
struct SceneScript: Sendable {
  private struct Segment {
    let motion: Motion
    let start: Double
    /// How long the arms take to come from the movement before.
    let transition: Double
  }

  private var segments: [Segment] = []
  private(set) var gestures: [SceneGesture] = []
  /// Where the script ends so far, seconds.
  private(set) var end = 0.0

  /// Appends a movement.
  mutating func append(_ motion: Motion, gesture: Gesture?, seconds: Double, transition: Double) {
    segments.append(Segment(motion: motion, start: end, transition: segments.isEmpty ? 0 : transition))
    if let gesture { gestures.append(SceneGesture(gesture: gesture, start: end, end: end + seconds)) }
    end += seconds
  }

  func pose(at time: Double) -> Pose {
    // A transition lies about the start of its segment, half before and half after.
    guard let first = segments.first else { preconditionFailure("a script has a movement") }
    var pose = first.motion.pose(time)
    for segment in segments.dropFirst() {
      let part = (time - segment.start) / segment.transition + 0.5
      guard part > 0 else { break }
      pose = part >= 1 ? segment.motion.pose(time) : pose.blended(with: segment.motion.pose(time), smoothStep(part))
    }
    return pose
  }
}

/// What scenes hold, and how often.
public struct SceneOptions: Sendable, Hashable, Codable {
  /// The gestures that are made.
  public var gestures: [Gesture] = Gesture.allCases
  /// Other movements that are made; a third of them are idle beside that.
  public var movements: [OtherMovement] = OtherMovement.allCases
  /// Chance of a movement to be a gesture.
  public var gestureChance = 0.5
  /// How long a gesture takes, seconds.
  public var gestureSeconds = 1.6...4.5
  /// How long another movement takes, seconds.
  public var otherSeconds = 0.6...4.0
  /// Chance of each thing that distracts: another person, one who walks by, a dog, a curtain, a camera that shakes, light
  /// that changes.
  public var distraction = 0.08

  public init() {}
}

extension SceneScript {
  /// A script of at least so many seconds.
  init(_ options: SceneOptions, seconds: Double, body: Body, _ random: inout RandomStream) {
    var isFirst = true
    while end < seconds {
      let transition = random.uniform(in: 0.2...0.7)
      // A gesture that the end of the scene would cut short is none that anybody could tell.
      let hasRoom = seconds - end >= min(seconds, options.gestureSeconds.lowerBound)
      if hasRoom && !options.gestures.isEmpty && random.uniform() < options.gestureChance {
        let gesture = options.gestures[random.integer(below: options.gestures.count)]
        let length = min(seconds - end, random.uniform(in: options.gestureSeconds))
        append(.gesture(gesture, body, &random), gesture: gesture, seconds: length, transition: transition)
      } else {
        let movements = options.movements.isEmpty ? [.idle] : options.movements
        let isIdle = movements.count > 1 && random.uniform() < 0.3
        let movement = isIdle ? .idle : movements[random.integer(below: movements.count)]
        // Whoever is seen first may be in the middle of it.
        let length = random.uniform(in: options.otherSeconds) * (isFirst ? 0.5 : 1)
        append(.other(movement, body, &random), gesture: nil, seconds: length, transition: transition)
      }
      isFirst = false
    }
  }
}
