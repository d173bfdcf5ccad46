import Numerics

extension Attention {
  /// What one step of the block calculates; `tape` is what the kernel left of it. Where a map is made of spikes, it lets a
  /// value pass or stops it, which is no multiplication.
  func work(_ parameters: UnsafePointer<Scalar>, tape: UnsafePointer<Scalar>) -> LayerWork {
    var work = LayerWork()
    var weights = parameters
    let entries = Double(channels * places)
    let isSoft = description.output == .soft
    // The tape's order is the kernel's: both maps, then means and maxima of the channels.
    let averages = tape + channels + places
    let inner = Int(settings.hidden)
    if hasChannel {
      let maxima = averages + channels
      let innerFan = presentWeights(weights, rows: channels, width: inner)
      let outerWeights = weights + (channels + 1) * inner
      let outerFan = presentWeights(outerWeights, rows: inner, width: channels)
      work.units.additions += Double(channels * (places - 1))
      work.units.multiplications += Double(channels)
      work.meet(averages, fan: innerFan)
      work.meet(maxima, fan: innerFan)
      let fromAverage = maxima + 3 * channels
      let fromMaximum = fromAverage + inner
      let active = (0..<inner).map { unit in value(fromAverage[unit]) + value(fromMaximum[unit]) }
      work.units.additions += Double(inner)
      active.withUnsafeBufferPointer { active in
        if let base = active.baseAddress { work.meet(base, fan: outerFan) }
      }
      work.units += unit(count: channels)
      if isSoft { work.units.multiplications += entries }
      weights = outerWeights + (inner + 1) * channels
    }
    if hasSpatial {
      let means = averages + 4 * channels + 2 * inner
      let maxima = means + places
      work.units.additions += Double(places * (channels - 1))
      work.units.multiplications += Double(places)
      if isSoft && hasChannel { work.units.multiplications += entries }
      for (map, statistic) in [means, maxima].enumerated() { work.meet(statistic, fan: spatialFan(weights + map)) }
      work.units += unit(count: places)
      if isSoft { work.units.multiplications += entries }
    }
    return work
  }

  /// What an inner unit of the channel attention hands on.
  private func value(_ drive: Scalar) -> Scalar {
    description.output == .soft ? max(drive, 0) : drive >= 0 ? 1 : 0
  }

  /// Units of a map: a sigmoid each, or a membrane that leaks.
  private func unit(count: Int) -> Arithmetic {
    switch description.output {
    case .soft: Arithmetic(functions: Double(count))
    case .lif: .scaled(by: description.decay, count: count)
    case .binary: Arithmetic()
    }
  }

  /// For each place the weights of one of the two statistics that it meets in all places around it.
  private func spatialFan(_ weights: UnsafePointer<Scalar>) -> [Int] {
    let (height, width, kernel) = (Int(settings.height), Int(settings.width), description.kernel)
    return (0..<places).map { place in
      var count = 0
      for ky in 0..<kernel where (0..<height).contains(place / width - ky + kernel / 2) {
        for kx in 0..<kernel where (0..<width).contains(place % width - kx + kernel / 2) {
          if weights[2 * (ky * kernel + kx)] != 0 { count += 1 }
        }
      }
      return count
    }
  }
}
