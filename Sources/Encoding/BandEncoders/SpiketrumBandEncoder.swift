import Numerics
import SoundEncoders
import Spiketrum

/// Turns the spikes of a pursuit into energies of bands; see `SpiketrumBandConfiguration`.
struct SpiketrumBandEncoder: SoundEncoder {
  private let sampleRate: Int64
  private var pursuit: MatchingPursuit
  private var bins: BandBins

  init(_ configuration: SpiketrumBandConfiguration) throws(EncoderError) {
    let dictionary = try GammatoneDictionary(configuration.spiketrum.dictionary)
    pursuit = try configuration.spiketrum.makePursuit(dictionary)
    sampleRate = Int64(configuration.sampleRate)
    bins = BandBins(configuration, dictionary)
  }

  var shape: [Int] { [bins.channelCount] }

  /// Of the pursuit, and until no atom can begin any more that reaches back into the step.
  var latencyMicroseconds: Int64 {
    Int64((pursuit.latencySamples ?? 0) + pursuit.hop) * 1_000_000 / sampleRate + bins.lateMicroseconds
  }

  var work: EncoderWork? {
    EncoderWork(kind: .matchingPursuit, multiplications: Double(pursuit.multiplications) + bins.multiplications)
  }

  mutating func push(_ samples: Span<Float>, emit: (SpikeFrame) -> Void) {
    pursuit.push(samples) { bins.add($0, emit) }
    bins.advance(toMilliseconds: pursuit.closedThrough * 1_000 / sampleRate, emit)
  }

  mutating func finish(emit: (SpikeFrame) -> Void) {
    guard !pursuit.isFinished else { return }
    pursuit.finish { bins.add($0, emit) }
    bins.finish(samples: pursuit.received, emit)
  }
}

/// Adds up the energies of atoms step by step, and emits each step once, in order.
private struct BandBins: Sendable {
  private let sampleRate: Int64
  private let stepMicroseconds: Int64
  private let spread: AtomSpread
  private let scale: Float
  private var compressor: BandCompressor
  /// Energies of the steps that are open, each a row of channels, in a ring by the step's number.
  private var ring: [Float]
  /// Energy of each of them.
  private var totals: [Float]
  /// Energy of a step under which it is silent: a thousandth of the weakest atom's, which tails of envelopes leave.
  private let silence: Float
  private var frame: SpikeFrame
  private var values: [Float]
  /// Products so far, those of the pursuit left out.
  private(set) var multiplications = 0.0

  init(_ configuration: SpiketrumBandConfiguration, _ dictionary: GammatoneDictionary) {
    sampleRate = Int64(configuration.sampleRate)
    stepMicroseconds = configuration.stepMicroseconds
    scale = configuration.scale
    spread = AtomSpread(dictionary, stepMilliseconds: Int(configuration.stepMicroseconds / 1_000))
    compressor = BandCompressor(
      configuration.compression, bands: dictionary.count, means: configuration.means,
      deviations: configuration.deviations)
    ring = [Float](repeating: 0, count: spread.reach * dictionary.count)
    totals = [Float](repeating: 0, count: spread.reach)
    let weakest = configuration.spiketrum.silenceThreshold
    silence = 1e-3 * scale * weakest * weakest
    frame = SpikeFrame(step: 0, startMicroseconds: 0, endMicroseconds: configuration.stepMicroseconds)
    values = [Float](repeating: 0, count: dictionary.count)
  }

  var channelCount: Int { values.count }
  /// How long after its end a step is still open.
  var lateMicroseconds: Int64 { spread.lateMicroseconds }

  /// Takes an atom; atoms come in stream order.
  mutating func add(_ spike: Spike, _ emit: (SpikeFrame) -> Void) {
    let time = spike.sample * 1_000 / sampleRate
    advance(toMilliseconds: time, emit)
    let step = Int(time * 1_000 / stepMicroseconds)
    let phase = Int(time) - step * spread.stepMilliseconds
    let energy = scale * spike.coefficient * spike.coefficient
    for (offset, weight) in spread.weights(of: spike.kernel, phase: phase).enumerated() {
      let target = step + offset - spread.early
      // Before the stream's first step there is nothing, and a weight of nothing needs no room.
      guard target >= frame.step, weight > 0 else { continue }
      let row = target % spread.reach
      ring[row * channelCount + spike.kernel] += energy * weight
      totals[row] += energy * weight
      multiplications += 1
    }
  }

  /// Emits every step that an atom which begins from that time on reaches no more.
  mutating func advance(toMilliseconds time: Int64, _ emit: (SpikeFrame) -> Void) {
    while frame.endMicroseconds + spread.lateMicroseconds <= time * 1_000 { complete(emit) }
  }

  /// Emits the rest of a stream of so many samples, up to and with the step of the last one.
  mutating func finish(samples: Int64, _ emit: (SpikeFrame) -> Void) {
    guard samples > 0 else { return }
    let last = (samples - 1) * 1_000_000 / sampleRate / stepMicroseconds
    while frame.step <= Int(last) { complete(emit) }
  }

  private mutating func complete(_ emit: (SpikeFrame) -> Void) {
    frame.channels.removeAll(keepingCapacity: true)
    frame.values.removeAll(keepingCapacity: true)
    let row = frame.step % spread.reach
    let count = channelCount
    if totals[row] > silence {
      spread.overChannels(ring, at: row * count, into: &values)
      compressor.compress(&values)
      frame.append(nonzero: values)
      multiplications += Double(count * count + 2 * count)
    } else {
      compressor.passSilence()
    }
    for channel in 0..<count { ring[row * count + channel] = 0 }
    totals[row] = 0
    emit(frame)
    frame.step += 1
    frame.startMicroseconds = frame.endMicroseconds
    frame.endMicroseconds += stepMicroseconds
  }
}
