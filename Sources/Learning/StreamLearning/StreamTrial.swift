import ClassifierStreams
import Foundation
import Learning
import ModelFiles
import Numerics
import Recognition
import SpikingNetworks

/// Streams on which a network's thresholds are tried: one with words, clean and in noise, one of speech without them.
///
/// Both are composed of recordings that the network does not learn from, a minute at a time, and go through the same
/// recogniser as a live stream, whose state is carried from minute to minute.
struct StreamTrial {
  /// What thresholds gave, rising.
  struct Outcome {
    let thresholds: [Double]
    /// On the stream with words.
    let words: [StreamTally]
    /// On the stream without.
    let others: [StreamTally]

    /// Of each label the lowest threshold with no more false accepts than allowed in all, shared evenly by the labels.
    func choice(falseAccepts: Int, labels: Int) -> [Int] {
      let joint = zip(words, others).map { $0.joined(falseAcceptsOf: $1) }
      let chosen = ThresholdChoice.best(joint, labels: Array(0..<labels), falseAccepts: falseAccepts)
      return (0..<labels).map { chosen[$0] ?? thresholds.count - 1 }
    }

    /// Words missed and in all, and false accepts, with a threshold for each label.
    func figures(_ choice: [Int]) -> (missed: Int, words: Int, falseAccepts: Int) {
      var sum = (missed: 0, words: 0, falseAccepts: 0)
      for (label, trial) in choice.enumerated() {
        sum.missed += words[trial].counts[label].missed
        sum.words += words[trial].counts[label].words
        sum.falseAccepts += others[trial].counts[label].falseAccepts
      }
      return sum
    }

    var hours: Double { others.first?.hours ?? 0 }
  }

  private let composer: ChunkComposer
  private let seed: UInt64
  private static let minuteSeconds = 60.0

  init(_ material: StreamMaterial, _ options: CompositionOptions, seed: UInt64) {
    let frames = Int(Self.minuteSeconds * 1e6 / Double(material.bands.stepMicroseconds))
    composer = ChunkComposer(material, options, frames: frames, miningChance: 0)
    self.seed = seed
  }

  /// Tries thresholds on streams of so many hours without words, and of a third as long with them.
  ///
  /// - Parameter model: what would be written now.
  func run(
    _ model: Model, hours: Double, thresholds: [Double], progress: (_ done: Int, _ total: Int) -> Void
  ) throws -> Outcome {
    var configurations: [DecisionConfiguration] = []
    for threshold in thresholds {
      var configuration = model.manifest.decision
      configuration.thresholds = [:]
      configuration.defaultThreshold = threshold
      configurations.append(configuration)
    }
    let minutes = max(1, Int((hours * 60).rounded()))
    let spoken = max(3, minutes / 3)
    var streams = (
      words: try TrialStream(model, configurations, bands: composer.material.bands.bands),
      others: try TrialStream(model, configurations, bands: composer.material.bands.bands)
    )
    for minute in 0..<spoken {
      progress(minute, minutes + spoken)
      var composer = composer
      composer.density = 1
      composer.options.partChance = 0
      // A third of the words in silence, the others in noise at 10 dB.
      let isQuiet = minute % 3 == 0
      var random = RandomStream(seed: seed, purpose: "trial with words", index: minute)
      if composer.material.noise.isEmpty || isQuiet {
        composer.fixedNoise = (nil, 0)
      } else {
        composer.fixedNoise = (random.integer(below: composer.material.noise.count), 10)
      }
      try streams.words.hear(composer, &random)
    }
    for minute in 0..<minutes {
      progress(spoken + minute, minutes + spoken)
      var composer = composer
      composer.material.words = []
      var random = RandomStream(seed: seed, purpose: "trial without words", index: minute)
      try streams.others.hear(composer, &random)
    }
    return Outcome(
      thresholds: thresholds, words: streams.words.tallies(), others: streams.others.tallies())
  }
}

/// A stream that is heard minute by minute under several settings.
private struct TrialStream {
  private var classifier: StreamClassifier
  private let labels: Int
  private let stepMicroseconds: Int64
  private var compressor: StreamCompressor?
  private var detections: [[StreamTally.Detection]]
  private var words: [(label: Int, startMicroseconds: Int64, endMicroseconds: Int64)] = []
  private var steps = 0
  private let bands: Int

  init(_ model: Model, _ configurations: [DecisionConfiguration], bands: Int) throws {
    classifier = try StreamClassifier(model, trying: configurations)
    labels = model.manifest.labels.count
    stepMicroseconds = model.manifest.encoder.stepMicroseconds
    detections = configurations.map { _ in [] }
    self.bands = bands
  }

  mutating func hear(_ composer: ChunkComposer, _ random: inout RandomStream) throws {
    let (energies, said) = composer.compose(&random)
    var compressor = self.compressor ?? StreamCompressor(composer.material.bands.makeCompressor(), bands: bands)
    for word in said {
      words.append(
        (word.label, Int64(steps + word.start) * stepMicroseconds, Int64(steps + word.end) * stepMicroseconds))
    }
    for frame in 0..<energies.count / bands {
      let start = Int64(steps) * stepMicroseconds
      let frame = compressor.frame(
        energies, at: frame, step: steps, startMicroseconds: start, endMicroseconds: start + stepMicroseconds)
      try classifier.push(frame) { decision, trial in
        detections[trial].append(.init(label: decision.labelIndex, endMicroseconds: decision.endMicroseconds))
      }
      steps += 1
    }
    self.compressor = compressor
  }

  func tallies() -> [StreamTally] {
    detections.map { detections in
      var tally = StreamTally(labelCount: labels)
      tally.add(
        words: words, detections: detections, toleranceMicroseconds: 500_000,
        microseconds: Int64(steps) * stepMicroseconds)
      return tally
    }
  }
}
