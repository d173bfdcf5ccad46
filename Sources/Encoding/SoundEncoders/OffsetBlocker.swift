import Glibc

/// Takes a constant offset out of a sound: a high-pass filter of first order, as sound cards and codecs have one. A value.
///
/// An offset is no sound, but a pursuit finds it in every window and calls it activity. The filter starts from its first
/// sample as if the stream had always been so, so that an offset does not begin with a step.
package struct OffsetBlocker: Sendable {
  /// What is left of a sound long gone counts as nothing: numbers too small to be held exactly are slow.
  private static let nothing = 1e-30

  private let decay: Double
  private var last: (input: Double, output: Double)?

  /// - Parameters:
  ///   - frequency: where the filter takes away 3 dB, Hz.
  ///   - sampleRate: in Hz.
  package init(frequency: Double, sampleRate: Int) {
    decay = exp(-2 * .pi * frequency / Double(sampleRate))
  }

  /// Filters samples of the stream into `output`, which is overwritten; its room is used again.
  package mutating func process(_ samples: Span<Float>, into output: inout [Float]) {
    output.removeAll(keepingCapacity: true)
    var (input, result) = last ?? (samples.isEmpty ? 0 : Double(samples[0]), 0)
    for index in samples.indices {
      let sample = Double(samples[index])
      // The difference first: a sum with the sample would be rounded, and what is rounded off would stay for ever.
      result = decay * result + (sample - input)
      if result.magnitude < Self.nothing { result = 0 }
      input = sample
      output.append(Float(result))
    }
    if !samples.isEmpty || last != nil { last = (input, result) }
  }
}

/// A whole sound without its offset, as an encoder of that configuration hears it.
///
/// - Parameters:
///   - frequency: where the filter takes away 3 dB, Hz.
///   - sampleRate: in Hz.
public func withoutOffset(_ samples: [Float], frequency: Double, sampleRate: Int) -> [Float] {
  var blocker = OffsetBlocker(frequency: frequency, sampleRate: sampleRate)
  var output: [Float] = []
  blocker.process(samples.span, into: &output)
  return output
}
