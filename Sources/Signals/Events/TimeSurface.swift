import Glibc

/// How long ago each pixel last fired, as exp(-(t - t_last) / tau): 1 now, 0 never (Lagorce et al., HOTS, PAMI 2017).
public struct TimeSurface: Sendable {
  /// Decay, microseconds, above 0.
  public let tauMicroseconds: Double
  public let sensor: SensorGeometry
  /// Events outside the sensor so far, which are left out.
  public private(set) var eventsOutside = 0
  private var last: [Int64]

  public init(tauMicroseconds: Double, sensor: SensorGeometry) {
    precondition(tauMicroseconds > 0 && sensor.isValid, "a time surface decays and has a pixel")
    self.tauMicroseconds = tauMicroseconds
    self.sensor = sensor
    last = [Int64](repeating: .min, count: 2 * sensor.pixelCount)
  }

  /// Takes the next events of the stream.
  public mutating func push(_ batch: EventBatch) {
    for index in 0..<batch.count {
      let event = batch[index]
      guard event.x < sensor.width, event.y < sensor.height else {
        eventsOutside += 1
        continue
      }
      let pixel = Int(event.polarity) * sensor.pixelCount + Int(event.y) * sensor.width + Int(event.x)
      last[pixel] = max(last[pixel], event.timeMicroseconds)
    }
  }

  /// The surface at a time, shape `[2, height, width]`; events after that time count as now.
  public func values(at time: Int64) -> [Float] {
    last.map { $0 == .min ? 0 : Float(exp(-Double(max(time - $0, 0)) / tauMicroseconds)) }
  }
}
