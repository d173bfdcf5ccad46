import EventFormats
import Events

/// Watches whether events come from the sensor that they are taken for. A value.
struct SensorWatch {
  /// So many events are looked at before anything is said.
  private static let trial: Int64 = 1_000

  let sensor: SensorGeometry
  private var events: Int64 = 0
  private var outside: Int64 = 0
  /// The smallest sensor that holds all of them.
  private var reach = SensorGeometry(width: 0, height: 0)

  init(_ sensor: SensorGeometry) { self.sensor = sensor }

  mutating func see(_ batch: EventBatch) {
    events += Int64(batch.count)
    for index in 0..<batch.count where batch.x[index] >= sensor.width || batch.y[index] >= sensor.height {
      outside += 1
      reach.width = max(reach.width, Int(batch.x[index]) + 1)
      reach.height = max(reach.height, Int(batch.y[index]) + 1)
    }
  }

  /// What is wrong: a few stray events are noise; one in ten means that the camera is another.
  ///
  /// - Parameter atEnd: whether nothing follows, so that few events have to do.
  func finding(atEnd: Bool) -> String? {
    guard atEnd || events >= Self.trial, outside * 10 > events else { return nil }
    return "\(outside) of the first \(events) events lie outside a sensor of \(sensor), up to \(reach)"
  }
}
