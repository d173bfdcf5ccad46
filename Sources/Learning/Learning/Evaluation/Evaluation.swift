import ClassifierStreams
import ModelFiles
import Numerics
import Recognition
import Spiketrum
import StreamSources

/// What a model made of a set of labelled recordings.
public struct Evaluation: Sendable, Equatable, Codable {
  public let labels: [String]
  /// `confusion[truth][answer]`; the last answer stands for none at all.
  public private(set) var confusion: [[Int]]
  /// The same with byte-identical recordings counted once.
  public private(set) var distinctConfusion: [[Int]]

  public init(labels: [String]) {
    self.labels = labels
    confusion = labels.map { _ in [Int](repeating: 0, count: labels.count + 1) }
    distinctConfusion = confusion
  }

  /// Adds one answer; nil where the model gave none.
  public mutating func add(truth: Int, answer: Int?, isRepeat: Bool) {
    confusion[truth][answer ?? labels.count] += 1
    if !isRepeat { distinctConfusion[truth][answer ?? labels.count] += 1 }
  }

  public var accuracy: Proportion { Self.accuracy(confusion) }
  public var distinctAccuracy: Proportion { Self.accuracy(distinctConfusion) }

  private static func accuracy(_ confusion: [[Int]]) -> Proportion {
    Proportion(
      right: confusion.indices.reduce(0) { $0 + confusion[$1][$1] },
      total: confusion.reduce(0) { $0 + $1.reduce(0, +) })
  }

  /// Share of a label's recordings that were recognised.
  public func recall(of label: Int) -> Proportion {
    Proportion(right: confusion[label][label], total: confusion[label].reduce(0, +))
  }

  /// Share of a label's answers that were right.
  public func precision(of label: Int) -> Proportion {
    Proportion(right: confusion[label][label], total: confusion.reduce(0) { $0 + $1[label] })
  }
}

/// Runs a model over labelled recordings exactly as `ganglion run` does.
public struct Evaluator: Sendable {
  private let model: Model
  private let encoder: RecordingEncoder
  /// What readers of the recordings took for granted.
  public let notes = ReadingNotes(name: Recording.shownName(ofFile:))
  private let classifier: StreamClassifier
  /// Of a model for streams: as much of a clip counts, microseconds.
  private static let longestClip: Int64 = 60_000_000
  /// Noise that every recording of sound is heard in, or how early it ends.
  public var disturbance: SoundDisturbance?

  /// - Parameter reading: how recordings are read where their content does not say.
  public init(
    _ model: Model, task: TaskSelection = .task(0), reading: RecordingOptions = RecordingOptions()
  ) throws {
    var model = model
    if let stream = model.manifest.decision.stream {
      // Where labels exclude each other, a clip has the one whose output is highest in the mean.
      guard stream.isExclusive == true else { throw ModelError(path: model.manifest.name, reason: .onlyStreams) }
      var manifest = model.manifest
      manifest.decision = DecisionConfiguration(
        windowMicroseconds: Self.longestClip, gapMicroseconds: Self.longestClip, defaultThreshold: 0)
      model = try Model(manifest: manifest, network: model.network)
    }
    self.model = model
    var encoder = try RecordingEncoder(model.manifest.encoder)
    encoder.reading = reading
    encoder.notes = notes
    self.encoder = encoder
    classifier = try StreamClassifier(model, task: task)
  }

  /// The label of the decision with the highest score, or nil if the recording gave none.
  ///
  /// - Parameter index: the recording's number, by which its noise is drawn.
  public func answer(_ recording: Recording, index: Int = 0) throws -> Int? {
    let sequence =
      try disturbance.map { try encoder.encodeWhole(recording, in: $0, index: index) }
      ?? encoder.encodeWhole(recording)
    let decisions = try classifier.decisions(
      on: sequence, stepMicroseconds: model.manifest.encoder.stepMicroseconds)
    var best: (label: Int, score: Double)?
    for decision in decisions where best.map({ decision.score > $0.score }) ?? true {
      best = (decision.labelIndex, decision.score)
    }
    return best?.label
  }

  /// - Parameter labels: of the recordings; they must be the model's, in any order.
  public func evaluate(
    _ recordings: [Recording], labels: [String], threads: Int,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws -> Evaluation {
    let known = model.manifest.labels
    let truths = try labels.map { label -> Int in
      guard let index = known.firstIndex(of: label) else {
        throw DataError.unknownLabel(label, path: model.manifest.name)
      }
      return index
    }
    let answers = try encodeAll(recordings, threads: threads, progress: progress) { index, recording in
      (try answer(recording, index: index), try ContentDigest(ofFile: recording.path))
    }
    var evaluation = Evaluation(labels: known)
    struct Content: Hashable {
      var digest: ContentDigest
      var stretch: Range<Int64>?
    }
    var seen: Set<Content> = []
    for (recording, (answer, digest)) in zip(recordings, answers) {
      let isNew = seen.insert(Content(digest: digest, stretch: recording.microseconds)).inserted
      evaluation.add(truth: truths[recording.label], answer: answer, isRepeat: !isNew)
    }
    return evaluation
  }
}
