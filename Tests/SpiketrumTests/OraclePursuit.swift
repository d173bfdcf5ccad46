@testable import Spiketrum

/// Matching pursuit as the textbook has it: double precision, every correlation recomputed from the residual for every
/// pick. Slow and obviously right.
struct OraclePursuit {
  let kernels: [[Double]]
  var residual: [Double]
  let starts: Int

  init(_ dictionary: GammatoneDictionary, _ samples: [Float]) {
    kernels = (0..<dictionary.count).map { dictionary.kernel($0).map(Double.init) }
    starts = samples.count
    residual = samples.map(Double.init) + [Double](repeating: 0, count: dictionary.longest)
  }

  /// The best atom of all, subtracted from the residual.
  mutating func pick(positiveOnly: Bool) -> (kernel: Int, sample: Int, coefficient: Double) {
    var best = (kernel: 0, sample: 0, coefficient: 0.0)
    residual.withUnsafeBufferPointer { residual in
      for (number, kernel) in kernels.enumerated() {
        kernel.withUnsafeBufferPointer { kernel in
          for start in 0..<starts {
            var sum = 0.0
            for tap in 0..<min(kernel.count, residual.count - start) { sum += kernel[tap] * residual[start + tap] }
            if (positiveOnly ? sum : abs(sum)) > abs(best.coefficient) { best = (number, start, sum) }
          }
        }
      }
    }
    for (tap, value) in kernels[best.kernel].enumerated() where best.sample + tap < residual.count {
      residual[best.sample + tap] -= best.coefficient * value
    }
    return best
  }

  var energy: Double { residual.reduce(0) { $0 + $1 * $1 } }
}
