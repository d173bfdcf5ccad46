import CommandSupport
import Foundation
import Learning
import ModelFiles
import StreamSources

/// What came of learning a task: the new one, and what each old one kept.
struct LearnReport {
  let base: Model
  let outcome: TaskLesson.Outcome
  let task: String
  let newLabels: [String]
  let recordings: Int
  let limit: Double
  let limitInferred: Double?
  var seconds = 0.0
  private(set) var kept: [Kept] = []

  /// What an old task did with the recordings that were given to check, before and after.
  struct Kept: Encodable {
    var task: String
    var recordings: Int
    var before: Double
    var after: Double
    var inferredBefore: Double
    var inferredAfter: Double
  }

  init(
    base: Model, outcome: TaskLesson.Outcome, task: String, newLabels: [String], recordings: Int, limit: Double,
    limitInferred: Double?
  ) {
    self.base = base
    self.outcome = outcome
    self.task = task
    self.newLabels = newLabels
    self.recordings = recordings
    self.limit = limit
    self.limitInferred = limitInferred
  }

  /// Asks the old model and the new one about every recording whose label an old task answers with.
  mutating func measure(
    _ old: TaskFolder, reading: RecordingOptions, threads: Int, progress: @escaping @Sendable (Int, Int) -> Void
  ) throws {
    for (number, task) in base.manifest.knownTasks.enumerated() {
      let own = old.recordings.filter { task.labels.contains(old.labels[$0.label]) }
      guard !own.isEmpty else { continue }
      func share(_ model: Model, _ selection: TaskSelection) throws -> Double {
        try Evaluator(model, task: selection, reading: reading)
          .evaluate(own, labels: old.labels, threads: threads, progress: progress).accuracy.share
      }
      let wasInferred = try base.selection(ModelTask.inference)
      kept.append(
        Kept(
          task: task.name, recordings: own.count, before: try share(base, .task(number)),
          after: try share(outcome.model, .task(number)), inferredBefore: try share(base, wasInferred),
          inferredAfter: try share(outcome.model, .inferred)))
    }
  }

  /// Why the model must not be written.
  var refusal: LessonError? {
    for entry in kept {
      if 100 * (entry.before - entry.after) > limit + 1e-9 {
        return .wouldForget(task: entry.task, before: entry.before, after: entry.after, limit: limit)
      }
      if let limitInferred, 100 * (entry.inferredBefore - entry.inferredAfter) > limitInferred + 1e-9 {
        return .wouldForget(
          task: entry.task + "', inferred, '", before: entry.inferredBefore, after: entry.inferredAfter,
          limit: limitInferred)
      }
    }
    return nil
  }

  private var learnt: ModelTask? { outcome.model.manifest.tasks?.last }

  var text: String {
    var lines = ["task \(task): \(recordings) recordings, learnt in \(fixed(seconds, 1)) s"]
    lines.append("new labels: \(newLabels.isEmpty ? "none" : newLabels.joined(separator: ", "))")
    if let learnt, let accuracy = learnt.accuracy, let count = learnt.testRecordings {
      lines.append("kept aside: \(fixed(100 * accuracy, 1)) % of \(count), all labels competing, the task told")
    }
    let gates = outcome.gates.map { "\($0.open) of \($0.all) open (\($0.new) new)" }
    lines.append("hidden neurons: \(gates.joined(separator: ", "))")
    lines.append("")
    if outcome.isProtected {
      lines.append("earlier tasks: outputs unchanged to the bit (nothing they use was written)")
    } else {
      lines.append("earlier tasks: not proven to be unchanged")
    }
    if let safety = outcome.safety {
      lines.append(
        "where the task is inferred: of \(safety.sounds) other sounds the new labels took "
          + "\(Self.percent(safety.takenBefore)) %"
          + (safety.lowered > 0 ? ", lowered by \(fixed(safety.lowered, 2)) now \(Self.percent(safety.taken)) %" : "")
          + "; of their own recordings they hear \(Self.percent(safety.heard)) %")
    }
    for entry in kept {
      lines.append(
        "  \(entry.task): told \(Self.percent(entry.before)) -> \(Self.percent(entry.after)) %, inferred "
          + "\(Self.percent(entry.inferredBefore)) -> \(Self.percent(entry.inferredAfter)) %, of \(entry.recordings)")
    }
    return lines.joined(separator: "\n")
  }

  private static func percent(_ share: Double) -> String { fixed(100 * share, 1) }

  func json() throws -> String {
    struct Gate: Encodable {
      var open: Int
      var new: Int
      var all: Int
    }
    struct Report: Encodable {
      var task: String
      var newLabels: [String]
      var recordings: Int
      var seconds: Double
      var accuracy: Double?
      var testRecordings: Int?
      var unchangedToTheBit: Bool
      var gates: [Gate]
      var earlierTasks: [Kept]
      var isWritten: Bool
      var inferred: LessonSafety?
    }
    let report = Report(
      task: task, newLabels: newLabels, recordings: recordings, seconds: seconds, accuracy: learnt?.accuracy,
      testRecordings: learnt?.testRecordings, unchangedToTheBit: outcome.isProtected,
      gates: outcome.gates.map { Gate(open: $0.open, new: $0.new, all: $0.all) }, earlierTasks: kept,
      isWritten: refusal == nil && (outcome.isProtected || !kept.isEmpty) && (outcome.safety?.heard ?? 1) >= 0.5,
      inferred: outcome.safety)
    return try jsonText(report)
  }
}
