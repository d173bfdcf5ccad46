import Numerics

/// The last `reach` inputs of a layer that looks back in time, `[reach, width]`, oldest first.
struct History<Scalar: Real> {
  let reach: Int
  let width: Int

  var count: Int { reach * width }

  /// Lets `steps` new rows push as many old ones out.
  func move(
    _ rows: UnsafePointer<Scalar>, steps: Int, since before: UnsafePointer<Scalar>,
    into after: UnsafeMutablePointer<Scalar>
  ) {
    let fresh = min(steps, reach)
    after.update(from: before + fresh * width, count: (reach - fresh) * width)
    (after + (reach - fresh) * width).update(from: rows + (steps - fresh) * width, count: fresh * width)
  }

  /// The way back: `gradient` comes as that of the history behind `steps` rows and leaves as that of the one before
  /// them; the rows' own share is added to theirs.
  func moveBack(_ gradient: UnsafeMutablePointer<Scalar>, steps: Int, into rows: UnsafeMutablePointer<Scalar>?) {
    let fresh = min(steps, reach)
    if let rows {
      let target = rows + (steps - fresh) * width
      for index in 0..<fresh * width { target[index] += gradient[(reach - fresh) * width + index] }
    }
    for index in stride(from: count - 1, through: fresh * width, by: -1) {
      gradient[index] = gradient[index - fresh * width]
    }
    gradient.update(repeating: 0, count: fresh * width)
  }
}
