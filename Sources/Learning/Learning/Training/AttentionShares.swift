import Foundation

/// What the attention of a layer did when a network was trained: whether it chose at all, or was the same in every step.
package struct AttentionShares: Sendable, Equatable {
  /// Path of the layer, as `8` or `8.0`.
  package let layer: String
  /// `channel` or `spatial`.
  package let map: String
  /// Mean of the map; with spikes, the share of it that is on.
  package let on: Double
  /// Share of the map's units that were the same in all steps of a batch.
  package let constant: Double

  /// From the figures that layers tell; see `Layer.measurements`.
  package static func found(in measurements: [String: Double]) -> [AttentionShares] {
    measurements.keys.sorted().compactMap { key in
      for map in ["channel", "spatial"] where key.hasSuffix(".\(map)AttentionOn") {
        let layer = String(key.dropLast(".\(map)AttentionOn".count))
        guard let on = measurements[key], let constant = measurements["\(layer).\(map)AttentionConstant"] else {
          return nil
        }
        return AttentionShares(layer: layer, map: map, on: on, constant: constant)
      }
      return nil
    }
  }

  private static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }

  package var text: String {
    "\(map) attention of layer \(layer) is on for \(Self.percent(on)), \(Self.percent(constant)) of it never changes"
  }

  /// What is wrong with it; nil where it chooses.
  package var warning: String? {
    if constant > 0.95 {
      return
        "\(map) attention of layer \(layer) never changes: it chooses nothing, and the network would do as well without it"
    }
    return on < 0.05
      ? "\(map) attention of layer \(layer) is on for \(Self.percent(on)): it erases nearly all of the memory" : nil
  }
}
