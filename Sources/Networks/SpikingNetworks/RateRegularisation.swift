import Numerics
import Settings

/// A loss on how often neurons fire: a unit's spikes a step, over one sample, should lie between two bounds.
///
/// `L = strength · Σ over layers of the mean over units of (max(0, rate − upper)² + max(0, lower − rate)²)`, added to
/// each sample's loss, for every spiking layer of neurons and every spiking convolutional LSTM that is not inside a
/// residual block. (After the bounds on spike counts of Zenke and Vogels, Neural Computation 33, 2021.)
public struct RateRegularisation: Codable, Sendable, Equatable {
  public var strength: Double
  /// Spikes a step, `0 ... 1`; up to 255 for neurons that send several.
  public var lower: Double
  public var upper: Double

  public init(strength: Double, lower: Double = 0, upper: Double = 1) {
    self.strength = strength
    self.lower = lower
    self.upper = upper
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case strength, lower, upper }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init(strength: try values.required(.strength, .from(0, to: 1_000_000)))
    lower = try values.number(.lower, .from(0, to: 255), or: lower)
    upper = try values.number(.upper, .from(0, to: 255), or: upper)
    guard lower <= upper else {
      throw values.refusal("lower, \(lower), is above upper, \(upper)")
    }
  }

  /// How far a rate lies outside the bounds, with its sign.
  func excess(_ rate: Double) -> Double { rate > upper ? rate - upper : rate < lower ? rate - lower : 0 }
}

/// Spikes of a batch's spiking layers, added up window by window.
final class SpikeCounts<Scalar: Real> {
  private let widths: [Int?]
  private var totals: [(sum: Double, count: Int)]
  /// Spikes of each sample and unit, `[samples, units]`, where they are asked for one by one.
  private let units: [Buffer<Double>]
  private var isEach = false
  private var isTotal = false
  private var layout = BatchLayout(steps: [])
  /// For each layer the steps of the input for one of its own.
  private let strides: [Int]

  init(_ layers: [any Layer<Scalar>], strides: [Int]) {
    self.strides = strides
    widths = layers.map { layer in
      let spikes = layer.emitsSpikes && (layer.role == .neurons || layer.role == .cell)
      return spikes ? layer.outputWidth : nil
    }
    totals = widths.map { _ in (0, 0) }
    units = widths.map { _ in Buffer<Double>() }
  }

  func total(ofLayer index: Int) -> (sum: Double, count: Int) { totals[index] }

  func begin(_ layout: BatchLayout, each: Bool, totals wanted: Bool) {
    self.layout = layout
    isEach = each
    isTotal = wanted
    for (index, width) in widths.enumerated() {
      totals[index] = (0, 0)
      guard each, let width else { continue }
      units[index].resize(to: layout.samples * width)
      units[index].fill(0)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func add(_ activations: [Activations<Scalar>], _ passes: [LayerPass<Scalar>]) {
    guard isEach || isTotal else { return }
    for (index, width) in widths.enumerated() {
      guard let width else { continue }
      let window = passes[index].outputLayout
      let values = activations[index + 1].values.base
      if isTotal {
        var sum: Scalar = 0
        for place in 0..<window.rows * width { sum += values[place] }
        totals[index].sum += Double(sum)
        totals[index].count += window.rows * width
      }
      guard isEach else { continue }
      for sample in 0..<window.samples {
        let counts = units[index].base + sample * width
        for row in window.firstRow(of: sample)..<window.firstRow(of: sample) + window.steps(of: sample) {
          for unit in 0..<width { counts[unit] += Double(values[row * width + unit]) }
        }
      }
    }
  }

  /// Sum of the samples' losses.
  func loss(_ rates: RateRegularisation) -> Double {
    var sum = 0.0
    for (index, width) in widths.enumerated() {
      guard let width else { continue }
      for sample in 0..<layout.samples {
        let share = 1 / Double(layout.steps(of: sample) / strides[index])
        for unit in 0..<width {
          let excess = rates.excess(units[index].base[sample * width + unit] * share)
          sum += rates.strength * excess * excess / Double(width)
        }
      }
    }
    return sum
  }

  /// Adds the gradient of the batch's mean loss to that of a layer's output.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func addGradient(
    _ rates: RateRegularisation, layer index: Int, _ window: BatchLayout, to gradient: Buffer<Scalar>
  ) {
    guard let width = widths[index] else { return }
    for sample in 0..<window.samples {
      let share = 1 / Double(layout.steps(of: sample) / strides[index])
      let rows = window.firstRow(of: sample)..<window.firstRow(of: sample) + window.steps(of: sample)
      for unit in 0..<width {
        let excess = rates.excess(units[index].base[sample * width + unit] * share)
        guard excess != 0 else { continue }
        let slope = 2 * rates.strength * excess * share / Double(width * layout.samples)
        for row in rows { gradient.base[row * width + unit] += Scalar(slope) }
      }
    }
  }
}
