import Numerics

/// What lies before a window of a longer sequence reaches into it through the later taps.
extension Dense {
  /// Inputs of earlier steps that later ones look at.
  var past: History<Scalar> { History(reach: (description.taps - 1) * description.dilation, width: inputs) }

  /// Calls `body` for every tap and step of a window whose input lies before it, with the place of that input in the
  /// history.
  private func forEachPastStep(steps: Int, _ body: (_ tap: Int, _ step: Int, _ place: Int) -> Void) {
    for tap in 1..<max(description.taps, 1) {
      let delay = tap * description.dilation
      for step in 0..<min(delay, steps) { body(tap, step, past.reach + step - delay) }
    }
  }

  /// Adds to the window's outputs what earlier inputs send them, where that has not been done, and hands the inputs on to
  /// the next window.
  func addPast(_ pass: LayerPass<Scalar>, isDone: (_ sample: Int) -> Bool) {
    guard let carried = pass.carried, past.reach > 0 else { return }
    let lists = tape(pass).past.sized(pass.lanes.count * inputs).base
    let output = pass.output.values.base
    pass.forEachSample { lane, sample, row, steps in
      let list = lists + lane * inputs
      let before = carried.before + sample * carriedCount
      let after = carried.after + sample * carriedCount
      if !isDone(sample) {
        forEachPastStep(steps: steps) { tap, step, place in
          let earlier = before + place * inputs
          let count = Scalar.listActive(earlier, width: inputs, into: list)
          Scalar.scatter(
            active: list, count: count, earlier, pass.parameters + tap * inputs * units, width: units,
            into: output + (row + step) * units)
        }
      }
      guard !pass.input.sequences.isEmpty else {
        past.move(pass.input.values.base + row * inputs, steps: steps, since: before, into: after)
        return
      }
      let fresh = min(steps, past.reach)
      let kept = past.reach - fresh
      after.update(from: before + fresh * inputs, count: kept * inputs)
      (after + kept * inputs).update(repeating: 0, count: fresh * inputs)
      let sequence = pass.input.sequences[sample]
      for step in 0..<fresh {
        for spike in sequence.range(ofStep: steps - fresh + step) {
          after[(kept + step) * inputs + Int(sequence.channels[spike])] = Scalar(sequence.values[spike])
        }
      }
    }
  }

  /// Weight gradient of what earlier inputs sent into the window.
  func addPastWeightGradient(
    before: UnsafePointer<Scalar>, delta: UnsafePointer<Scalar>, steps: Int, list: UnsafeMutablePointer<UInt32>,
    to gradient: UnsafeMutablePointer<Scalar>
  ) {
    forEachPastStep(steps: steps) { tap, step, place in
      let earlier = before + place * inputs
      let count = Scalar.listActive(earlier, width: inputs, into: list)
      Scalar.addOuter(
        active: list, count: count, earlier, delta + step * units, width: units,
        into: gradient + tap * inputs * units)
    }
  }
}
