import CKernels
import Events
import Failures
import Foundation
import Numerics

/// Why frames cannot become events.
public struct EventSimulationError: ReportedError, Sendable, Equatable {
  public var reason: String
  public var kind: FailureKind
  public var description: String { reason }

  public init(_ reason: String, kind: FailureKind) {
    self.reason = reason
    self.kind = kind
  }
}

/// An event camera that sees frames: intensities go in, events come out; see `SensorModel`.
///
/// Between two frames the logarithm of a pixel's intensity moves in a straight line, and each event has the time at which that
/// line crosses its threshold. All events of an interval come out in order of time. The same frames, model and seed give the
/// same events.
public struct EventSimulator: Sendable {
  public let geometry: SensorGeometry
  public let model: SensorModel
  /// A leak and noise of more than an hour between two frames are events that nobody wants; microseconds.
  private static let longestInterval: Int64 = 3_600_000_000
  /// Stream time of the last frame; nil before the first.
  public private(set) var timeMicroseconds: Int64?

  /// Earlier, current and memorised logarithms, positive and negative thresholds, one array after the other.
  private var values: [Float]
  private var released: [Int64]
  private var busy: [UInt8]
  private var places: [UInt32] = []
  private var hotPixels: [(pixel: Int, rate: Double, brighter: Bool)] = []
  private var random: RandomStream
  private let seed: UInt64

  /// - Parameter seed: decides mismatch, hot pixels and noise.
  public init(geometry: SensorGeometry, model: SensorModel, seed: UInt64) throws(EventSimulationError) {
    guard geometry.isValid, geometry.pixelCount <= 1 << 26 else {
      throw EventSimulationError("a sensor of \(geometry) is not simulated: at most 2^26 pixels", kind: .usage)
    }
    if let problem = model.problem { throw EventSimulationError(problem, kind: .usage) }
    self.geometry = geometry
    self.model = model
    self.seed = seed
    let pixels = geometry.pixelCount
    values = [Float](repeating: 0, count: 5 * pixels)
    released = [Int64](repeating: .min, count: pixels)
    busy = [UInt8](repeating: 0, count: (pixels + 63) / 64)
    random = RandomStream(seed: seed, purpose: "sensor noise")
    var mismatch = RandomStream(seed: seed, purpose: "threshold mismatch")
    for pixel in 0..<pixels {
      func threshold(_ mean: Double) -> Float {
        Float(mean * max(0.2, 1 + model.thresholdMismatch * mismatch.normal()))
      }
      values[3 * pixels + pixel] = threshold(model.positiveThreshold)
      values[4 * pixels + pixel] = threshold(model.negativeThreshold)
    }
    var faults = RandomStream(seed: seed, purpose: "hot pixels")
    for _ in 0..<Int((Double(pixels) * model.hotPixelShare + faults.uniform()).rounded(.down)) {
      hotPixels.append(
        (
          faults.integer(below: pixels), model.hotPixelRate * faults.uniform(in: 0.5...1.5),
          faults.uniform() < 0.8
        ))
    }
  }

  /// Shows the next frame: linear intensities, 1 for white, row after row. Appends the events since the frame before.
  ///
  /// - Throws: where the frame has another size, or is not later than the one before.
  public mutating func push(
    _ intensities: borrowing [Float], timeMicroseconds time: Int64, into batch: inout EventBatch
  ) throws(EventSimulationError) {
    let pixels = geometry.pixelCount
    guard intensities.count == pixels else {
      throw EventSimulationError("a frame of \(intensities.count) pixels for a sensor of \(geometry)", kind: .badInput)
    }
    guard let before = timeMicroseconds else {
      begin(intensities)
      timeMicroseconds = time
      return
    }
    guard time > before else {
      throw EventSimulationError("a frame at \(time) us follows one at \(before) us", kind: .badInput)
    }
    guard time - before <= Self.longestInterval else {
      throw EventSimulationError("frames at \(before) and \(time) us are more than an hour apart", kind: .badInput)
    }
    timeMicroseconds = time
    expose(intensities, before, time, into: &batch)
  }

  private mutating func begin(_ intensities: borrowing [Float]) {
    var phases = RandomStream(seed: seed, purpose: "first frame")
    let phase = (0..<geometry.pixelCount).map { _ in Float(phases.uniform(in: -0.999...0.999)) }
    let dark = Float(model.darkCurrent)
    withSensor { sensor, _ in
      intensities.withUnsafeBufferPointer { light in
        ganglion_sensor_begin(&sensor, light.baseAddress, phase, dark)
      }
    }
  }

