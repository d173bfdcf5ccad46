import Numerics

extension Dense {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    // Weights that an input meets through its first taps.
    var reached = [[Int](repeating: 0, count: inputs)]
    for tap in 0..<description.taps {
      let next = presentWeights(pass.parameters + tap * inputs * units, rows: inputs, width: units)
      reached.append(zip(reached[tap], next).map { $0 + $1 })
    }
    for sample in 0..<pass.layout.samples {
      let steps = pass.layout.steps(of: sample)
      for step in 0..<steps {
        // What reaches beyond the last step is never asked for.
        let weights = reached[min(description.taps, (steps - 1 - step) / description.dilation + 1)]
        guard pass.input.sequences.isEmpty else {
          let sequence = pass.input.sequences[sample]
          work.inputs += Double(inputs)
          for place in sequence.range(ofStep: step) where sequence.values[place] != 0 {
            work.meet(isSpike: sequence.values[place] == 1, weights: weights[Int(sequence.channels[place])])
          }
          continue
        }
        work.meet(
          pass.input.values.base + (pass.layout.firstRow(of: sample) + step) * inputs,
          areCounts: pass.input.areCounts, fan: weights)
      }
    }
    return work
  }
}
