/// Lets a pixel be silent for some time after each event that it delivered.
public struct RefractoryFilter: EventFilter {
  public let periodMicroseconds: Int64
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private let width: Int
  private var last: [Int64]

  /// The sensor must be known; events outside it are taken out.
  public init(periodMicroseconds: Int64, geometry: SensorGeometry) throws(EventFilterError) {
    guard periodMicroseconds > 0 else {
      throw EventFilterError(filter: "refractory", reason: "a period of \(periodMicroseconds) us is not above 0")
    }
    self.periodMicroseconds = periodMicroseconds
    self.geometry = geometry
    width = geometry.width
    last = [Int64](repeating: .min, count: geometry.pixelCount)
  }

  public var name: String { "refractory=\(periodMicroseconds)" }

  public mutating func apply(_ batch: inout EventBatch) {
    let sensor = SensorGeometry(width: width, height: last.count / width)
    let period = periodMicroseconds
    removed += last.withUnsafeMutableBufferPointer { last in
      batch.retain { event in
        guard event.x < sensor.width, event.y < sensor.height else { return false }
        let pixel = Int(event.y) * sensor.width + Int(event.x)
        let before = last[pixel]
        if before != .min, event.timeMicroseconds &- before < period, event.timeMicroseconds >= before { return false }
        last[pixel] = event.timeMicroseconds
        return true
      }
    }
  }
}

/// Takes out events that no neighbour supports: each event writes its time into the eight pixels around it, and passes
/// when its own pixel was written not long ago (Delbruck, "Frame-free dynamic digital vision", 2008).
public struct BackgroundActivityFilter: EventFilter {
  public let windowMicroseconds: Int64
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private let width: Int
  private let height: Int
  private var support: [Int64]

  /// The sensor must be known; events outside it are taken out.
  public init(windowMicroseconds: Int64, geometry: SensorGeometry) throws(EventFilterError) {
    guard windowMicroseconds > 0 else {
      throw EventFilterError(filter: "background", reason: "a window of \(windowMicroseconds) us is not above 0")
    }
    self.windowMicroseconds = windowMicroseconds
    self.geometry = geometry
    width = geometry.width
    height = geometry.height
    // A frame of one pixel saves the test at the edges.
    support = [Int64](repeating: .min, count: (geometry.width + 2) * (geometry.height + 2))
  }

  public var name: String { "background=\(windowMicroseconds)" }

  public mutating func apply(_ batch: inout EventBatch) {
    let stride = width + 2
    let (width, height, window) = (width, height, windowMicroseconds)
    removed += support.withUnsafeMutableBufferPointer { support in
      batch.retain { event in
        guard event.x < width, event.y < height else { return false }
        let pixel = (Int(event.y) + 1) * stride + Int(event.x) + 1
        let time = event.timeMicroseconds
        let before = support[pixel]
        for row in [pixel - stride, pixel, pixel + stride] {
          support[row - 1] = time
          if row != pixel { support[row] = time }
          support[row + 1] = time
        }
        return before != .min && time &- before <= window
      }
    }
  }
}

/// Counts events a pixel, to find the ones that fire without cause.
public struct HotPixelFinder: Sendable {
  /// A pixel and how often it fired.
  public struct Pixel: Sendable, Hashable {
    public var x: Int
    public var y: Int
    public var count: Int64
  }

  public let geometry: SensorGeometry
  private var counts: [Int64]

  public init(geometry: SensorGeometry) {
    self.geometry = geometry
    counts = [Int64](repeating: 0, count: geometry.pixelCount)
  }

  public mutating func add(_ batch: EventBatch) {
    for index in 0..<batch.count where batch.x[index] < geometry.width && batch.y[index] < geometry.height {
      counts[Int(batch.y[index]) * geometry.width + Int(batch.x[index])] += 1
    }
  }

  /// How often a pixel fired.
  func count(x: Int, y: Int) -> Int64 { counts[y * geometry.width + x] }

