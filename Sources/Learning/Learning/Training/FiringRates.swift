import Foundation
import Numerics
import SpikingNetworks

/// Scales synapses until the neurons behind them fire as often as wanted: sparse networks begin no more silent than full
/// ones, whatever their density.
enum FiringRates {
  /// Layers of synapses whose currents go straight to the neurons behind them.
  static func synapses(of network: Network<Float>) -> [(synapses: Int, neurons: Int)] {
    network.layers.indices.compactMap { index in
      let next = index + 1
      guard [.dense, .convolution].contains(network.layers[index].role), next < network.layers.count,
        network.layers[next].role == .neurons, network.layers[next].emitsSpikes
      else { return nil }
      return (index, next)
    }
  }

  /// The parameters of `runner` with each such layer scaled, from the input on, so that `rate` is met to a twentieth where a
  /// factor between 1/64 and 64 can.
  static func scale(
    _ runner: BatchRunner<Float>, _ network: Network<Float>, to rate: Double, on sample: [SpikeSequence]
  ) {
    for (synapses, neurons) in Self.synapses(of: network) {
      let begin = network.parameterOffsets[synapses]
      let weights = begin..<begin + (network.layers[synapses].parameters.first?.count ?? 0)
      let original = weights.map { runner.parameters.base[$0] }
      var (low, high) = (-6.0, 6.0)
      for _ in 0..<14 {
        let exponent = (low + high) / 2
        let factor = Float(exp2(exponent))
        for (place, index) in weights.enumerated() { runner.parameters.base[index] = original[place] * factor }
        runner.forward(sample, training: false)
        let activity = runner.activity(ofLayer: neurons)
        let found = activity.sum / Double(max(activity.count, 1))
        if abs(found - rate) < rate / 20 { break }
        if found < rate { low = exponent } else { high = exponent }
      }
    }
  }
}
