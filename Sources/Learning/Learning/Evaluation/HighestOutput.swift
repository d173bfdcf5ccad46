extension [Float] {
  /// The highest of some outputs, the first of equals, and how sure it is: its logit.
  ///
  /// - Parameter outputs: at least one.
  package func highest(among outputs: [Int]) -> (output: Int, confidence: Float) {
    var best = (output: outputs[0], confidence: self[outputs[0]])
    for output in outputs where self[output] > best.confidence { best = (output, self[output]) }
    return best
  }
}
