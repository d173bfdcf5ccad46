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
    last.map { $0 == .min ? 0 : Float(exponential(-Double(max(time - $0, 0)) / tauMicroseconds)) }
  }
}
