import Numerics
import SoundEncoders

/// Sound to spikes of a place code: each kernel of the dictionary has one input for each intensity level.
///
/// An input's flat index is `channel * levels + level`. A frame counts the spikes that begin within its bin, each input
/// clipped at `countClip`. Every bin is emitted, in order, as soon as nothing more can begin in it.
///
/// Building an encoder builds its dictionary, which takes a tenth of a second; a copy shares it. For many recordings
/// make one encoder and copy it, or call ``encode(_:)``, for each of them.
public struct SpiketrumEncoder: Sendable {
  /// How it makes spikes.
  public let configuration: SpiketrumConfiguration
  private var pursuit: MatchingPursuit
  private var bins: PlaceCodeBins
  private var blocker: OffsetBlocker?
  /// The samples at hand without their offset; kept for its room.
  private var filtered: [Float] = []

  /// Throws ``EncoderError`` when the configuration is outside the ranges its documentation gives.
  public init(_ configuration: SpiketrumConfiguration) throws(EncoderError) {
    try self.init(configuration, dictionary: GammatoneDictionary(configuration.dictionary))
  }

  /// An encoder on a dictionary that has been built before from the same parameters.
  public init(_ configuration: SpiketrumConfiguration, dictionary: GammatoneDictionary) throws(EncoderError) {
    try configuration.checkPlaceCode()
    try EncoderError.require(
      dictionary.parameters == configuration.dictionary, "dictionary", "\(dictionary.parameters)",
      "built from \(configuration.dictionary)")
    self.configuration = configuration
    pursuit = try configuration.makePursuit(dictionary)
    bins = PlaceCodeBins(configuration)
    blocker = configuration.highPassFrequency.map {
      OffsetBlocker(frequency: $0, sampleRate: configuration.sampleRate)
    }
  }

  /// Extent of the input: one dimension, `[channelCount * levels]`.
  public var shape: [Int] { [channelCount * levels] }
  /// Number of kernels.
  public var channelCount: Int { configuration.channelCount }
  /// Number of intensity levels.
  public var levels: Int { configuration.levels }
  /// The kernels, to be shared with other encoders and decoders.
  public var dictionary: GammatoneDictionary { pursuit.dictionary }

  /// The coefficient that the rate reaches down to at present, nil before the first window is full.
  public var price: Float? { pursuit.price }

  /// Multiply-accumulates so far.
  public var multiplications: Int64 { pursuit.multiplications }

  /// Stream time from the end of a bin until its frame is emitted, at most: kernel, look-ahead and two hops.
  public var latencyMicroseconds: Int64 {
    let samples = (pursuit.latencySamples ?? 0) + pursuit.hop
    return Int64(samples) * 1_000_000 / Int64(configuration.sampleRate)
  }

  /// Takes samples of the stream, at the configuration's rate and about -1...1, and emits the frames that are complete.
  public mutating func push(_ samples: Span<Float>, emit: (SpikeFrame) -> Void) {
    push(samples, spikes: { _ in }, emit: emit)
  }

  /// Takes samples and hands over the analogue code beside the frames.
  public mutating func push(_ samples: Span<Float>, spikes: (Spike) -> Void, emit: (SpikeFrame) -> Void) {
    guard blocker != nil else { return pursue(samples, spikes: spikes, emit: emit) }
    blocker?.process(samples, into: &filtered)
    // Taken out while the rest of the encoder changes, and put back for its room.
    let sound = filtered
    pursue(sound.span, spikes: spikes, emit: emit)
  }

  private mutating func pursue(_ samples: Span<Float>, spikes: (Spike) -> Void, emit: (SpikeFrame) -> Void) {
    pursuit.push(samples) { spike in
      spikes(spike)
      bins.add(spike, emit)
    }
    bins.advance(toSample: pursuit.closedThrough, emit)
  }

  /// Ends the stream and emits what is left, up to and with the bin of the last sample.
  public mutating func finish(emit: (SpikeFrame) -> Void) {
    finish(spikes: { _ in }, emit: emit)
  }

  /// Ends the stream and hands over the rest of the analogue code beside the frames.
  public mutating func finish(spikes: (Spike) -> Void, emit: (SpikeFrame) -> Void) {
    guard !pursuit.isFinished else { return }
    pursuit.finish { spike in
      spikes(spike)
      bins.add(spike, emit)
    }
    bins.finish(samples: pursuit.received, emit)
  }
}
