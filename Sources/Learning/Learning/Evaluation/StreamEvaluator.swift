import ClassifierStreams
import ModelFiles
import Recognition
import StreamSources

/// Runs the recogniser of `ganglion run` over long labelled recordings, under many thresholds at once.
public struct StreamEvaluator: Sendable {
  /// A recording and what is said in it.
  public struct Material: Sendable {
    public var input: RecordingInput
    public var words: [LabelledWord]

    public init(input: RecordingInput, words: [LabelledWord]) {
      self.input = input
      self.words = words
    }
  }

  /// What was measured.
  public struct Outcome: Sendable {
    /// With the settings the model has.
    public var own: StreamTally
    /// With one threshold for all labels, rising.
    public var sweep: [(threshold: Double, tally: StreamTally)]
  }

  private let model: Model
  private let task: TaskSelection
  private let toleranceMicroseconds: Int64

  public init(_ model: Model, task: TaskSelection = .task(0), toleranceMicroseconds: Int64) {
    self.model = model
    self.task = task
    self.toleranceMicroseconds = toleranceMicroseconds
  }

  /// Labels that can be detected: all but those that stand for "nothing".
  public var detectable: [Int] {
    let labels = model.manifest.labels
    return labels.indices.filter { !model.manifest.decision.backgroundLabels.contains(labels[$0]) }
  }

  /// Measures with the model's own settings and with each of some thresholds.
  public func sweep(
    _ materials: [Material], thresholds: [Double], progress: (RecordingInput, Int64) -> Void
  ) async throws -> Outcome {
    let own = model.manifest.decision
    let tallies = try await measure(
      materials,
      configurations: [own]
        + thresholds.map { threshold in
          var configuration = own
          configuration.defaultThreshold = threshold
          configuration.thresholds = [:]
          return configuration
        }, progress: progress)
    return Outcome(own: tallies[0], sweep: Array(zip(thresholds, tallies.dropFirst())).map { ($0, $1) })
  }

  /// Measures under each of some settings.
  public func measure(
    _ materials: [Material], configurations: [DecisionConfiguration], progress: (RecordingInput, Int64) -> Void
  ) async throws -> [StreamTally] {
    let labels = model.manifest.labels
    let pipeline = Pipeline(try PreparedModel(model, task: task, trying: configurations))
    var tallies = configurations.map { _ in StreamTally(labelCount: labels.count) }
    for material in materials {
      var detections = configurations.map { _ in [StreamTally.Detection]() }
      var end: Int64 = 0
      _ = try await pipeline.run(material.input) { event in
        switch event {
        case .decision(let decision, let trial):
          guard decision.kind == .detection else { return }
          detections[trial].append(
            .init(label: decision.labelIndex, endMicroseconds: decision.endMicroseconds))
        case .progress(let microseconds):
          end = microseconds
          progress(material.input, microseconds)
        case .scores, .step, .gap: break
        }
      }
      let words = try material.words.map { word in
        guard let label = labels.firstIndex(of: word.label) else {
          throw DataError.unknownLabel(word.label, path: material.input.name)
        }
        return (label: label, startMicroseconds: word.startMicroseconds, endMicroseconds: word.endMicroseconds)
      }
      for trial in configurations.indices {
        tallies[trial].add(
          words: words, detections: detections[trial], toleranceMicroseconds: toleranceMicroseconds,
          microseconds: end)
      }
    }
    return tallies
  }
}
