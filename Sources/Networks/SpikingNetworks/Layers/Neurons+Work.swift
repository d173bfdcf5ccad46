import Numerics

extension Neurons {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    let rows = pass.layout.rows
    let count = rows * units
    let fan = description.recurrent ? presentWeights(pass.parameters + recurrentOffset, rows: units, width: units) : []
    let silence = Buffer<Scalar>(count: units)
    silence.fill(0)
    let areCounts = description.maximumSpikes > 1
    // A reset by n thresholds is n additions.
    var resets = 0.0
    for sample in 0..<pass.layout.samples {
      for step in 0..<pass.layout.steps(of: sample) {
        let row = pass.output.values.base + (pass.layout.firstRow(of: sample) + step) * units
        if description.recurrent {
          work.meet(
            step > 0 ? UnsafePointer(row - units) : UnsafePointer(silence.base), areCounts: areCounts, fan: fan)
        }
        switch description.reset {
        case .soft: resets += (0..<units).reduce(0.0) { $0 + Double(row[$1]) }
        case .softLate: resets += step > 0 ? (0..<units).reduce(0.0) { $0 + Double(row[$1 - units]) } : 0
        case .hard, .none: break
        }
      }
    }
    // A learned decay is no constant, whatever it happens to be.
    work.units += .scaled(by: decayParameters > 0 ? 0.5 : description.decay, count: count)
    if description.inputScale == .leaky {
      work.units.multiplications +=
        decayParameters > 0 || (description.decay > 0 && description.decay < 1) ? Double(count) : 0
    }
    work.units += .scaled(by: description.synapticDecay, count: count)
    if description.adaptationStrength != 0 || description.subthresholdStrength != 0 {
      work.units += .scaled(by: description.adaptationDecay, count: count)
      work.units += .scaled(by: description.adaptationStrength, count: count)
    }
    if description.subthresholdStrength != 0 {
      work.units += .scaled(by: description.subthresholdStrength, count: count)
      work.units.additions += Double(count)
    }
    work.units.additions += resets
    return work
  }
}
