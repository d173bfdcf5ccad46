import Glibc

/// A sliding mean of network outputs that cannot drift.
///
/// Outputs are held as fixed-point integers (2^-30, clipped to ±32,768), so adding a step and later taking it away is
/// exact: the mean depends on nothing but the steps inside the window.
struct LogitWindow: Codable, Equatable, Sendable {
  private static let scale = 1_073_741_824.0
  private static let clip: Float = 32_768
  /// 2^16 steps of 2^45 each stay within 2^61.
  static let stepLimit = 65_536

  /// Times of one step.
  private struct Span: Codable, Equatable, Sendable {
    var start: Int64
    var end: Int64
  }

  /// Values of a step: `rows` of one a label.
  let width: Int
  private let rowCount: Int
  private var sums: [Int64]
  /// Steps in order; those before `first` are gone and swept out now and then.
  private var rows: [Int64] = []
  private var spans: [Span] = []
  private var first = 0

  init(width: Int, rows: Int = 1) {
    self.width = width * rows
    rowCount = rows
    sums = [Int64](repeating: 0, count: self.width)
  }

  var count: Int { spans.count - first }
  /// Start of the oldest step inside.
  var startMicroseconds: Int64? { count > 0 ? spans[first].start : nil }
  /// End of the newest step inside.
  var endMicroseconds: Int64? { count > 0 ? spans.last?.end : nil }

  mutating func append(logits: [Float], startMicroseconds: Int64, endMicroseconds: Int64) {
    if count == Self.stepLimit { dropFirst() }
    for (index, logit) in logits.enumerated() {
      let fixed = Int64((Double(min(Self.clip, max(-Self.clip, logit))) * Self.scale).rounded())
      rows.append(fixed)
      sums[index] += fixed
    }
    spans.append(Span(start: startMicroseconds, end: endMicroseconds))
  }

  /// Appends all steps of another window.
  mutating func append(_ other: LogitWindow) {
    for index in other.first..<other.spans.count {
      if count == Self.stepLimit { dropFirst() }
      for column in 0..<width {
        let value = other.rows[index * width + column]
        rows.append(value)
        sums[column] += value
      }
      spans.append(other.spans[index])
    }
  }

  /// Drops steps that begin before a time.
  mutating func drop(before limit: Int64) {
    while count > 0 && spans[first].start < limit { dropFirst() }
  }

  /// Empties it; its room is kept.
  mutating func removeAll() {
    for column in 0..<width { sums[column] = 0 }
    rows.removeAll(keepingCapacity: true)
    spans.removeAll(keepingCapacity: true)
    first = 0
  }

  /// Writes the softmax of the mean over the steps inside, of which there must be one, into a list of one value a label:
  /// that of the row with the highest one, the first of equals.
  func write(scores: inout [Double]) {
    precondition(count > 0 && scores.count * rowCount == width, "scores are of a window with steps")
    var best = 0
    if rowCount > 1 {
      var bestTotal = Double.infinity
      for row in 0..<rowCount {
        // The highest value of a softmax is one over the total.
        let total = write(row, &scores)
        if total < bestTotal { (best, bestTotal) = (row, total) }
      }
    }
    let total = write(best, &scores)
    for label in scores.indices { scores[label] /= total }
  }

  /// Writes the logistic function of the mean over the steps inside, of which there must be one: each value by itself.
  func write(chances: inout [Double]) {
    precondition(count > 0 && chances.count == width, "chances are of a window with steps")
    for column in 0..<width { chances[column] = 1 / (1 + exp(-Double(sums[column]) / (Self.scale * Double(count)))) }
  }

  /// Writes the chances of labels that exclude each other, and nothing, whose output is 0: `exp(z_k) / (1 + sum exp(z))`.
  func write(exclusiveChances chances: inout [Double]) {
    precondition(count > 0 && chances.count == width, "chances are of a window with steps")
    var highest = 0.0
    for column in 0..<width {
      chances[column] = Double(sums[column]) / (Self.scale * Double(count))
      highest = max(highest, chances[column])
    }
    var total = exp(-highest)
    for column in 0..<width {
      chances[column] = exp(chances[column] - highest)
      total += chances[column]
    }
    for column in 0..<width { chances[column] /= total }
  }

  /// Writes the exponentials of a row's means less the highest of them, and returns their sum.
  private func write(_ row: Int, _ scores: inout [Double]) -> Double {
    let labels = scores.count
    var highest = -Double.infinity
    for label in 0..<labels {
      scores[label] = Double(sums[row * labels + label]) / (Self.scale * Double(count))
      highest = max(highest, scores[label])
    }
    var total = 0.0
    for label in 0..<labels {
      scores[label] = exp(scores[label] - highest)
      total += scores[label]
    }
    return total
  }

  private mutating func dropFirst() {
    for column in 0..<width { sums[column] -= rows[first * width + column] }
    first += 1
    if first >= 256 && first * 2 >= spans.count {
      rows.removeFirst(first * width)
      spans.removeFirst(first)
      first = 0
    }
  }
}
