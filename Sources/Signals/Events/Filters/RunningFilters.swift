/// Finds hot pixels while the stream runs, and masks them: in each window of stream time the rule of `HotPixelFinder` is
/// put to what the pixels counted in it. A pixel that is found is silent from the next window on, until a window in which
/// it fires less than half as often as when it was found. One that begins to fire without cause is thus masked within two
/// windows.
public struct RunningHotPixelFilter: EventFilter {
  /// Of a window, microseconds, where none is named.
  public static let usualWindowMicroseconds: Int64 = 1_000_000
  /// A pixel that fires less often in a window is not hot.
  public static let leastEvents: Int64 = 20

  public let deviations: Double
  public let windowMicroseconds: Int64
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private let sensor: SensorGeometry
  private var finder: HotPixelFinder
  private var windowEnd: Int64?
  /// How often a masked pixel fired in the window it was found in; 0 for the others.
  private var masked: [Int64]
  /// The pixels that are masked now.
  public private(set) var found: [HotPixelFinder.Pixel] = []

  /// The sensor must be known; events outside it are taken out.
  public init(
    deviations: Double, windowMicroseconds: Int64 = usualWindowMicroseconds, geometry: SensorGeometry
  ) throws(EventFilterError) {
    guard deviations > 0, windowMicroseconds > 0 else {
      throw EventFilterError(
        filter: "hot-pixels", reason: "\(deviations) deviations in \(windowMicroseconds) us are not above 0")
    }
    self.deviations = deviations
    self.windowMicroseconds = windowMicroseconds
    self.geometry = geometry
    sensor = geometry
    finder = HotPixelFinder(geometry: geometry)
    masked = [Int64](repeating: 0, count: geometry.pixelCount)
  }

  public var name: String { "hot-pixels=\(plain(deviations)),\(windowMicroseconds)" }

  public var finding: String? {
    if found.isEmpty { return nil }
    let names = found.prefix(20).map { "(\($0.x), \($0.y))" }.joined(separator: ", ")
    return "masks \(names)" + (found.count > 20 ? ", … \(found.count)" : "")
  }

  public mutating func apply(_ batch: inout EventBatch) {
    var index = 0
    var rest = batch
    batch.removeAll()
    batch.triggers = rest.triggers
    // From window to window: within one, what is masked does not change.
    while index < rest.count {
      let end = windowEnd ?? rest.times[index] &+ windowMicroseconds
      windowEnd = end
      let next = rest.firstIndex(atOrAfter: end, from: index)
      var part = rest.slice(index..<next)
      finder.add(part)
      let (sensor, masked) = (sensor, masked)
      removed += part.retain { event in
        event.x < sensor.width && event.y < sensor.height
          && masked[Int(event.y) * sensor.width + Int(event.x)] == 0
      }
      batch.append(contentsOf: part, in: 0..<part.count)
      index = next
      if index < rest.count { closeWindow(before: rest.times[index]) }
    }
    rest.removeAll()
  }

  /// Judges what was counted and goes on to the window of an event.
  private mutating func closeWindow(before time: Int64) {
    judge()
    guard let end = windowEnd else { return }
    let skipped = (time - end) / windowMicroseconds
    // In the first window without any event nothing fires as often as before.
    if skipped > 0 { judge() }
    windowEnd = end + (skipped + 1) * windowMicroseconds
  }

  private mutating func judge() {
    found.removeAll { pixel in
      let place = pixel.y * sensor.width + pixel.x
      let isCalm = 2 * finder.count(x: pixel.x, y: pixel.y) < masked[place]
      if isCalm { masked[place] = 0 }
      return isCalm
    }
    for pixel in finder.hotPixels(deviations: deviations) where pixel.count >= Self.leastEvents {
      let place = pixel.y * sensor.width + pixel.x
      if masked[place] > 0 { continue }
      masked[place] = pixel.count
      found.append(pixel)
    }
    finder.clear()
  }
}

/// Silences pixels that flicker with a light, as lamps do at twice the frequency of the mains: a pixel whose brightenings,
/// events that are brighter after one that is darker, follow each other within a band of frequencies so many times on end
/// delivers nothing while they do.
///
/// A brightening within the band counts one up, to twice the number that is needed; one that comes sooner counts two down,
/// and one that comes later starts from nothing. So does any event when none came for the longest period of the band and
/// a half.
public struct FlickerFilter: EventFilter {
  /// Lamps at 50 and 60 Hz flicker at 100 and 120 Hz; a tenth more and less for the camera's jitter.
  public static let usual = (low: 90.0, high: 135.0, cycles: 5)

  /// Hz.
  public let low: Double
  public let high: Double
  /// Brightenings within the band after which a pixel is silent.
  public let cycles: Int
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private let sensor: SensorGeometry
  private let periods: ClosedRange<Int64>

  private struct Pixel {
    var brightened = Int64.min
    var count: UInt8 = 0
    var polarity: UInt8 = 1
  }
  private var pixels: [Pixel]

  /// The sensor must be known; events outside it are taken out.
  public init(
    low: Double = usual.low, high: Double = usual.high, cycles: Int = usual.cycles, geometry: SensorGeometry
  ) throws(EventFilterError) {
    guard low >= 1, low < high, high <= 100_000, (2...100).contains(cycles) else {
      throw EventFilterError(
        filter: "flicker",
        reason: "\(plain(low))..\(plain(high)) Hz, \(cycles) cycles are outside 1..100000 Hz and 2 to 100 cycles")
    }
    (self.low, self.high, self.cycles) = (low, high, cycles)
    self.geometry = geometry
    sensor = geometry
    periods = Int64((1e6 / high).rounded(.up))...Int64(1e6 / low)
    pixels = [Pixel](repeating: Pixel(), count: geometry.pixelCount)
  }

  public var name: String { "flicker=\(plain(low))..\(plain(high)),\(cycles)" }

  public mutating func apply(_ batch: inout EventBatch) {
    let (sensor, periods, needed) = (sensor, periods, UInt8(cycles))
    let patience = periods.upperBound + periods.upperBound / 2
    removed += pixels.withUnsafeMutableBufferPointer { pixels in
      batch.retain { event in
        guard event.x < sensor.width, event.y < sensor.height else { return false }
        let place = Int(event.y) * sensor.width + Int(event.x)
        var pixel = pixels[place]
        let time = event.timeMicroseconds
        let since = pixel.brightened == .min ? Int64.max : time &- pixel.brightened
        if since > patience { pixel.count = 0 }
        if event.polarity == 1 && pixel.polarity == 0 {
          if periods.contains(since) {
            pixel.count = min(pixel.count + 1, 2 * needed)
          } else if since < periods.lowerBound {
            pixel.count -= min(pixel.count, 2)
          } else {
            pixel.count = 0
          }
          pixel.brightened = time
        }
        pixel.polarity = event.polarity
        pixels[place] = pixel
        return pixel.count < needed
      }
    }
  }
}

/// A number as people write it: without a point where there is nothing behind it.
private func plain(_ number: Double) -> String {
  Int64(exactly: number).map { "\($0)" } ?? "\(number)"
}
