/// A stretch of time as a few frames: each event is shared between the two nearest in time, with the sign of its
/// polarity (Zhu, Yuan, Chaney and Daniilidis, CVPR 2019).
///
/// With t* = (B - 1) (t - t0) / (t1 - t0) an event adds p max(0, 1 - |b - t*|) to each bin b; p is +1 or -1.
public struct VoxelGrid: Sendable, Equatable {
  /// Shape `[bins, height, width]`, row after row.
  public private(set) var values: [Float]
  public let bins: Int
  public let sensor: SensorGeometry
  /// Events outside the sensor, which are left out.
  public private(set) var eventsOutside = 0

  /// The grid of one batch, its first event at the first bin, its last at the last.
  public init(_ batch: EventBatch, bins: Int, sensor: SensorGeometry) {
    precondition(bins >= 1 && sensor.isValid, "a voxel grid has at least one bin and pixel")
    self.bins = bins
    self.sensor = sensor
    values = [Float](repeating: 0, count: bins * sensor.pixelCount)
    guard let first = batch.times.first, let last = batch.times.last else { return }
    let span = Double(max(last - first, 1))
    for index in 0..<batch.count {
      let event = batch[index]
      guard event.x < sensor.width, event.y < sensor.height else {
        eventsOutside += 1
        continue
      }
      let place = min(max(Double(bins - 1) * Double(event.timeMicroseconds - first) / span, 0), Double(bins - 1))
      let low = min(Int(place), bins - 1)
      let share = Float(place - Double(low))
      let sign: Float = event.polarity == 1 ? 1 : -1
      let pixel = Int(event.y) * sensor.width + Int(event.x)
      values[low * sensor.pixelCount + pixel] += sign * (1 - share)
      if low + 1 < bins { values[(low + 1) * sensor.pixelCount + pixel] += sign * share }
    }
  }
}
