import EventSimulation
import Events

/// A scene as the events of its camera, frame by frame.
public struct SceneRecording: Sendable {
  public let scene: Scene
  private var simulator: EventSimulator
  /// The last frame that was drawn: linear intensities, row after row.
  public private(set) var image: [Float]
  private let frameMicroseconds: Int64
  private var next: Int64 = 0

  /// - Parameters:
  ///   - sensor: another camera than the scene's own.
  ///   - framesPerSecond: how often the scene is drawn; between frames pixels change in a straight line.
  public init(
    _ scene: Scene, sensor: SensorModel? = nil, framesPerSecond: Int = 200, seed: UInt64
  ) throws(EventSimulationError) {
    guard (1...10_000).contains(framesPerSecond) else {
      throw EventSimulationError("\(framesPerSecond) frames a second; it is 1 to 10000", kind: .usage)
    }
    self.scene = scene
    simulator = try EventSimulator(geometry: scene.geometry, model: sensor ?? scene.sensor, seed: seed)
    image = [Float](repeating: 0, count: scene.geometry.pixelCount)
    frameMicroseconds = 1_000_000 / Int64(framesPerSecond)
  }

  /// Stream time up to which the events are known, microseconds.
  public var timeMicroseconds: Int64 { simulator.timeMicroseconds ?? 0 }

  /// Appends the events up to the next frame; false at the end of the scene.
  public mutating func advance(into batch: inout EventBatch) throws(EventSimulationError) -> Bool {
    guard Double(next) / 1e6 <= scene.seconds else { return false }
    scene.draw(at: Double(next) / 1e6, into: &image)
    try simulator.push(image, timeMicroseconds: next, into: &batch)
    next += frameMicroseconds
    return true
  }
}
