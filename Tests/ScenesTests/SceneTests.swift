import EventSimulation
import Events
import Foundation
import Numerics
import Testing

@testable import Scenes

struct SceneTests {
  private let size = SensorGeometry(width: 64, height: 64)

  private func events(_ gesture: Gesture?, seed: UInt64, seconds: Double = 1) throws -> EventBatch {
    var options = SceneOptions()
    options.gestures = gesture.map { [$0] } ?? []
    options.gestureChance = gesture == nil ? 0 : 1
    options.distraction = 0
    var recording = try SceneRecording(
      Scene(options, size: size, seconds: seconds, seed: seed), framesPerSecond: 100, seed: seed)
    var batch = EventBatch()
    while try recording.advance(into: &batch) {}
    return batch
  }

  @Test func theSameSeedGivesTheSameEvents() throws {
    let first = try events(.armRoll, seed: 4)
    #expect(first.count > 500)
    #expect(try events(.armRoll, seed: 4) == first)
    #expect(try events(.armRoll, seed: 5) != first)
  }

  @Test func bonesKeepTheirLengthsAndHandsReachWhereTheyShould() {
    var random = RandomStream(seed: 3)
    for _ in 0..<200 {
      let body = Body(&random)
      let target = Vector(random.normal(), random.normal(), random.normal()) * 0.4
      let shoulder = body.shoulder(.left)
      let joints = ArmPose(wrist: target, elbow: [1, -1, -0.3]).joints(from: shoulder, body)
      #expect(abs((joints.elbow - shoulder).length - body.upperArm) < 1e-3)
      #expect(abs((joints.wrist - joints.elbow).length - body.forearm) < 1e-3)
      let distance = (target - shoulder).length
      if distance < 0.99 * body.arm && distance > abs(body.upperArm - body.forearm) + 0.01 {
        #expect((joints.wrist - target).length < 1e-6)
      }
    }
  }

  /// Area that the hand goes round, seen by the camera with x to the right and y up: positive counter-clockwise.
  private func area(_ gesture: Gesture, _ side: Side, seed: UInt64) -> Double {
    var random = RandomStream(seed: seed)
    let body = Body(&random)
    let motion = Motion.gesture(gesture, body, &random)
    let path = (0..<400).map { motion.pose(Double($0) * 0.01)[side].wrist }
    let middle = path.reduce(Vector.zero, +) / Double(path.count)
    return zip(path, path.dropFirst()).reduce(0) { sum, step in
      let (a, b) = (step.0 - middle, step.1 - middle)
      return sum + a.x * b.y - a.y * b.x
    }
  }

  @Test(arguments: 1...20)
  func clockwiseIsAsThePersonSeesIt(_ seed: Int) {
    // The camera faces the person, and sees it the other way round.
    let seed = UInt64(seed)
    #expect(area(.rightArmClockwise, .right, seed: seed) > 0)
    #expect(area(.leftArmClockwise, .left, seed: seed) > 0)
    #expect(area(.rightArmCounterClockwise, .right, seed: seed) < 0)
    #expect(area(.leftArmCounterClockwise, .left, seed: seed) < 0)
  }

  private func movement(_ gesture: Gesture, _ side: Side, seed: UInt64) -> Double {
    var random = RandomStream(seed: seed)
    let body = Body(&random)
    let motion = Motion.gesture(gesture, body, &random)
    let path = (0..<300).map { motion.pose(Double($0) * 0.01)[side] }
    // The hand alone may wave.
    return zip(path, path.dropFirst()).reduce(0) {
      $0 + ($1.1.wrist - $1.0.wrist).length + 0.1 * abs($1.1.turn - $1.0.turn)
    }
  }

  @Test(arguments: 1...20)
  func theOtherArmRests(_ seed: Int) {
    let seed = UInt64(seed)
    for gesture in [Gesture.rightHandWave, .rightArmClockwise, .rightArmCounterClockwise] {
      #expect(movement(gesture, .right, seed: seed) > 4 * movement(gesture, .left, seed: seed))
      #expect(movement(gesture.mirrored, .left, seed: seed) > 4 * movement(gesture.mirrored, .right, seed: seed))
    }
    for gesture in [Gesture.armRoll, .airDrums] {
      #expect(movement(gesture, .left, seed: seed) > 0.2)
      #expect(movement(gesture, .right, seed: seed) > 0.2)
    }
    // One hand may do most of the clapping.
    #expect(movement(.handClapping, .left, seed: seed) + movement(.handClapping, .right, seed: seed) > 0.5)
  }

  @Test func mirroredTwiceIsTheSame() {
    for gesture in Gesture.allCases { #expect(gesture.mirrored.mirrored == gesture) }
    #expect(Gesture.rightArmClockwise.mirrored == .leftArmCounterClockwise)
  }

  @Test(arguments: 1...10)
  func armsGoOverFromOneMovementToTheNext(_ seed: Int) {
    var random = RandomStream(seed: UInt64(seed))
    let body = Body(&random)
    let script = SceneScript(SceneOptions(), seconds: 20, body: body, &random)
    #expect(script.end >= 20)
    for (earlier, later) in zip(script.gestures, script.gestures.dropFirst()) { #expect(later.start >= earlier.end) }
    var before = script.pose(at: 0)
    for time in stride(from: 0.002, through: 20, by: 0.002) {
      let pose = script.pose(at: time)
      // No hand is quicker than 14 m/s.
      for side in Side.allCases { #expect((pose[side].wrist - before[side].wrist).length < 0.028) }
      before = pose
    }
  }

  @Test func aWaveIsSeenOnItsSide() throws {
    // Seen from the front the person's right is on the left. Single scenes are turned or aside, so it is the sum that counts.
    func balance(_ gesture: Gesture) throws -> Int {
      try (1...12).reduce(0) { sum, seed in
        let batch = try events(gesture, seed: UInt64(seed))
        return sum + batch.x.reduce(0) { $0 + ($1 < 32 ? -1 : 1) }
      }
    }
    #expect(try balance(.rightHandWave) < -2_000)
    #expect(try balance(.leftHandWave) > 2_000)
  }

  @Test func whoIdlesMovesLess() throws {
    let idle = try (1...10).map { try events(nil, seed: UInt64($0)).count }.reduce(0, +)
    let circles = try (1...10).map { try events(.leftArmClockwise, seed: UInt64($0)).count }.reduce(0, +)
    #expect(circles > idle)
  }
}
