import Learning
import Numerics

extension SpikeSequence {
  /// The same frames in another order: step `t` is step `order[t]` of this sequence.
  public func steps(inOrder order: [Int]) -> SpikeSequence {
    var changed = SpikeSequence(shape: shape)
    for step in order {
      let range = range(ofStep: step)
      changed.append(channels: Array(channels[range]), values: Array(values[range]))
    }
    return changed
  }
}

extension TrainingSet {
  /// Every recording with its frames in a random order: what is left for a network that does not use time.
  public func shuffledInTime(seed: UInt64) -> TrainingSet {
    var set = self
    for index in variants.indices {
      var random = RandomStream(seed: seed, purpose: "time", index: index)
      set.variants[index] = variants[index].map { sequence in
        var order = Array(0..<sequence.steps)
        random.shuffle(&order)
        return sequence.steps(inOrder: order)
      }
    }
    return set
  }

  /// Every recording forwards and backwards; backwards, its class is `classes` higher. Both have the same frames, so
  /// that only their order tells the direction.
  public func withReversed(classes: Int) -> TrainingSet {
    let reversed = variants.map { $0.map { $0.steps(inOrder: Array((0..<$0.steps).reversed())) } }
    return TrainingSet(variants: variants + reversed, targets: targets + targets.map { $0 + classes })
  }
}
