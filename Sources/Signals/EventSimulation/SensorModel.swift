/// How the pixels of an event camera answer to light.
///
/// A pixel follows the logarithm of its intensity through a low pass and fires whenever that has moved by a threshold since its
/// last event (Lichtsteiner, Posch and Delbruck, "A 128x128 120 dB 15 µs latency asynchronous temporal contrast vision sensor",
/// 2008); noise and limits as measured there and modelled by Hu, Liu and Delbruck ("v2e: From video frames to realistic DVS
/// events", 2021).
public struct SensorModel: Sendable, Hashable, Codable {
  /// Change of the natural logarithm of the intensity that makes a pixel fire, brighter.
  public var positiveThreshold = 0.25
  /// The same, darker.
  public var negativeThreshold = 0.25
  /// Standard deviation of both thresholds from pixel to pixel, relative to them.
  public var thresholdMismatch = 0.05
  /// Cut-off frequency of a bright pixel's photoreceptor, hertz; 0 for none. In the dark it falls in proportion to the
  /// intensity, to a tenth at the least.
  public var cutoffFrequency = 300.0
  /// Time after an event in which a pixel is silent, microseconds.
  public var refractoryMicroseconds: Int64 = 500
  /// Events a second that a pixel's leak makes without any change, all of them brighter, hertz.
  public var leakRate = 0.1
  /// Noise events a second of a dark pixel, hertz; a bright one has a quarter of them.
  public var shotNoiseRate = 0.2
  /// Share of the pixels that fire without reason.
  public var hotPixelShare = 0.0002
  /// Events a second of a hot pixel, hertz; each has between half and one and a half times as many.
  public var hotPixelRate = 60.0
  /// What is added to all intensities, of which 1 is white: the dark current.
  public var darkCurrent = 0.003

  public init() {}

  /// A camera by name, with the size of its sensor.
  public enum Preset: String, Sendable, CaseIterable {
    case dvs128
    case davis346
    case gen4
  }

  public init(_ preset: Preset) {
    switch preset {
    case .dvs128: break
    case .davis346:
      positiveThreshold = 0.2
      negativeThreshold = 0.2
      thresholdMismatch = 0.035
      cutoffFrequency = 400
      refractoryMicroseconds = 300
      leakRate = 0.15
      shotNoiseRate = 0.3
    case .gen4:
      positiveThreshold = 0.22
      negativeThreshold = 0.2
      thresholdMismatch = 0.03
      cutoffFrequency = 700
      refractoryMicroseconds = 150
      leakRate = 0.02
      shotNoiseRate = 0.1
      hotPixelShare = 0.00005
    }
  }

  /// What is wrong with the values, or nil.
  public var problem: String? {
    func outside(_ name: String, _ value: Double, _ range: ClosedRange<Double>, _ unit: String = "") -> String? {
      range.contains(value)
        ? nil : "\(name) is \(value)\(unit); it is \(range.lowerBound) to \(range.upperBound)\(unit)"
    }
    return outside("the positive threshold", positiveThreshold, 0.01...10)
      ?? outside("the negative threshold", negativeThreshold, 0.01...10)
      ?? outside("the mismatch of thresholds", thresholdMismatch, 0...0.5)
      ?? outside("the cut-off frequency", cutoffFrequency, 0...1e6, " Hz")
      ?? outside("the refractory time", Double(refractoryMicroseconds), 0...1e6, " us")
      ?? outside("the leak", leakRate, 0...1_000, " Hz")
      ?? outside("the shot noise", shotNoiseRate, 0...1_000, " Hz")
      ?? outside("the share of hot pixels", hotPixelShare, 0...1)
      ?? outside("the rate of hot pixels", hotPixelRate, 0...10_000, " Hz")
      ?? outside("the dark current", darkCurrent, 1e-6...1)
  }
}
