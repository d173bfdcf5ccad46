import SoundEncoders

/// A spike of one of several microphones.
public struct MicrophoneSpike: Sendable, Equatable, Hashable, Codable {
  /// Number of the microphone, from 0.
  public var microphone: Int
  /// What was found there.
  public var spike: Spike

  /// A spike of one microphone.
  public init(microphone: Int, spike: Spike) {
    self.microphone = microphone
    self.spike = spike
  }
}

/// Several microphones of one clock: each is pursued by itself, on one dictionary, and all spikes come in one stream.
///
/// Each microphone's spikes are what a ``MatchingPursuit`` of its sound alone would give; together they are in stream
/// order, by time, then microphone, then kernel. One microphone's rate, threshold or SNR is what the settings say.
public struct MultichannelPursuit: Sendable {
  private var pursuits: [MatchingPursuit]
  private var separated: [Float] = []
  private var arrived: [MicrophoneSpike] = []

  /// Throws ``EncoderError`` when a setting is outside its range, or the number of microphones outside 1...1024.
  public init(
    dictionary: GammatoneDictionary, settings: MatchingPursuit.Settings, microphones: Int
  ) throws(EncoderError) {
    try EncoderError.require((1...1024).contains(microphones), "microphones", microphones, "in 1...1024")
    let pursuit = try MatchingPursuit(dictionary: dictionary, settings: settings)
    pursuits = [MatchingPursuit](repeating: pursuit, count: microphones)
  }

  /// Number of microphones.
  public var microphones: Int { pursuits.count }

  /// Samples from the start of an atom until it is final; nil when the pursuit waits for the end.
  public var latencySamples: Int? { pursuits[0].latencySamples }

  /// Takes frames of one sample a microphone, in turn, and hands over the spikes that have become final.
  public mutating func push(_ interleaved: Span<Float>, emit: (MicrophoneSpike) -> Void) {
    precondition(interleaved.count % microphones == 0, "frames hold one sample of each microphone")
    let (microphones, frames) = (microphones, interleaved.count / microphones)
    // Taken out while the pursuits hand over into it, and given back with its storage.
    var found: [MicrophoneSpike] = []
    swap(&found, &arrived)
    var samples: [Float] = []
    swap(&samples, &separated)
    var taken = 0
    while taken < frames {
      // All microphones close the same hop before the next begins, so that their spikes can be put in one order.
      let hop = pursuits[0].hop
      let count = min(hop - Int(pursuits[0].received % Int64(hop)), frames - taken)
      for microphone in pursuits.indices {
        samples.removeAll(keepingCapacity: true)
        for frame in taken..<taken + count { samples.append(interleaved[frame * microphones + microphone]) }
        pursuits[microphone].push(samples.span) { found.append(.init(microphone: microphone, spike: $0)) }
      }
      taken += count
      Self.handOver(&found, emit)
    }
    swap(&found, &arrived)
    swap(&samples, &separated)
  }

  /// Ends the stream: decides everything that is still open and hands it over.
  public mutating func finish(emit: (MicrophoneSpike) -> Void) {
    var found: [MicrophoneSpike] = []
    for microphone in pursuits.indices {
      pursuits[microphone].finish { found.append(.init(microphone: microphone, spike: $0)) }
    }
    Self.handOver(&found, emit)
  }

  /// Puts what closed together in order and empties the list.
  private static func handOver(_ found: inout [MicrophoneSpike], _ emit: (MicrophoneSpike) -> Void) {
    found.sort { a, b in
      if a.spike.sample != b.spike.sample { return a.spike.sample < b.spike.sample }
      if a.microphone != b.microphone { return a.microphone < b.microphone }
      return Spike.precedes(a.spike, b.spike)
    }
    for spike in found { emit(spike) }
    found.removeAll(keepingCapacity: true)
  }
}
