import SoundEncoders

/// Edges that put an equal share of measured intensities in each level; equal intensities stay together.
public func evenEdges(of measures: [Float], levels: Int) throws(EncoderError) -> [Float] {
  try EncoderError.require((1...64).contains(levels), "levels", levels, "in 1...64")
  let sorted = measures.sorted()
  let distinct = Set(sorted).count
  try EncoderError.require(distinct >= levels, "spikes", "\(distinct) distinct intensities", "at least \(levels)")
  var edges: [Float] = []
  for level in 1..<max(levels, 1) {
    // A share that would be empty borrows the next larger measure.
    let edge = sorted[level * sorted.count / levels]
    let next = edges.last.map { last in edge > last ? edge : sorted.first { $0 > last } ?? edge } ?? edge
    edges.append(next)
  }
  return edges
}
