import Foundation
import Learning
import Numerics
import SpikingNetworks

/// Everything that training on streams needs to go on: nothing else decides what follows.
struct StreamTrainingState: Sendable, Equatable {
  var steps = 0
  var parameters: [Float]
  var first: [Float]
  var second: [Float]
  var average: [Float]
  var mined: [SpeechPiece] = []
  /// Where each recording's word stands, in steps; in the order of the material.
  var spans: [Range<Int>]
  var history: [StreamProgressRecord] = []
}

/// What the network can do at some point of the training.
public struct StreamProgressRecord: Codable, Sendable, Equatable {
  /// Chunks heard so far.
  public var chunks: Int
  /// Mean losses since the record before.
  public var loss: Double
  /// Share of the words missed on the stream of progress, at 5 false accepts an hour, or as close as it gets.
  public var missed: Double?
  public var falseAcceptsPerHour: Double?
}

/// Trains a network to find words in streams that are composed anew for every chunk.
///
/// Every random choice follows from the seed and the chunk's number, so that a training that was stopped goes on to the same
/// weights as one that was not, on any number of threads.
final class StreamTrainer {
  let options: StreamTrainingOptions
  private(set) var state: StreamTrainingState
  private let network: Network<Float>
  private let runner: BatchRunner<Float>
  private var optimiser: Optimiser<Float>
  private var composer: ChunkComposer
  private let loss: StreamLoss
  private let threads: Int

  /// - Parameters:
  ///   - free: steps at the beginning of a chunk in which nothing counts.
  ///   - resuming: a state to go on from.
  init(
    _ network: Network<Float>, _ options: StreamTrainingOptions, composer: ChunkComposer, free: Int, threads: Int,
    resuming: StreamTrainingState? = nil
  ) throws {
    var network = network
    self.options = options
    self.composer = composer
    self.threads = threads
    let bands = composer.material.bands
    loss = StreamLoss(options: options.loss, free: free, stepSeconds: Double(bands.stepMicroseconds) / 1e6)
    // Words are rare: a network that begins with that opinion need not learn it first.
    if let bias = network.named.last(where: { $0.name.hasSuffix(".bias") && $0.range.count == network.outputCount }) {
      for index in bias.range { network.parameters[index] = -2 }
    }
    self.network = network
    runner = BatchRunner(network, lanes: Lanes(threads: threads), rates: options.loss.rates)
    optimiser = Optimiser(options.optimiser, for: network)
    if let resuming {
      guard resuming.parameters.count == network.parameters.count, resuming.spans.count == composer.material.words.count
      else { throw TrainingError.otherNetwork }
      state = resuming
      runner.parameters.array = resuming.parameters
      optimiser.first = resuming.first
      optimiser.second = resuming.second
      optimiser.steps = resuming.steps
      self.composer.mined = resuming.mined
      for (index, span) in resuming.spans.enumerated() { self.composer.material.words[index].span = span }
    } else {
      state = StreamTrainingState(
        parameters: network.parameters, first: optimiser.first, second: optimiser.second, average: network.parameters,
        spans: composer.material.words.map(\.span))
    }
  }

  var isFinished: Bool { state.steps >= options.steps }

  /// The step at which the training pauses next: to mine, or at its end.
  var nextPause: Int {
    options.mining.after.map { Int(($0 * Double(options.steps)).rounded()) }.first { $0 > state.steps } ?? options.steps
  }

  /// The network with the averaged weights.
  var averaged: Network<Float> {
    var network = network
    network.parameters = state.average
    return network
  }

  /// Learns until the next pause, mines there, and returns the mean loss on the way.
  ///
  /// - Parameter progress: told the steps that are done and the last loss.
  func runToPause(progress: (_ done: Int, _ loss: StreamLoss.Outcome) -> Void) throws -> Double {
    let pause = nextPause
    let begun = state.steps
    var sum = 0.0
    while state.steps < pause {
      let outcome = try runStep()
      sum += outcome.total
      progress(state.steps, outcome)
    }
    state.parameters = runner.parameters.array
    state.first = optimiser.first
    state.second = optimiser.second
    if !isFinished { try lookBack() }
    return sum / Double(max(1, pause - begun))
  }

  private func runStep() throws -> StreamLoss.Outcome {
    let first = state.steps * options.batch
    let count = min(options.batch, options.chunks - first)
    let composer = composer
    let seed = options.seed
    let chunks = try encodeAll(Array(first..<first + count), threads: threads) { _, number in
      var random = RandomStream(seed: seed, purpose: "chunk", index: number)
      let chunk = composer.compose(&random)
      return (composer.material.frames(of: chunk.energies), chunk.words)
    }
    runner.forward(chunks.map(\.0), training: true, seed: seed &+ UInt64(state.steps))
    let outcome = loss.apply(runner, words: chunks.map(\.1))
    runner.backward()
    let norm = optimiser.step(runner, of: options.steps)
    guard norm.isFinite, outcome.total.isFinite else {
      throw TrainingError.diverged(epoch: 1, batch: state.steps + 1, rate: options.optimiser.rate)
    }
    state.steps += 1
    let keep = Float(min(options.averaging, Double(1 + state.steps) / Double(10 + state.steps)))
    let current = runner.parameters.base
    for index in state.average.indices {
      state.average[index] = keep * state.average[index] + (1 - keep) * current[index]
    }
    return outcome
  }

  /// With the averaged weights: finds what fools the network, and the first time where words really end.
  private func lookBack() throws {
    runner.parameters.array = state.average
    defer { runner.parameters.array = state.parameters }
    if state.mined.isEmpty { findWordEnds() }
    try mine()
  }

