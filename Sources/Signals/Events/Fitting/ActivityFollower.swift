import CKernels
import Glibc

/// Moves a square of a camera's picture slowly after what moves in it. A value: the same events give the same squares,
/// however they are cut into batches, because it looks only at what is over.
///
/// Centre and spread of the events are their running means, in which each step counts by its events and what is old
/// fades with a time constant of stream time; the square goes after them with the same time constant. Its side is four
/// standard deviations, which holds a body of even activity with a margin; it never is so small that the picture would
/// have to be enlarged, never larger than the shorter side of the sensor, and it stays within the sensor.
struct ActivityFollower: Sendable {
  /// For what is old to fade and for the square to follow.
  static let timeConstantMicroseconds = 1_000_000.0
  /// Standard deviations of the events' positions that a side is long.
  static let deviations = 4.0
  /// Less than so many events are no activity: the square stays where it is.
  static let leastEvents = 16.0

  private let camera: SensorGeometry
  private let smallestSide: Double
  /// What a step keeps of what was before it.
  private let keeping: Double
  /// Of the step at hand: how many events, and the sums of their columns and rows and of the squares of these.
  private var step = ganglion_event_moments_sums()
  /// The same sums, fading.
  private var count = 0.0
  private var sums = (x: 0.0, y: 0.0, xx: 0.0, yy: 0.0)
  private var centre: (x: Double, y: Double)
  private var side: Double
  private(set) var region: PixelRectangle

  /// The largest square, in the middle.
  static func beginning(in camera: SensorGeometry) -> PixelRectangle {
    let side = min(camera.width, camera.height)
    return PixelRectangle(x: (camera.width - side) / 2, y: (camera.height - side) / 2, width: side, height: side)
  }

  init(camera: SensorGeometry, model: SensorGeometry, stepMicroseconds: Int64) {
    self.camera = camera
    let largest = Double(min(camera.width, camera.height))
    smallestSide = min(largest, Double(max(model.width, model.height)))
    keeping = exp(-Double(stepMicroseconds) / Self.timeConstantMicroseconds)
    side = largest
    centre = (Double(camera.width) / 2, Double(camera.height) / 2)
    region = Self.beginning(in: camera)
  }

  /// Takes events of the step at hand; those outside the sensor do not count.
  mutating func see(_ batch: EventBatch, in range: Range<Int>) {
    let (width, height) = (UInt32(camera.width), UInt32(camera.height))
    batch.withColumns(range) { x, y, _, count in ganglion_event_moments(x, y, count, width, height, &step) }
  }

  /// Ends a step; whether the square is another for the next.
  mutating func endStep() -> Bool {
    count = count * keeping + Double(step.count)
    sums.x = sums.x * keeping + Double(step.x)
    sums.y = sums.y * keeping + Double(step.y)
    sums.xx = sums.xx * keeping + Double(step.xx)
    sums.yy = sums.yy * keeping + Double(step.yy)
    step = ganglion_event_moments_sums()
    guard count >= Self.leastEvents else { return false }
    let mean = (x: sums.x / count, y: sums.y / count)
    let variance = max(0, sums.xx / count - mean.x * mean.x, sums.yy / count - mean.y * mean.y)
    let largest = Double(min(camera.width, camera.height))
    let wanted = min(largest, max(smallestSide, Self.deviations * variance.squareRoot()))
    side += (1 - keeping) * (wanted - side)
    // A pixel's middle lies half a pixel behind its address.
    centre.x += (1 - keeping) * (mean.x + 0.5 - centre.x)
    centre.y += (1 - keeping) * (mean.y + 0.5 - centre.y)
    let before = region
    let length = Int(side.rounded())
    func place(_ middle: Double, _ extent: Int) -> Int {
      min(extent - length, max(0, Int((middle - Double(length) / 2).rounded())))
    }
    region = PixelRectangle(
      x: place(centre.x, camera.width), y: place(centre.y, camera.height), width: length, height: length)
    return region != before
  }
}
