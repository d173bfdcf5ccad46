/// Edges that put an equal share of a training set's spikes in each level, terciles for three levels, measured against the
/// configuration's reference. Clips hold samples at the configuration's rate.
public func levelEdges(
  levels: Int, from clips: some Sequence<[Float]>, _ configuration: SpiketrumConfiguration
) throws(SpiketrumError) -> [Float] {
  try SpiketrumError.require((1...64).contains(levels), "levels", levels, "in 1...64")
  let encoder = try SpiketrumEncoder(configuration)
  var measures: [Float] = []
  for clip in clips {
    var encoder = encoder
    var code = PlaceCode(configuration)
    let take = { (spike: Spike) in
      let measure = code.measure(spike)
      if let drop = configuration.dropBelowPeakDecibels, measure < -drop { return }
      measures.append(measure)
    }
    encoder.push(clip.span, spikes: take, emit: { _ in })
    encoder.finish(spikes: take, emit: { _ in })
  }
  return try evenEdges(of: measures, levels: levels)
}

/// Edges that put an equal share of measured intensities in each level; equal intensities stay together.
public func evenEdges(of measures: [Float], levels: Int) throws(SpiketrumError) -> [Float] {
  try SpiketrumError.require((1...64).contains(levels), "levels", levels, "in 1...64")
  let sorted = measures.sorted()
  let distinct = Set(sorted).count
  try SpiketrumError.require(distinct >= levels, "spikes", "\(distinct) distinct intensities", "at least \(levels)")
  var edges: [Float] = []
  for level in 1..<max(levels, 1) {
    // A share that would be empty borrows the next larger measure.
    let edge = sorted[level * sorted.count / levels]
    let next = edges.last.map { last in edge > last ? edge : sorted.first { $0 > last } ?? edge } ?? edge
    edges.append(next)
  }
  return edges
}
