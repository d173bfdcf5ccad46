import Glibc

/// One spike of the place code: intensity level `level` of kernel `channel`, beginning at `sample` of the stream.
public struct PlaceSpike: Sendable, Equatable, Hashable, Codable {
  /// Place of the kernel in the dictionary.
  public var channel: Int
  /// Place of the amplitude among the levels.
  public var level: Int
  /// First sample of the kernel, since the start of the stream.
  public var sample: Int64

  /// A spike of the encoder.
  public init(channel: Int, level: Int, sample: Int64) {
    self.channel = channel
    self.level = level
    self.sample = sample
  }
}

/// Spikes back to sound: the sum of the kernels they stand for.
public struct SpiketrumDecoder: Sendable {
  /// The kernels that are added up.
  public let dictionary: GammatoneDictionary

  /// Silence, until spikes come.
  public init(_ dictionary: GammatoneDictionary) {
    self.dictionary = dictionary
  }

  /// The sound of the analogue code, `sampleCount` samples from the start of the stream; what rings on past them is cut.
  public func decode(_ spikes: some Sequence<Spike>, sampleCount: Int) -> [Float] {
    var sound = [Float](repeating: 0, count: sampleCount)
    for spike in spikes where dictionary.lengths.indices.contains(spike.kernel) {
      let kernel = dictionary.kernel(spike.kernel)
      // A kernel may begin before the stream or end after it.
      let first = max(0, -spike.sample)
      let end = min(Int64(kernel.count), Int64(sampleCount) - spike.sample)
      guard first < end else { continue }
      for tap in Int(first)..<Int(end) {
        sound[Int(spike.sample) + tap] += spike.coefficient * kernel[kernel.startIndex + tap]
      }
    }
    return sound
  }

  /// The sound of the place code: every spike of a level has that level's amplitude.
  public func decode(_ spikes: some Sequence<PlaceSpike>, amplitudes: [Float], sampleCount: Int) -> [Float] {
    decode(
      spikes.lazy.filter { amplitudes.indices.contains($0.level) }.map {
        Spike(kernel: $0.channel, sample: $0.sample, coefficient: amplitudes[$0.level])
      },
      sampleCount: sampleCount)
  }
}

/// Ratio of the energy of a sound to the energy of its difference from another, dB; the shorter one goes on in silence.
public func signalToNoiseDecibels(of decoded: [Float], reference: [Float]) -> Double {
  var signal = 0.0
  var noise = 0.0
  for index in 0..<max(decoded.count, reference.count) {
    let wanted = index < reference.count ? Double(reference[index]) : 0
    let got = index < decoded.count ? Double(decoded[index]) : 0
    signal += wanted * wanted
    noise += (wanted - got) * (wanted - got)
  }
  return 10 * log10(signal / noise)
}

/// The place code of a recording: spikes that are kept, and for each level the mean magnitude of its coefficients, which is
/// what the level is decoded as.
public struct PlacedRecording: Sendable {
  /// In the order of their times.
  public private(set) var spikes: [PlaceSpike] = []
  /// Mean magnitude of the coefficients of each level; zero for a level without spikes.
  public private(set) var amplitudes: [Float]

  /// Amplitudes as the places of levels.
  public init(_ analogue: some Sequence<Spike>, _ configuration: SpiketrumConfiguration) {
    var code = PlaceCode(configuration)
    var sums = [Double](repeating: 0, count: configuration.levels)
    var counts = [Double](repeating: 0, count: configuration.levels)
    for spike in analogue {
      guard let level = code.level(spike) else { continue }
      spikes.append(PlaceSpike(channel: spike.kernel, level: level, sample: spike.sample))
      sums[level] += Double(abs(spike.coefficient))
      counts[level] += 1
    }
    amplitudes = zip(sums, counts).map { $1 > 0 ? Float($0 / $1) : 0 }
  }
}
