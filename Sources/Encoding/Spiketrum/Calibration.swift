import SoundEncoders

/// What a place code takes over from training data, so that a stream begins as if it had heard such sound before.
extension SpiketrumConfiguration {
  /// The same configuration with its `startingPrice`, unless it has one: the median over the clips of the price that the
  /// rate came to by the end of each. Clips hold samples at the configuration's rate; where none is long enough for a
  /// price, the configuration stays as it is.
  public func withStartingPrice(from clips: some Sequence<[Float]>) throws(EncoderError) -> Self {
    if startingPrice != nil || dynamicRangeDecibels != nil { return self }
    let encoder = try SpiketrumEncoder(self)
    var prices: [Float] = []
    for clip in clips {
      var encoder = encoder
      encoder.push(clip) { _ in }
      if let price = encoder.price { prices.append(price) }
    }
    var configuration = self
    if !prices.isEmpty { configuration.startingPrice = prices.sorted()[prices.count / 2] }
    return configuration
  }

  /// The same configuration with edges that put an equal share of the clips' spikes in each of so many levels, terciles
  /// for three, measured against the configuration's reference.
  public func withEvenLevels(_ levels: Int, from clips: some Sequence<[Float]>) throws(EncoderError) -> Self {
    try EncoderError.require((1...64).contains(levels), "levels", levels, "in 1...64")
    let encoder = try SpiketrumEncoder(self)
    var measures: [Float] = []
    for clip in clips {
      var encoder = encoder
      var code = PlaceCode(self)
      let take = { (spike: Spike) in
        let measure = code.measure(spike)
        if let drop = dropBelowPeakDecibels, measure < -drop { return }
        measures.append(measure)
      }
      encoder.push(clip.span, spikes: take, emit: { _ in })
      encoder.finish(spikes: take, emit: { _ in })
    }
    var configuration = self
    configuration.levelEdges = try evenEdges(of: measures, levels: levels)
    return configuration
  }
}
