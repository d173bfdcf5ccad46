import CKernels
import EventSimulation
import Events
import Foundation
import Numerics

/// A person before a camera, simulated: a body, its looks and manners, a room and a camera that are all drawn from a seed.
///
/// Limbs are tapered segments, arms follow their hands by inverse kinematics, hands follow parametric paths; what is nearer is
/// drawn over what is further away. The same seed and options give the same frames.
public struct Scene: Sendable {
  public let geometry: SensorGeometry
  /// Length, seconds.
  public let seconds: Double
  /// The gestures that the person makes, in order of time.
  public let gestures: [SceneGesture]
  /// The camera that looks on, drawn from the seed as well.
  public let sensor: SensorModel

  private let person: Figure
  private let script: SceneScript
  private let camera: SceneCamera
  private let backdrop: Backdrop
  private let bystanders: [Bystander]
  private let shake: (x: Sway, y: Sway)?
  private let light: (level: Double, change: Sway?)

  /// - Parameters:
  ///   - size: the camera's sensor.
  ///   - seconds: how long it lasts.
  public init(_ options: SceneOptions, size: SensorGeometry, seconds: Double, seed: UInt64) {
    var random = RandomStream(seed: seed, purpose: "scene")
    geometry = size
    self.seconds = seconds
    func happens() -> Bool { random.uniform() < options.distraction }
    // Cameras of other sizes see the same scene: only the room's grain is drawn pixel by pixel, from a stream of its own.
    var room = RandomStream(seed: seed, purpose: "room")
    backdrop = Backdrop(size, hasCurtain: happens(), &room)
    camera = SceneCamera(size, &random)
    let body = Body(&random)
    let isTurned = random.uniform() < 0.15
    person = Figure(
      body: body, looks: Appearance(background: backdrop.intensity, &random),
      turn: isTurned ? random.uniform(in: -0.75...0.75) : 0.16 * random.normal(), isSitting: random.uniform() < 0.25,
      &random)
    script = SceneScript(options, seconds: seconds, body: body, &random)
    gestures = script.gestures.filter { $0.start < seconds }
    var bystanders: [Bystander] = []
    if happens() { bystanders.append(.standing(seconds: seconds, background: backdrop.intensity, &random)) }
    if happens() { bystanders.append(.walking(seconds: seconds, background: backdrop.intensity, &random)) }
    if happens() { bystanders.append(.dog(seconds: seconds, background: backdrop.intensity, &random)) }
    self.bystanders = bystanders
    let short = Double(min(size.width, size.height))
    if happens() {
      let amount = short * random.uniform(in: 0.002...0.015)
      let hertz = random.uniform(in: 0.6...4)
      shake = (Sway(amount, hertz: hertz, &random), Sway(amount, hertz: hertz, &random))
    } else {
      shake = nil
    }
    let level = exp(random.uniform(in: -1.4...0))
    light = (
      level, happens() ? Sway(random.uniform(in: 0.02...0.12), hertz: random.uniform(in: 0.15...1), &random) : nil
    )
    sensor = Self.sensor(&random)
  }

  /// Sensors differ as those that people have do.
  private static func sensor(_ random: inout RandomStream) -> SensorModel {
    var model = SensorModel()
    model.positiveThreshold = exp(random.uniform(in: log(0.09)...log(0.3)))
    model.negativeThreshold = model.positiveThreshold * random.uniform(in: 0.8...1.25)
    model.thresholdMismatch = random.uniform(in: 0.02...0.08)
    model.cutoffFrequency = exp(random.uniform(in: log(150)...log(1_500)))
    model.refractoryMicroseconds = Int64(random.uniform(in: 100...1_500))
    model.leakRate = random.uniform(in: 0...0.12)
    model.shotNoiseRate = exp(random.uniform(in: log(0.02)...log(0.5)))
    model.hotPixelShare = random.uniform(in: 0...0.0008)
    model.hotPixelRate = random.uniform(in: 10...80)
    return model
  }

  /// Draws what the camera sees at a time in seconds: linear intensities, row after row.
  ///
  /// - Parameter image: one value a pixel, written over.
  public func draw(at time: Double, into image: inout [Float]) {
    var pieces: [Figure.Piece] = []
    let offset = shake.map { SIMD2($0.x.at(time), $0.y.at(time)) } ?? .zero
    backdrop.draw(at: time, offset: offset, geometry: geometry, into: &image)
    for bystander in bystanders { bystander.pieces(at: time, camera: camera, into: &pieces) }
    person.pieces(script.pose(at: time), at: time, place: .zero, stride: nil, camera: camera, into: &pieces)
    for piece in pieces.enumerated().sorted(by: { ($0.element.depth, $0.offset) < ($1.element.depth, $1.offset) }) {
      var limb = piece.element.limb
      limb.x0 -= Float(offset.x)
      limb.x1 -= Float(offset.x)
      limb.y0 -= Float(offset.y)
      limb.y1 -= Float(offset.y)
      person.texture.withUnsafeBufferPointer { texture in
        image.withUnsafeMutableBufferPointer {
          ganglion_draw_limb(
            $0.baseAddress, Int32(geometry.width), Int32(geometry.height), &limb, texture.baseAddress)
        }
      }
    }
    let level = Float(light.level * exp(light.change?.at(time) ?? 0))
    for index in image.indices { image[index] *= level }
  }
}
