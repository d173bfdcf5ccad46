import Numerics

/// Which of two groups of inputs is active.
package func groups(
  _ count: Int, shape: [Int] = [8], seed: UInt64
) -> (variants: [[SpikeSequence]], targets: [Int]) {
  var random = RandomStream(seed: seed)
  let half = shape.reduce(1, *) / 2
  var set: (variants: [[SpikeSequence]], targets: [Int]) = ([], [])
  for sample in 0..<count {
    let label = sample % 2
    var sequence = SpikeSequence(shape: shape)
    for _ in 0..<6 {
      let first = random.integer(below: half)
      let second = (first + 1 + random.integer(below: half - 1)) % half
      let channels = [first, second].sorted().map { UInt32(label * half + $0) }
      sequence.append(channels: channels, values: [1, 1])
    }
    set.variants.append([sequence])
    set.targets.append(label)
  }
  return set
}
