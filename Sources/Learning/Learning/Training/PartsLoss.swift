import Foundation
import Numerics
import SpikingNetworks

/// A loss on the parts of labels, in front of the layer that unites them: cross-entropy of the parts' mean logits over time.
struct PartsLoss<Scalar: Real> {
  /// The layer whose outputs are the parts.
  let layer: Int
  private let weight: Double
  private let labelSmoothing: Double
  private let count: Int
  private var gradient: [Scalar] = []
  private var rows: [Range<Int>] = []

  /// - Returns: nil where the loss is not asked for.
  /// - Throws: `TrainingError` for a network that unites nothing, or training that cannot look inside it.
  init?(_ network: Network<Scalar>, _ options: TrainingOptions) throws(TrainingError) {
    guard options.loss.parts > 0 else { return nil }
    guard let last = network.layers.last, last.role == .union, network.layers.count > 1 else { throw .noUnion }
    guard options.window == nil, options.distillation?.looksInside != true else { throw .partsBesideOthers }
    layer = network.layers.count - 2
    weight = options.loss.parts
    labelSmoothing = options.loss.labelSmoothing
    count = last.inputWidth
  }

  /// - Parameter parts: of each sample its part, counted over all labels; nil where it is not known.
  /// - Returns: the sum of what the samples add to the loss.
  mutating func apply(_ runner: BatchRunner<Scalar>, parts: [Int?]) -> Double {
    let logits = runner.output(ofLayer: layer).base
    gradient = [Scalar](repeating: 0, count: parts.count * count)
    rows = parts.indices.map {
      runner.layout.firstRow(of: $0)..<runner.layout.firstRow(of: $0) + runner.layout.steps(of: $0)
    }
    var lossSum = 0.0
    for (sample, part) in parts.enumerated() {
      guard let part else { continue }
      var mean = [Double](repeating: 0, count: count)
      for row in rows[sample] {
        for output in 0..<count { mean[output] += Double(logits[row * count + output]) / Double(rows[sample].count) }
      }
      let peak = mean.max() ?? 0
      let sum = mean.reduce(0) { $0 + exp($1 - peak) }
      for output in 0..<count {
        let wanted = labelSmoothing / Double(count) + (output == part ? 1 - labelSmoothing : 0)
        lossSum += weight * wanted * (log(sum) + peak - mean[output])
        let delta = exp(mean[output] - peak) / sum - wanted
        gradient[sample * count + output] = Scalar(
          weight * delta / Double(parts.count) / Double(max(rows[sample].count, 1)))
      }
    }
    return lossSum
  }

  /// Adds the gradient of the last `apply` to that of the layer's output.
  func add(to output: Buffer<Scalar>) {
    for (sample, rows) in rows.enumerated() {
      for row in rows {
        for place in 0..<count { output.base[row * count + place] += gradient[sample * count + place] }
      }
    }
  }
}