  /// Forgets what was counted.
  mutating func clear() {
    for index in counts.indices { counts[index] = 0 }
  }

  /// Pixels that fired more than `deviations` standard deviations above the mean of the pixels that fired at all, and
  /// more than three times as often as the busiest of their eight neighbours; the busiest first.
  public func hotPixels(deviations: Double) -> [Pixel] {
    var (active, total) = (0, Int64(0))
    for count in counts where count > 0 { (active, total) = (active + 1, total + count) }
    guard active > 1 else { return [] }
    let mean = Double(total) / Double(active)
    var variance = 0.0
    for count in counts where count > 0 { variance += (Double(count) - mean) * (Double(count) - mean) }
    variance /= Double(active)
    let bound = mean + deviations * variance.squareRoot()
    var found: [Pixel] = []
    for y in 0..<geometry.height {
      for x in 0..<geometry.width {
        let count = counts[y * geometry.width + x]
        guard Double(count) > bound else { continue }
        var busiest: Int64 = 0
        for row in max(0, y - 1)...min(geometry.height - 1, y + 1) {
          for column in max(0, x - 1)...min(geometry.width - 1, x + 1) where row != y || column != x {
            busiest = max(busiest, counts[row * geometry.width + column])
          }
        }
        if count > 3 * busiest { found.append(Pixel(x: x, y: y, count: count)) }
      }
    }
    return found.sorted { ($1.count, $0.y, $0.x) < ($0.count, $1.y, $1.x) }
  }
}

/// Takes out the events of some pixels.
public struct PixelListFilter: EventFilter {
  public let name: String
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private let pixels: Set<UInt32>

  public init(name: String, pixels: [(x: Int, y: Int)], geometry: SensorGeometry?) {
    self.name = name
    self.geometry = geometry
    self.pixels = Set(pixels.map { UInt32($0.y) << 16 | UInt32($0.x) })
  }

  public mutating func apply(_ batch: inout EventBatch) {
    removed += batch.retain { !pixels.contains(UInt32($0.y) << 16 | UInt32($0.x)) }
  }
}

/// Adds events at random pixels and times, at a steady mean rate, the same for the same seed: to test what follows.
public struct NoiseFilter: EventFilter {
  public let geometry: SensorGeometry?
  public let removed: Int64 = 0
  public private(set) var added: Int64 = 0
  /// Events a second over the whole sensor.
  public let rate: Double
  public let seed: UInt64
  private var random: SplitMix64
  private let sensor: SensorGeometry
  private var next: Double?

  public init(rate: Double, seed: UInt64, geometry: SensorGeometry) throws(EventFilterError) {
    guard rate > 0, rate <= 1e9 else {
      throw EventFilterError(filter: "noise", reason: "a rate of \(rate) events a second is outside 0...1e9")
    }
    self.rate = rate
    self.seed = seed
    self.geometry = geometry
    sensor = geometry
    random = SplitMix64(seed: seed)
  }

  public var name: String { "noise=\(rate),\(seed)" }

  public mutating func apply(_ batch: inout EventBatch) {
    guard let first = batch.times.first else { return }
    // Steps between 0 and twice the mean, which is rough beside an exponential law and needs no logarithm.
    let mean = 1e6 / rate
    var result = EventBatch()
    result.triggers = batch.triggers
    var time = next ?? Double(first) + random.unit() * 2 * mean
    for index in 0..<batch.count {
      while Int64(time) < batch.times[index] {
        result.append(
          Event(
            timeMicroseconds: Int64(time), x: UInt16(random.below(UInt64(sensor.width))),
            y: UInt16(random.below(UInt64(sensor.height))), polarity: UInt8(random.below(2))))
        added += 1
        time += random.unit() * 2 * mean
      }
      result.append(batch[index])
    }
    next = time
    batch = result
  }
}

/// A small generator whose sequence is fixed (Steele, Lea and Flood, 2014).
struct SplitMix64: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// 0..<1
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}
