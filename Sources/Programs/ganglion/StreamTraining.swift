import CommandSupport
import Foundation
import Learning
import ModelFiles
import Numerics
import OutputFiles
import Recognition
import StreamLearning

/// `ganglion train` with a recipe for streams: runs the training and tells how it goes, on standard error and in a log.
struct StreamTraining {
  let recipe: StreamRecipe
  let recipePath: String
  let text: String
  let modelPath: String
  let settings: StreamTrainingSession.Settings
  let isRestarted: Bool

  @discardableResult
  func run() throws -> Model {
    let begin = Date()
    let progress = WorkProgress()
    let checkpoint = StreamCheckpoint(path: modelPath + ".checkpoint")
    if isRestarted { try? FileManager.default.removeItem(atPath: checkpoint.path) }
    let session = try StreamTrainingSession(recipe, settings: settings, resuming: checkpoint) {
      Self.show($0, since: begin, from: 0, progress)
    }
    progress.clear()
    if session.chunks == 0 {
      let first = "recipe \((FileNames.shown(recipePath) as NSString).lastPathComponent), seed \(recipe.training.seed)"
      // In place of the log of an earlier training.
      try OutputFile.write(first + "\n", to: logPath)
      StandardError.write(first + "\n")
      for note in session.notes { try line(note) }
      try line("network: \(session.parameters) parameters")
    } else {
      try line("going on after chunk \(session.chunks) of \(recipe.training.chunks)")
    }
    let (first, start) = (session.chunks, Date())
    while !session.isFinished {
      let record = try session.learn { Self.show($0, since: start, from: first, progress) }
      progress.clear()
      try session.write(to: checkpoint)
      Ending.shared.remark("the same command goes on after chunk \(record.chunks)")
      try line(
        "chunk \(record.chunks): loss \(fixed(record.loss, 3))"
          + (record.missed.map {
            ", \(fixed(100 * $0, 1)) % of the validation's \(recipe.training.loss.onsetSeconds == nil ? "words" : "gestures") missed"
          } ?? "")
          + (record.falseAcceptsPerHour.map { " at \(fixed($0, 1)) false accepts an hour" } ?? "")
          + ", \(duration(Date().timeIntervalSince(begin)))")
      for shares in AttentionShares.found(in: record.measurements ?? [:]) {
        if let warning = shares.warning { try line("warning: \(warning)") }
      }
    }
    let model = try session.finish(recipeText: text, seconds: Date().timeIntervalSince(begin)) {
      Self.show($0, since: start, from: first, progress)
    }
    progress.clear()
    for (name, text) in model.manifest.training.notes.sorted(by: { $0.key < $1.key }) where name.hasPrefix("delay ") {
      try line("\(name.dropFirst(6)): \(text)")
    }
    for text in model.manifest.training.attention { try line(text) }
    if let stream = model.manifest.decision.stream {
      for sensitivity in stream.sensitivities { try line(stream.text(sensitivity)) }
    }
    try model.write(to: modelPath)
    try? FileManager.default.removeItem(atPath: checkpoint.path)
    try line(
      "wrote \((modelPath as NSString).lastPathComponent) after \(duration(Date().timeIntervalSince(begin)))")
    return model
  }

  private var logPath: String { (modelPath as NSString).deletingPathExtension + ".log" }

  private func line(_ text: String) throws {
    StandardError.write(text + "\n")
    try append(line: text, to: logPath)
  }

  private static func show(
    _ activity: StreamTrainingSession.Activity, since start: Date, from first: Int, _ progress: WorkProgress
  ) {
    switch activity {
    case .reading(let part, let done, let total): progress.show("reading \(part.rawValue)", done: done, total: total)
    case .learning(let done, let total, let loss):
      let speed = Double(done - first) / Date().timeIntervalSince(start)
      progress.show(
        "chunks", done: done, total: total,
        detail:
          "loss \(fixed(loss, 3))  \(Int(speed)) a second  \(duration(Double(total - done) / max(speed, 1e-3))) left")
    case .measuring(let done, let total): progress.show("measuring", done: done, total: total)
    }
  }
}

extension StreamDecision {
  /// What one of its sensitivities means, on one line.
  func text(_ sensitivity: Sensitivity) -> String {
    // What lasts is told of gestures, which are not heard.
    sensitivity.text(
      what: releaseShare == nil ? "words" : "gestures",
      disturbed: releaseShare == nil ? "in noise at 10 dB" : "where much distracts")
  }
}

extension Sensitivity {
  fileprivate func text(what: String, disturbed: String) -> String {
    let labels = thresholds.sorted { $0.key < $1.key }.map { "\($0.key) \(fixed($0.value, 4))" }.joined(separator: ", ")
    func share(_ missed: Int, _ words: Int) -> String {
      "\(missed) of \(words) missed, \(Proportion(right: missed, total: words).text)"
    }
    return
      "sensitivity \(name): from scores of \(labels) on \(falseAccepts) false accepts in \(fixed(hours, 2)) h; "
      + "\(what) \(share(missed, words)); \(disturbed) \(share(noisyMissed, noisyWords))"
  }
}
