import Glibc

/// Turns the analogue code into place: which intensity level a spike belongs to.
public struct PlaceCode: Sendable {
  private let edges: [Float]
  private let reference: SpiketrumConfiguration.LevelReference
  private let floor: Float
  private let drop: Float?
  private let sampleRate: Double
  private var peak: Float
  private var peakSample: Int64 = 0

  /// The place code of a configuration, at the start of a stream.
  public init(_ configuration: SpiketrumConfiguration) {
    edges = configuration.levelEdges
    reference = configuration.levelReference
    floor = configuration.silenceThreshold
    drop = configuration.dropBelowPeakDecibels
    sampleRate = Double(configuration.sampleRate)
    peak = floor
  }

  /// What the level edges are compared with: the magnitude of the coefficient, or its decibels relative to the running
  /// peak, which it raises first. Spikes come in stream order.
  public mutating func measure(_ spike: Spike) -> Float {
    let magnitude = abs(spike.coefficient)
    guard case .runningPeak(let decay) = reference else { return magnitude }
    let seconds = Double(spike.sample - peakSample) / sampleRate
    peak = max(floor, magnitude, peak * Float(exp(-seconds * decay * decibel)))
    peakSample = spike.sample
    return magnitude == peak ? 0 : Float(log(Double(magnitude) / Double(peak)) / decibel)
  }

  /// The intensity level of a spike, from 0, the weakest; nil when it is too far under the running peak to be kept.
  public mutating func level(_ spike: Spike) -> Int? {
    let measure = measure(spike)
    if let drop, measure < -drop { return nil }
    return edges.count { measure >= $0 }
  }
}

/// Natural logarithm of the amplitude ratio of one decibel.
private let decibel = log(10.0) / 20