  private mutating func expose(
    _ intensities: borrowing [Float], _ start: Int64, _ end: Int64, into batch: inout EventBatch
  ) {
    let seconds = Double(end - start) / 1e6
    var exposure = ganglion_exposure(
      start: start, end: end, dark: Float(model.darkCurrent),
      bandwidth: model.cutoffFrequency > 0 ? Float(2 * Double.pi * model.cutoffFrequency * seconds) : 1e9,
      bright: 0.5, leak: Float(model.leakRate * seconds), refractory: model.refractoryMicroseconds)
    var fresh = noise(intensities, start, end)
    var run: Int64 = 0
    let runs = Int64(busy.count)
    withSensor { sensor, busy in
      intensities.withUnsafeBufferPointer { ganglion_sensor_expose(&sensor, $0.baseAddress, &exposure, busy) }
      while run < runs {
        fresh.append(capacity: 1 << 14) { columns in
          Int(ganglion_sensor_fire(&sensor, &exposure, busy, &run, columns))
        }
      }
    }
    swapFrames()
    append(sorting: fresh, start, end, to: &batch)
  }

  /// Events without a cause in the picture.
  private mutating func noise(_ intensities: borrowing [Float], _ start: Int64, _ end: Int64) -> EventBatch {
    var batch = EventBatch()
    let pixels = geometry.pixelCount
    let length = Double(end - start)
    func add(_ pixel: Int, _ brighter: Bool, _ random: inout RandomStream) {
      batch.append(
        Event(
          timeMicroseconds: start + Int64(random.uniform() * length), x: UInt16(pixel % geometry.width),
          y: UInt16(pixel / geometry.width), polarity: brighter ? 1 : 0))
    }
    if model.shotNoiseRate > 0 {
      for _ in 0..<random.poisson(mean: model.shotNoiseRate * Double(pixels) * length / 1e6) {
        let pixel = random.integer(below: pixels)
        let isBrighter = random.uniform() < 0.5
        if random.uniform() < 1 - 0.75 * Double(min(1, intensities[pixel])) { add(pixel, isBrighter, &random) }
      }
    }
    for hot in hotPixels {
      for _ in 0..<random.poisson(mean: hot.rate * length / 1e6) { add(hot.pixel, hot.brighter, &random) }
    }
    return batch
  }

  private mutating func append(sorting fresh: EventBatch, _ start: Int64, _ end: Int64, to batch: inout EventBatch) {
    var fresh = fresh
    let count = fresh.count
    guard count > 0 else { return }
    guard end - start <= 1_000_000 else {
      for index in (0..<count).sorted(by: { (fresh.times[$0], $0) < (fresh.times[$1], $1) }) {
        batch.append(fresh[index])
      }
      return
    }
    let needed = Int(end - start) + 2
    if places.count < needed { places = [UInt32](repeating: 0, count: needed) }
    places.withUnsafeMutableBufferPointer { places in
      fresh.withMutableColumns { columns in
        batch.append(capacity: count) { sorted in
          ganglion_sort_events(columns, Int64(count), start, end, places.baseAddress, sorted)
          return count
        }
        return count
      }
    }
  }

  private mutating func withSensor(_ body: (inout ganglion_sensor, UnsafeMutablePointer<UInt8>) -> Void) {
    let (geometry, earlierFrame) = (geometry, earlierFrame)
    let pixels = geometry.pixelCount
    values.withUnsafeMutableBufferPointer { values in
      released.withUnsafeMutableBufferPointer { released in
        busy.withUnsafeMutableBufferPointer { busy in
          // The buffers hold a pixel at least, and the kernels stay within them.
          let base = values.baseAddress!
          var sensor = ganglion_sensor(
            width: Int32(geometry.width), height: Int32(geometry.height), earlier: base + earlierFrame * pixels,
            current: base + (1 - earlierFrame) * pixels, memorised: base + 2 * pixels, positive: base + 3 * pixels,
            negative: base + 4 * pixels, released: released.baseAddress!)
          body(&sensor, busy.baseAddress!)
        }
      }
    }
  }

  /// Which of the two frames' arrays holds the earlier one.
  private var earlierFrame = 0

  private mutating func swapFrames() { earlierFrame = 1 - earlierFrame }
}

extension RandomStream {
  /// A Poisson number; from a mean of 60 on the normal distribution's nearest.
  mutating func poisson(mean: Double) -> Int {
    guard mean > 0 else { return 0 }
    if mean > 60 { return max(0, Int((mean + mean.squareRoot() * normal()).rounded())) }
    let limit = exp(-mean)
    var product = uniform()
    var count = 0
    while product > limit {
      product *= uniform()
      count += 1
    }
    return count
  }
}
