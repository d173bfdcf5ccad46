import CommandSupport
import Foundation
import Learning
import ModelFiles
import Plotting
import Recognition
import StreamSources

/// `ganglion evaluate --stream`: misses and false accepts of a model on long recordings.
struct StreamEvaluation {
  let model: Model
  let task: TaskSelection
  let options: StreamOptions
  let recordings: [String]
  let reading: RecordingOptions
  let isJSON: Bool

  func run() async throws {
    let evaluator = StreamEvaluator(model, task: task, toleranceMicroseconds: options.toleranceMicroseconds)
    let materials = try zip(recordings, options.labels).map { path, labels in
      StreamEvaluator.Material(
        input: RecordingInput(path: path, options: reading),
        words: try LabelFile.read(labels, known: model.manifest.labels))
    }
    var progress = StreamProgress()
    let outcome = try await evaluator.sweep(materials, thresholds: ThresholdChoice.trials()) {
      progress.show($0.name, microseconds: $1)
    }
    var report = StreamReport(
      labels: model.manifest.labels, detectable: evaluator.detectable, recordings: recordings.count,
      toleranceMicroseconds: options.toleranceMicroseconds, decision: model.manifest.decision, outcome: outcome)
    if let falseAccepts = options.falseAccepts, let path = options.writeThresholds {
      let allowed = Int((falseAccepts * outcome.own.hours).rounded(.down))
      let choice = ThresholdChoice.best(
        outcome.sweep.map(\.tally), labels: evaluator.detectable, falseAccepts: allowed)
      var decision = model.manifest.decision
      for (label, trial) in choice {
        decision.thresholds[model.manifest.labels[label]] = outcome.sweep[trial].threshold
      }
      let tally = try await evaluator.measure(materials, configurations: [decision]) {
        progress.show($0.name, microseconds: $1)
      }[0]
      report.chosen = StreamReport.Chosen(decision: decision, allowed: falseAccepts, tally: tally)
      try write(decision, tally, allowed: falseAccepts, to: path)
    }
    progress.clear()
    if let picture = options.det {
      try DETPicture(model: model.manifest.name, report: report).draw(to: picture)
    }
    try StandardOutput.shared.write(line: isJSON ? try report.json() : report.text)
  }

  /// The model with other thresholds and a note of how they were chosen; everything else stays.
  private func write(_ decision: DecisionConfiguration, _ tally: StreamTally, allowed: Double, to path: String) throws {
    var manifest = model.manifest
    manifest.decision = decision
    manifest.training.notes["thresholds"] =
      "chosen for at most \(fixed(allowed, 2)) false accepts an hour on \(fixed(tally.hours, 2)) h with "
      + "\(tally.total.words) words; measured there: \(fixed(tally.perHour(tally.total.falseAccepts), 2)) an hour, "
      + "\(fixed(100 * tally.total.missedShare.share, 1)) % missed"
    try Model(manifest: manifest, network: model.network).write(to: path)
    StandardError.report("\(path): written with the thresholds chosen")
  }
}

/// Misses over false accepts, for all labels together and for each.
struct DETPicture {
  let model: String
  let report: StreamReport

  func draw(to path: String) throws {
    let sweep = report.outcome.sweep
    let hours = max(report.outcome.own.hours, 1e-9)
    // What never happened has no place on a logarithmic axis: it stands at the left edge, below one in all.
    let least = 0.5 / hours
    func points(_ counts: (StreamTally) -> StreamTally.Counts) -> [(x: Double, y: Double)] {
      sweep.map { entry in
        let found = counts(entry.tally)
        return (max(least, Double(found.falseAccepts) / hours), 100 * found.missedShare.share)
      }
    }
    let all = points(\.total)
    let highest = max(all.map(\.x).max() ?? 1, 10 * least)
    let canvas = try Canvas(path: path, width: 760, height: 520, scale: 1.5)
    let axes = Axes(
      filling: canvas.bounds,
      x: Axis("false accepts an hour (left edge: none)", least...highest * 1.3, isLogarithmic: true),
      y: Axis("words missed, %", 0...100, labels: stride(from: 0, through: 100, by: 20).map { (Double($0), "\($0)") }))
    axes.draw(
      on: canvas,
      title: "\(model): \(report.outcome.own.total.words) words in \(duration(3_600 * hours)), one threshold for all")
    for label in report.detectable where report.outcome.own.counts[label].words > 0 {
      axes.line(points { $0.counts[label] }, .lightGray, on: canvas, lineWidth: 1)
    }
    axes.line(all, Color.series[0], on: canvas, lineWidth: 2.5)
    var legend: [(name: String, color: Color)] = [("all labels", Color.series[0]), ("each label", .lightGray)]
    func mark(_ tally: StreamTally, _ name: String, _ color: Color) {
      let place = (
        x: max(least, tally.perHour(tally.total.falseAccepts)), y: 100 * tally.total.missedShare.share
      )
      axes.dots([place], color, on: canvas, size: 9)
      legend.append((name, color))
    }
    mark(report.outcome.own, "the model's thresholds", .black)
    if let chosen = report.chosen { mark(chosen.tally, "thresholds chosen", Color.series[1]) }
    axes.legend(legend, on: canvas)
    try canvas.finish()
  }
}
