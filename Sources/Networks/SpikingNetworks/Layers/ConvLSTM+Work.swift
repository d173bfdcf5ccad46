import Numerics

extension ConvLSTM {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    let record = record(pass)
    let inputFan = fromInput.fan(pass.parameters)
    let hiddenFan = fromHidden.fan(pass.parameters + hiddenWeightAt)
    let map = Buffer<Scalar>(count: mapCount)
    for sample in 0..<pass.layout.samples {
      let first = pass.layout.firstRow(of: sample)
      for step in first..<first + pass.layout.steps(of: sample) {
        var input = UnsafePointer(pass.input.values.base + step * inputWidth)
        if attends(.input) {
          attendAgain(record, step: step, map: input, stride: inputShape[2], smooth: false, into: map.base)
          input = UnsafePointer(map.base)
        }
        work.meet(input, areCounts: pass.input.areCounts, fan: inputFan)
        var hidden = step > first ? UnsafePointer(record.hidden + (step - 1) * units) : record.zeros
        if attends(.hidden) {
          attendAgain(record, step: step, map: hidden, stride: channels, smooth: false, into: map.base)
          hidden = UnsafePointer(map.base)
        }
        work.meet(hidden, fan: hiddenFan)
        if let attention {
          work += attention.work(pass.parameters + attentionAt, tape: record.tapes + step * tapeCount)
        }
      }
    }
    // Three sigmoids and two hyperbolic tangents; f · c, i · g and o · tanh(c).
    let count = Double(pass.layout.rows * units)
    work.units += Arithmetic(multiplications: 3 * count, functions: 5 * count)
    return work
  }
}
