import Events

/// Frames at another size: each pixel is the mean of what falls on it. Where the aspects differ, the middle is kept.
package struct AreaScaling: Sendable {
  private struct Share: Sendable {
    var from: Int
    var weights: [Float]
  }
  private let source: SensorGeometry
  private let target: SensorGeometry
  private let columns: [Share]
  private let rows: [Share]

  package init(from source: SensorGeometry, to target: SensorGeometry) {
    self.source = source
    self.target = target
    let step = min(
      Double(source.width) / Double(target.width), Double(source.height) / Double(target.height))
    func shares(_ count: Int, _ wanted: Int) -> [Share] {
      let begin = (Double(count) - step * Double(wanted)) / 2
      return (0..<wanted).map { index in
        let low = max(0, begin + step * Double(index))
        let high = min(Double(count), begin + step * Double(index + 1))
        let first = min(count - 1, Int(low))
        let last = max(first, min(count - 1, Int(high.rounded(.up)) - 1))
        let weights = (first...last).map { place -> Float in
          Float(max(0, min(high, Double(place + 1)) - max(low, Double(place))) / max(1e-9, high - low))
        }
        return Share(from: first, weights: weights)
      }
    }
    columns = shares(source.width, target.width)
    rows = shares(source.height, target.height)
  }

  package func apply(_ image: [Float], into scaled: inout [Float]) {
    precondition(image.count == source.pixelCount, "a frame has a value for every pixel")
    if source == target {
      scaled = image
      return
    }
    if scaled.count != target.pixelCount { scaled = [Float](repeating: 0, count: target.pixelCount) }
    var line = [Float](repeating: 0, count: source.width)
    for (y, row) in rows.enumerated() {
      for x in line.indices { line[x] = 0 }
      for (offset, weight) in row.weights.enumerated() {
        let begin = (row.from + offset) * source.width
        for x in line.indices { line[x] += weight * image[begin + x] }
      }
      for (x, column) in columns.enumerated() {
        var sum: Float = 0
        for (offset, weight) in column.weights.enumerated() { sum += weight * line[column.from + offset] }
        scaled[y * target.width + x] = sum
      }
    }
  }
}
