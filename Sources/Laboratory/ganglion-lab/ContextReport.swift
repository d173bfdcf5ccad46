import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import Plotting

/// The table and the picture of the context experiment.
struct ContextReport {
  let results: [ContextResult]

  private static func name(_ arm: ContextArm) -> String {
    switch arm {
    case .oja: "Oja"
    case .spikeTiming: "STDP"
    case .none: "no local rule"
    case .singleOja: "Oja, single spike"
    case .singleSpikeTiming: "STDP, single spike"
    case .singleNone: "no local rule, single spike"
    case .manual: "gating by hand"
    case .largeContext: "no local rule, twice the context"
    case .elastic: "elastic consolidation (EWC)"
    case .replay: "replay of the first task"
    case .interleavedNone: "interleaved, no local rule"
    case .interleavedOja: "interleaved, Oja"
    case .sluggishOja: "interleaved, Oja, sluggish 0.2"
    case .verySluggishOja: "interleaved, Oja, sluggish 0.05"
    }
  }

  /// Runs of an arm; of elastic consolidation those with the weight that did best on both tasks.
  private func runs(_ arm: ContextArm) -> [ContextResult] {
    let all = results.filter { $0.arm == arm }.sorted { $0.seed < $1.seed }
    guard arm == .elastic else { return all }
    let groups = Dictionary(grouping: all, by: { $0.elasticity ?? 0 })
    let best = groups.max { left, right in
      (SeedStatistics(left.value.map { $0.first + $0.second }).mean, -left.key)
        < (SeedStatistics(right.value.map { $0.first + $0.second }).mean, -right.key)
    }
    return best?.value ?? []
  }

  private static func count(_ values: [Int]) -> String {
    let statistics = SeedStatistics(values.map(Double.init))
    return fixed(statistics.mean, 1) + (statistics.halfWidth.map { " ± \(fixed($0, 1))" } ?? "")
  }

  private func percent(_ runs: [ContextResult], _ figure: (ContextResult) -> Double) -> String {
    SeedStatistics(runs.map(figure)).percentText
  }

  var markdown: String {
    var lines = [
      "# Context gating (CG-SNN), measured", "",
      "Made by `ganglion-lab experiment context-gating --results Samples/results`; every run is a line of",
      "`context-gating.ndjson`. Two tasks on 25 blobs, 200 episodes each; 25 inputs, 2 context units, 100 spiking neurons,",
      "one read-out. Accuracy in per cent after both tasks are learnt, boundary items left out; means over the seeds with",
      "95 % intervals (Student's t). Of 100 neurons: those that fire in one task only, and those whose rate follows one",
      "task's reward only.", "",
      "| arm | first task | before the second | second task | congruent | incongruent | fire in one only | selective | spikes a step | seeds |",
      "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for arm in ContextArm.allCases {
      let runs = runs(arm)
      guard let one = runs.first else { continue }
      let name = Self.name(arm) + (one.elasticity.map { ", weight 1e\(Int(log10($0).rounded()))" } ?? "")
      lines.append(
        "| \(name) | \(percent(runs, \.first)) | \(arm.isInterleaved ? "" : percent(runs, \.firstBefore)) "
          + "| \(percent(runs, \.second)) | \(percent(runs, \.congruent)) | \(percent(runs, \.incongruent)) "
          + "| \(Self.count(runs.map { $0.onlyFirst + $0.onlySecond })) "
          + "| \(Self.count(runs.map { $0.selectiveFirst + $0.selectiveSecond })) "
          + "| \(fixed(SeedStatistics(runs.map(\.meanRate)).mean, 2)) | \(runs.count) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The course of both tasks' accuracy in four arms.
  func draw(to path: String) throws {
    let arms: [ContextArm] = [.oja, .none, .singleSpikeTiming, .verySluggishOja]
    let shown = arms.filter { !runs($0).isEmpty }
    guard !shown.isEmpty else { return }
    let height = 230.0
    let canvas = try Canvas(path: path, width: 900, height: height * Double((shown.count + 1) / 2), scale: 1.5)
    for (place, arm) in shown.enumerated() {
      let runs = runs(arm)
      let points = runs.map(\.course.count).min() ?? 0
      let axes = Axes(
        filling: Rectangle(
          x: 450 * Double(place % 2), y: height * Double(place / 2), width: 450, height: height),
        x: Axis("episode", 0...Double(points * 10)),
        y: Axis("accuracy (%)", 0...150, labels: [0, 25, 50, 75, 100].map { ($0, "\(Int($0))") }))
      for task in 0..<2 {
        let means = (0..<points).map { point in
          (x: Double(10 * (point + 1)), y: 100 * SeedStatistics(runs.map { $0.course[point][task] }).mean)
        }
        axes.line(means, Color.series[task], on: canvas)
      }
      axes.draw(on: canvas, title: Self.name(arm))
      axes.legend([("first task", Color.series[0]), ("second task", Color.series[1])], on: canvas)
    }
    try canvas.finish()
  }
}
