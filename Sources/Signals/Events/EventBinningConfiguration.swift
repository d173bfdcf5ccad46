/// How events become the input of a network: which pixels fall together, and which stretch of time is one step.
public struct EventBinningConfiguration: Sendable, Hashable, Codable {
  /// What an input holds at the end of a step.
  public enum Mode: String, Sendable, Codable, CaseIterable {
    /// The number of events, at most `maximumCount` where that is set.
    case counts
    /// 1 where there was any event.
    case binary
  }

  /// Pixel array of the camera; events outside are counted and left out.
  public var sensor: SensorGeometry
  /// Length of a step, microseconds, at least 1.
  public var binMicroseconds: Int64
  /// Pixels that fall together into one input, in each direction; 1 keeps the resolution. The last input of a row
  /// holds fewer when the width is no multiple.
  public var downsampling: Int
  public var mode: Mode
  /// Largest count of one input in one step; nil for no bound.
  public var maximumCount: Int?
  /// Longest stretch without any event that is filled with silent steps; a longer one is an error, because a damaged
  /// time would otherwise fill hours. Microseconds.
  public var maximumGapMicroseconds: Int64

  public init(
    sensor: SensorGeometry, binMicroseconds: Int64, downsampling: Int = 1, mode: Mode = .counts,
    maximumCount: Int? = nil, maximumGapMicroseconds: Int64 = 600_000_000
  ) {
    self.sensor = sensor
    self.binMicroseconds = binMicroseconds
    self.downsampling = downsampling
    self.mode = mode
    self.maximumCount = maximumCount
    self.maximumGapMicroseconds = maximumGapMicroseconds
  }

  /// Number of input columns.
  public var width: Int { (sensor.width + downsampling - 1) / downsampling }
  /// Number of input rows.
  public var height: Int { (sensor.height + downsampling - 1) / downsampling }
  /// `[2, height, width]`: darker at 0, brighter at 1; flat index `(polarity * height + y) * width + x`.
  public var shape: [Int] { [2, height, width] }

  /// What is wrong with the values, or nil.
  public var problem: String? {
    if !sensor.isValid { return "a sensor of \(sensor) is outside 1x1...65536x65536" }
    if binMicroseconds < 1 { return "a step of \(binMicroseconds) us is shorter than 1 us" }
    if downsampling < 1 { return "a downsampling of \(downsampling) is less than 1" }
    if let maximumCount, maximumCount < 1 { return "a largest count of \(maximumCount) is less than 1" }
    if maximumGapMicroseconds < binMicroseconds {
      return "a longest gap of \(maximumGapMicroseconds) us is shorter than a step"
    }
    if 2 * width * height > Int(UInt32.max) { return "\(2 * width * height) inputs do not fit 32 bits" }
    return nil
  }
}
