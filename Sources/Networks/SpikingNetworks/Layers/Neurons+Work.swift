import Numerics

extension Neurons {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    let rows = pass.layout.rows
    let count = rows * units
    let fan = description.recurrent ? presentWeights(pass.parameters + decayParameters, rows: units, width: units) : []
    let silence = Buffer<Scalar>(count: units)
    silence.fill(0)
    var resets = 0
    for sample in 0..<pass.layout.samples {
      for step in 0..<pass.layout.steps(of: sample) {
        let row = pass.output.values.base + (pass.layout.firstRow(of: sample) + step) * units
        if description.recurrent {
          work.meet(step > 0 ? UnsafePointer(row - units) : UnsafePointer(silence.base), fan: fan)
        }
        switch description.reset {
        case .soft: resets += (0..<units).count { row[$0] != 0 }
        case .softLate: resets += step > 0 ? (0..<units).count { row[$0 - units] != 0 } : 0
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
    if description.adaptationStrength != 0 {
      work.units += .scaled(by: description.adaptationDecay, count: count)
      work.units += .scaled(by: description.adaptationStrength, count: count)
    }
    work.units.additions += Double(resets)
    return work
  }
}
