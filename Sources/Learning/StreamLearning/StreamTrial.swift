import ClassifierStreams
import Foundation
import Learning
import ModelFiles
import Numerics
import Recognition
import SpikingNetworks

/// Streams on which a network's thresholds are tried: words without noise, words in noise at 10 dB, and speech without them.
///
/// All are composed of recordings that the network does not learn from, a minute at a time, and go through the same
/// recogniser as a live stream, whose state is carried from minute to minute.
struct StreamTrial {
  /// What thresholds gave, rising.
  struct Outcome {
    let thresholds: [Double]
    /// On the streams with words.
    let words: [StreamTally]
    let noisyWords: [StreamTally]
    /// On the stream without.
    let others: [StreamTally]

    /// Of each label the lowest threshold with no more false accepts than allowed in all, shared evenly by the labels.
    func choice(falseAccepts: Int, labels: Int) -> [Int] {
      let joint = others.indices.map { words[$0].joined(with: noisyWords[$0], falseAcceptsOf: others[$0]) }
      let chosen = ThresholdChoice.best(joint, labels: Array(0..<labels), falseAccepts: falseAccepts)
      return (0..<labels).map { chosen[$0] ?? thresholds.count - 1 }
    }

    /// What a threshold for each label gives, under the name of a sensitivity.
    func sensitivity(_ name: String, perHour: Double, labels: [String]) -> Sensitivity {
      let choice = choice(falseAccepts: Int((perHour * hours).rounded(.down)), labels: labels.count)
      var found = Sensitivity(
        name: name, thresholds: Dictionary(uniqueKeysWithValues: zip(labels, choice).map { ($0, thresholds[$1]) }),
        allowedPerHour: perHour, hours: hours, falseAccepts: 0, words: 0, missed: 0)
      for (label, trial) in choice.enumerated() {
        found.words += words[trial].counts[label].words
        found.missed += words[trial].counts[label].missed
        found.noisyWords += noisyWords[trial].counts[label].words
        found.noisyMissed += noisyWords[trial].counts[label].missed
        found.falseAccepts += others[trial].counts[label].falseAccepts
      }
      return found
    }

    /// Delays of the words that a label's threshold finds: of half of them, and of 95 %.
    func delays(_ label: Int, threshold: Double, fromStart: Bool) -> (median: Int64, most: Int64)? {
      guard let trial = thresholds.firstIndex(of: threshold),
        let median = words[trial].delay(share: 0.5, fromStart: fromStart),
        let most = words[trial].delay(share: 0.95, fromStart: fromStart)
      else { return nil }
      return (median, most)
    }

    var hours: Double { others.first?.hours ?? 0 }
  }

  private let subject: any TrialSubject

  init(_ subject: any TrialSubject) { self.subject = subject }

  /// Tries thresholds on a stream of so many hours without words, and on two of a fifth as long with them.
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
    let spoken = max(2, minutes / 5)
    let rest = model.manifest.decision.stream?.restMicroseconds ?? 0
    var done = 0
    func hear(_ count: Int, _ kind: TrialKind) throws -> [StreamTally] {
      var stream = try TrialStream(
        model, configurations, feed: subject.makeFeed(kind, restMicroseconds: rest),
        stepMicroseconds: subject.stepMicroseconds)
      for minute in 0..<count {
        progress(done, minutes + 2 * spoken)
        done += 1
        try stream.hear(minute)
      }
      return stream.tallies()
    }
    return Outcome(
      thresholds: thresholds, words: try hear(spoken, .words), noisyWords: try hear(spoken, .noisyWords),
      others: try hear(minutes, .others))
  }
}

/// A stream that is heard minute by minute under several settings.
private struct TrialStream {
  private var classifier: StreamClassifier
  private let labels: Int
  private let stepMicroseconds: Int64
  private var feed: any TrialFeed
  private var detections: [[StreamTally.Detection]]
  private var words: [(label: Int, startMicroseconds: Int64, endMicroseconds: Int64)] = []
  private var steps = 0

  init(
    _ model: Model, _ configurations: [DecisionConfiguration], feed: any TrialFeed, stepMicroseconds: Int64
  ) throws {
    classifier = try StreamClassifier(model, trying: configurations)
    labels = model.manifest.labels.count
    self.stepMicroseconds = stepMicroseconds
    detections = configurations.map { _ in [] }
    self.feed = feed
  }

  mutating func hear(_ minute: Int) throws {
    let piece = try feed.minute(minute)
    for word in piece.words {
      words.append(
        (word.label, Int64(steps + word.start) * stepMicroseconds, Int64(steps + word.end) * stepMicroseconds))
    }
    for step in 0..<piece.frames.steps {
      let start = Int64(steps) * stepMicroseconds
      let range = piece.frames.range(ofStep: step)
      let frame = SpikeFrame(
        step: steps, startMicroseconds: start, endMicroseconds: start + stepMicroseconds,
        channels: Array(piece.frames.channels[range]), values: Array(piece.frames.values[range]))
      try classifier.push(frame) { decision, trial in
        detections[trial].append(.init(label: decision.labelIndex, endMicroseconds: decision.endMicroseconds))
      }
      steps += 1
    }
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
