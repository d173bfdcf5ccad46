import Glibc

/// Triangular bands equally spaced in mel, `2595 log10(1 + f / 700)`, over the bins of a power spectrum; each reaches from
/// the centre of the one below to that of the one above, where it is 1 at its own.
package struct MelFilters: Sendable {
  /// First bin and weights of each band.
  private let bands: [(first: Int, weights: [Float])]

  /// - Parameter transformSize: samples of the transform whose power spectrum is taken.
  package init(
    count: Int, sampleRate: Int, transformSize: Int, lowestFrequency: Double, highestFrequency: Double
  ) {
    let binHertz = Double(sampleRate) / Double(transformSize)
    let bins = transformSize / 2
    bands = (0..<count).map { band in
      let edges = (0...2).map {
        Self.frequency(band + $0 - 1, of: count, lowest: lowestFrequency, highest: highestFrequency)
      }
      let first = min(bins, Int((edges[0] / binHertz).rounded(.up)))
      let last = max(first, min(bins, Int(edges[2] / binHertz)))
      let weights = (first...last).map { bin -> Float in
        let frequency = Double(bin) * binHertz
        let rise = (frequency - edges[0]) / (edges[1] - edges[0])
        let fall = (edges[2] - frequency) / (edges[2] - edges[1])
        return Float(max(0, min(rise, fall)))
      }
      return (first, weights)
    }
  }

  /// Centre of a band, Hz; of the bands before the first and behind the last, the outer edges.
  package static func frequency(_ band: Int, of count: Int, lowest: Double, highest: Double) -> Double {
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let low = mel(lowest)
    let at = low + (mel(highest) - low) * Double(band + 1) / Double(count + 1)
    return 700 * (pow(10, at / 2595) - 1)
  }

  package var count: Int { bands.count }
  /// Weights that are not left out, of all bands.
  package var weightCount: Int { bands.reduce(0) { $0 + $1.weights.count } }

  /// The energy in a band of a power spectrum.
  package func energy(of band: Int, _ power: [Float]) -> Double {
    var energy = 0.0
    for (offset, weight) in bands[band].weights.enumerated() {
      energy += Double(weight * power[bands[band].first + offset])
    }
    return energy
  }
}
