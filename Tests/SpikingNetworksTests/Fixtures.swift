import Numerics

@testable import SpikingNetworks

/// Random recordings for networks of a given input shape.
func randomSequences(
  shape: [Int], steps: [Int], density: Double, seed: UInt64, graded: Bool = false
) -> [SpikeSequence] {
  var random = RandomStream(seed: seed, purpose: "sequences")
  let width = shape.reduce(1, *)
  return steps.map { count in
    var sequence = SpikeSequence(shape: shape)
    for _ in 0..<count {
      var channels: [UInt32] = []
      var values: [Float] = []
      for channel in 0..<width where random.uniform() < density {
        channels.append(UInt32(channel))
        values.append(graded ? Float(random.uniform(in: 0.25...2)) : 1)
      }
      sequence.append(channels: channels, values: values)
    }
    return sequence
  }
}

/// One step of a recording as a frame.
func frame(_ sequence: SpikeSequence, step: Int) -> SpikeFrame {
  let range = sequence.range(ofStep: step)
  return SpikeFrame(
    step: step, startMicroseconds: Int64(step) * 1000, endMicroseconds: Int64(step + 1) * 1000,
    channels: Array(sequence.channels[range]), values: Array(sequence.values[range]))
}

/// Random numbers in place of the constants that parameters begin with, so that no gradient is zero by symmetry.
func disturbed<Scalar: Real>(_ network: Network<Scalar>, seed: UInt64, by spread: Double) -> Network<Scalar> {
  var network = network
  var random = RandomStream(seed: seed, purpose: "disturbance")
  for (_, specification, range) in network.named {
    // A measured variance stays positive.
    let lowest = specification.role == .statistic ? 0 : -spread
    for index in range { network.parameters[index] += Scalar(random.uniform(in: lowest...spread)) }
  }
  return network
}
