import Failures
import Foundation
import Numerics
import SpikingNetworks

/// How rectified linear units become integrate-and-fire neurons.
///
/// The threshold that balances a layer is a quantile of what its units give: the largest value alone leaves all others
/// many steps short of it (Rueckauer et al. 2017). Neurons begin at half of it, so that what is left at the end is rounded
/// and not cut off (Bu et al. 2022).
public struct Conversion: Sendable, Equatable {
  /// Share of a layer's values above zero that stay below the threshold; 1 takes the largest.
  public var quantile: Double
  /// Membrane potential before the first step, as a share of the threshold, `0 ..< 1`.
  public var initialPotential: Double

  public init(quantile: Double = 0.99, initialPotential: Double = 0.5) {
    self.quantile = quantile
    self.initialPotential = initialPotential
  }

  /// The largest value as threshold, and rest to begin with (Diehl et al. 2015): the weakest form there is.
  public static let weakest = Conversion(quantile: 1, initialPotential: 0)
}

extension Network where Scalar == Float {
  /// A network of rectified linear units as one of integrate-and-fire neurons with the same weights: no leak, soft reset,
  /// and every layer's threshold at what its units gave while `sequences` ran (written into the weights so that all
  /// thresholds are 1). A network without such units comes back as it is.
  ///
  /// - Throws: `ConversionError` where a layer behind the first rectifier cannot be scaled.
  public func converted(
    calibratedOn sequences: [SpikeSequence], _ conversion: Conversion = Conversion()
  ) throws -> Network {
    guard layers.contains(where: { $0.role == .rectifier }) else { return self }
    let plain = try folded()
    let runner = BatchRunner(plain, lanes: Lanes(count: 1, threads: 1), keepsOutputs: true)
    runner.forward(sequences, training: false)
    var made = plain
    var descriptions = plain.description.layers
    // What a spike of the layer before stands for.
    var scale: Float = 1
    for (index, layer) in plain.layers.enumerated() {
      switch layer.role {
      case .rectifier:
        descriptions[index] = .neurons(
          NeuronDescription(
            decay: 1, reset: .soft, surrogate: .triangle, surrogateWidth: 1,
            initialPotential: conversion.initialPotential))
      case .dense, .convolution:
        let isHidden = index + 1 < plain.layers.count && plain.layers[index + 1].role == .rectifier
        let threshold = isHidden ? Self.threshold(runner, layer: index + 1, quantile: conversion.quantile) : 1
        var offset = plain.parameterOffsets[index]
        for specification in layer.parameters {
          let factor = specification.role == .weight ? scale / threshold : 1 / threshold
          for place in offset..<offset + specification.count { made.parameters[place] *= factor }
          offset += specification.count
        }
        scale = threshold
      case .passage: break
      default: throw ConversionError.layer(index, kind: layer.kind)
      }
    }
    var converted = try Network(NetworkDescription(input: plain.description.input, layers: descriptions), seed: 0)
    converted.parameters = made.parameters
    return converted
  }

  /// What a layer of rectifiers gave at most, or at a quantile of what it gave above zero.
  private static func threshold(_ runner: BatchRunner<Float>, layer: Int, quantile: Double) -> Float {
    let values = runner.output(ofLayer: layer)
    let count = runner.layout(ofLayer: layer).rows * runner.layers[layer].outputWidth
    let active = (0..<count).map { values.base[$0] }.filter { $0 > 0 }.sorted()
    guard let largest = active.last else { return 1 }
    return quantile >= 1 ? largest : active[min(active.count - 1, Int(quantile * Double(active.count)))]
  }

  /// Takes over the parameters of another network's layers: one after another, each from the next layer of the same kind
  /// there, as long as their shapes are the same.
  ///
  /// - Throws: `ConversionError` where nothing fits.
  public mutating func take(from other: Network) throws {
    var taken = 0
    var next = 0
    for (index, layer) in layers.enumerated() where !layer.parameters.isEmpty {
      guard
        let found = (next..<other.layers.count).first(where: { place in
          other.layers[place].kind == layer.kind
            && other.layers[place].parameters.first?.shape == layer.parameters.first?.shape
        })
      else { continue }
      // A bias that one side lacks is left as it is: what both have comes first.
      let count = min(
        layer.parameters.reduce(0) { $0 + $1.count }, other.layers[found].parameters.reduce(0) { $0 + $1.count })
      for place in 0..<count {
        parameters[parameterOffsets[index] + place] = other.parameters[other.parameterOffsets[found] + place]
      }
      next = found + 1
      taken += 1
    }
    guard taken > 0 else { throw ConversionError.nothingFits }
  }
}

/// Why a network cannot become a spiking one, or another's beginning.
public enum ConversionError: ReportedError, Equatable {
  case layer(Int, kind: String)
  case nothingFits

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .layer(let index, let kind):
      "conversion: layer \(index) (\(kind)) has no spiking counterpart; use dense, conv, pool, flatten and relu"
    case .nothingFits:
      "beginning: no layer of the model has the kind and shape of one of the recipe's; use the same widths"
    }
  }
}
