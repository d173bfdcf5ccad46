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

  let width: Int
  private var sums: [Int64]
  /// Steps in order; those before `first` are gone and swept out now and then.
  private var rows: [Int64] = []
  private var spans: [Span] = []
  private var first = 0

  init(width: Int) {
    self.width = width
    sums = [Int64](repeating: 0, count: width)
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

  /// Writes the softmax of the mean over the steps inside, of which there must be one, into a list of as many values.
  func write(scores: inout [Double]) {
    precondition(count > 0 && scores.count == width, "scores are of a window with steps")
    var highest = -Double.infinity
    for column in 0..<width {
      scores[column] = Double(sums[column]) / (Self.scale * Double(count))
      highest = max(highest, scores[column])
    }
    var total = 0.0
    for column in 0..<width {
      scores[column] = exp(scores[column] - highest)
      total += scores[column]
    }
    for column in 0..<width { scores[column] /= total }
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