  /// Hears sequences and returns each one's outputs, answer after answer.
  private func outputs(_ sequences: [SpikeSequence]) -> [[Float]] {
    let labels = network.outputCount
    var all: [[Float]] = []
    for start in stride(from: 0, to: sequences.count, by: 64) {
      let batch = sequences[start..<min(start + 64, sequences.count)]
      runner.forward(Array(batch), training: false)
      for sample in 0..<batch.count {
        let rows = runner.layout.firstRow(of: sample)..<runner.layout.firstRow(of: sample + 1)
        all.append((rows.lowerBound * labels..<rows.upperBound * labels).map { runner.logits.base[$0] })
      }
    }
    return all
  }

  /// Where a first network says that a word has been heard tells its end better than energy where more than the word is loud:
  /// the usual delay before the network's peak is the word's end. Spans that stay too long to be one are dropped.
  private func findWordEnds() {
    let material = composer.material
    let labels = network.outputCount
    let bands = material.bands
    let lead = loss.free
    let sequences = material.words.map { word in
      let silence = [Float](repeating: 0, count: lead * bands.bands)
      return material.frames(of: silence + word.variants[0].energies + [Float](repeating: 0, count: 40 * bands.bands))
    }
    let peaks: [Int] = zip(outputs(sequences), material.words).map { logits, word in
      let answers = logits.count / labels
      let best = (0..<answers).max { logits[$0 * labels + word.label] < logits[$1 * labels + word.label] } ?? 0
      return (best + 1) * network.timeStride - lead
    }
    let second = Int(1e6 / Double(bands.stepMicroseconds))
    let delays = zip(peaks, material.words).filter { $1.span.count <= second }.map { $0 - $1.span.upperBound }.sorted()
    guard let delay = delays.isEmpty ? nil : delays[delays.count / 2] else { return }
    for (index, word) in material.words.enumerated() {
      var span = word.span
      if span.count > second {
        let end = min(word.variants[0].frames, max(1, peaks[index] - delay))
        span = max(0, end - 65 * second / 100)..<end
      }
      if span.count < 28 * second / 100 || span.count > 16 * second / 10 { span = 0..<0 }
      composer.material.words[index].span = span
    }
    // A training in which nothing is left is one whose recordings are unlike words: they are taken as they were.
    if composer.material.words.allSatisfy(\.span.isEmpty) { composer.material.words = material.words }
    state.spans = composer.material.words.map(\.span)
  }

  /// Listens to a share of the speech and remembers the seconds that came closest to a word.
  private func mine() throws {
    let material = composer.material
    let bands = material.bands
    let second = Int(1e6 / Double(bands.stepMicroseconds))
    var random = RandomStream(seed: options.seed, purpose: "mining", index: state.steps)
    var pieces: [SpeechPiece] = []
    for (set, clips) in material.speech.enumerated() {
      for (clip, sound) in clips.enumerated() where random.uniform() < options.mining.heard {
        for start in stride(from: 0, to: max(1, sound.frames - second / 2), by: 8 * second) {
          pieces.append(SpeechPiece(set: set, clip: clip, start: start, count: min(8 * second, sound.frames - start)))
        }
      }
    }
    guard !pieces.isEmpty else { return }
    var found: [(score: Float, piece: SpeechPiece)] = []
    let labels = network.outputCount
    let (composer, free, seed, step) = (composer, loss.free, options.seed, state.steps)
    for start in stride(from: 0, to: pieces.count, by: 256) {
      let batch = Array(pieces[start..<min(start + 256, pieces.count)])
      let sequences = try encodeAll(batch, threads: threads) { index, piece in
        var random = RandomStream(seed: seed, purpose: "mining \(step)", index: start + index)
        return composer.disturbed(piece, lead: free, &random)
      }
      for (logits, piece) in zip(outputs(sequences), batch) {
        for begin in stride(from: 0, to: piece.count, by: second) {
          let end = min(begin + second, piece.count)
          let answers =
            (free + begin) / network.timeStride..<min((free + end) / network.timeStride, logits.count / labels)
          guard
            let highest = answers.lazy.flatMap({ answer in (0..<labels).map { logits[answer * labels + $0] } }).max()
          else { continue }
          // What was heard before is what made the network hear a word.
          let from = max(0, piece.start + begin - second)
          found.append(
            (highest, SpeechPiece(set: piece.set, clip: piece.clip, start: from, count: piece.start + end - from)))
        }
      }
    }
    found.sort { $0.score > $1.score }
    let kept = max(1, Int(Double(found.count) * options.mining.kept))
    state.mined = found.prefix(kept).map(\.piece)
    self.composer.mined = state.mined
  }

  func record(_ record: StreamProgressRecord) { state.history.append(record) }
}

extension ChunkComposer {
  /// A piece of speech behind silence, in light noise, as the encoder would hear it.
  func disturbed(_ piece: SpeechPiece, lead: Int, _ random: inout RandomStream) -> SpikeSequence {
    let bands = material.bands.bands
    var clip = BandClip(bands: bands, energies: [Float](repeating: 0, count: (lead + piece.count) * bands))
    let sound = material.speech[piece.set][piece.clip]
    Placement(gain: 1).add(sound, piece.start..<piece.start + piece.count, to: &clip.energies, at: lead)
    let noise = material.noise.isEmpty ? material.white : material.noise[random.integer(below: material.noise.count)]
    let from = random.integer(below: noise.frames)
    let placement = Placement(gain: Float(pow(10, -random.uniform(in: 15...30) / 10)))
    var place = 0
    var at = from
    while place < clip.frames {
      let count = min(noise.frames - at, clip.frames - place)
      placement.add(noise, at..<at + count, to: &clip.energies, at: place)
      place += count
      at = 0
    }
    return material.frames(of: clip.energies)
  }
}
