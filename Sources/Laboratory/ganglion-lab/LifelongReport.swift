import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import Plotting

/// The table and the picture of a sequence of tasks.
struct LifelongReport {
  let sequence: TaskSequence.Kind
  let results: [LifelongResult]

  private static func name(_ arm: LifelongArm) -> String {
    switch arm {
    case .gated: "context gating, Oja"
    case .gatedSpikeTiming: "context gating, STDP"
    case .gatedWritable: "context gating, Oja, nothing read only"
    case .contextOnly: "context without a local rule"
    case .manual: "gating by hand"
    case .plain: "fine-tuning"
    case .elastic: "EWC, same network, three times the memory"
    case .elasticSmall: "EWC, same memory, smaller network"
    case .replay: "replay, ten recordings a label stored"
    case .joint: "all at once (upper bound)"
    }
  }

  private func runs(_ arm: LifelongArm) -> [LifelongResult] {
    let tuning = ExperimentLifelong.tuningSeeds
    return results.filter {
      $0.arm == arm && !tuning.contains($0.seed) && $0.elasticity == bestElasticity(arm)
    }.sorted { $0.seed < $1.seed }
  }

  /// The weight of elastic consolidation that did best on the validation part, with the seeds that are for that; nil of
  /// other arms.
  func bestElasticity(_ arm: LifelongArm) -> Double? {
    let tuned = results.filter {
      arm.isElastic && $0.arm == arm && ExperimentLifelong.tuningSeeds.contains($0.seed)
    }
    return Dictionary(grouping: tuned, by: { $0.elasticity ?? 0 }).max { left, right in
      (SeedStatistics(left.value.map(\.validation)).mean, -left.key)
        < (SeedStatistics(right.value.map(\.validation)).mean, -right.key)
    }?.key
  }

  private func percent(_ runs: [LifelongResult], _ figure: (LifelongResult) -> Double) -> String {
    SeedStatistics(runs.map(figure)).percentText
  }

  private var about: String {
    switch sequence {
    case .digits: "the Free Spoken Digit Dataset, two new digits in each of five tasks"
    case .speakers: "the Free Spoken Digit Dataset, all ten digits, a new speaker in each task"
    case .words: "ten words of Speech Commands (a small part of them), two new ones in each of five tasks"
    }
  }

  var markdown: String {
    var lines = [
      "# Lifelong learning of real tasks: \(sequence.rawValue)", "",
      "Made by `ganglion-lab experiment lifelong --sequence \(sequence.rawValue) --data DATA --results Samples/results`; every",
      "run is a line of `lifelong-\(sequence.rawValue).ndjson`. Data: \(about);",
      "encoded once by Spiketrum, whose settings are fitted to the first task alone. Network: 120 inputs, two hidden layers of 128 spiking neurons with",
      "three taps, \(results.first?.labels ?? 0) outputs; \(LifelongExperiment.epochs) epochs a task, Adam, the same rate in all arms.",
      "Test accuracy in per cent, means over the seeds with 95 % intervals (Student's t).", "",
      "*Told*: the task is given, its labels compete. *Inferred*: all labels learnt so far compete, and the task is the",
      "one to whose mean hidden rates (two numbers a neuron and label) those of the recording are nearest; in brackets by",
      "the highest logit. *Forgetting*: mean over all tasks but the last of the best accuracy before the end less that at",
      "the end (Chaudhry et al. 2018). Settings were chosen on the validation part with other seeds: the weight of EWC with",
      "seeds 101 and 102, gates (share open at the start \(fixed(LifelongExperiment.openShare, 1)), of used neurons "
        + "\(fixed(LifelongExperiment.reuse, 1)); Oja 0.05) with 103 to 107 of the digits.", "",
      "| arm | told | forgetting | inferred | task found | parameters | seeds |",
      "|---|---|---|---|---|---|---|",
    ]
    for arm in LifelongArm.allCases {
      let runs = runs(arm)
      guard let one = runs.first else { continue }
      let weight = one.elasticity.map { ", weight 1e\(Int(log10($0).rounded()))" } ?? ""
      let byLogit = arm.hasContext ? " (\(percent(runs, \.averageByConfidence)))" : ""
      let found =
        arm.hasContext ? percent(runs) { $0.contextFound.last ?? 0 } : ""
      lines.append(
        "| \(Self.name(arm))\(weight) | \(percent(runs, \.average)) | \(arm == .joint ? "" : percent(runs, \.forgetting)) "
          + "| \(percent(runs, \.averageInferred))\(byLogit) | \(found) | \(one.parameters) | \(runs.count) |")
    }
    lines += claims + [""]
    for arm in [LifelongArm.gated, .plain, .elasticSmall] where !runs(arm).isEmpty { lines += matrix(arm) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Accuracy of each task after each task.
  private func matrix(_ arm: LifelongArm) -> [String] {
    let runs = runs(arm)
    guard let one = runs.first else { return [] }
    var lines = [
      "## \(Self.name(arm)): accuracy of each task after each task, told", "",
      "| after | " + one.tasks.joined(separator: " | ") + " |", "|---|" + one.tasks.map { _ in "---|" }.joined(),
    ]
    for (number, task) in one.tasks.enumerated() {
      let cells = one.tasks.indices.map { other in
        other <= number ? percent(runs) { $0.told[number][other] } : ""
      }
      lines.append("| \(task) | " + cells.joined(separator: " | ") + " |")
    }
    return lines + [""]
  }

  /// Differences seed by seed, and what they say.
  private var claims: [String] {
    func difference(_ other: LifelongArm, _ figure: (LifelongResult) -> Double) -> SeedStatistics {
      let others = Dictionary(runs(other).map { ($0.seed, figure($0)) }, uniquingKeysWith: { first, _ in first })
      return SeedStatistics(runs(.gated).compactMap { run in others[run.seed].map { figure(run) - $0 } })
    }
    guard !runs(.gated).isEmpty else { return [] }
    var lines = [
      "", "Context gating with Oja's rule against the others, seed by seed, in points of accuracy, told:", "",
    ]
    for arm in LifelongArm.allCases where arm != .gated {
      let points = difference(arm, \.average)
      guard !points.values.isEmpty else { continue }
      let half = points.halfWidth ?? .infinity
      let verdict = points.mean - half > 0 ? "more" : points.mean + half < 0 ? "less" : "no difference shown"
      lines.append("- against \(Self.name(arm)): \(points.percentText), \(verdict)")
    }
    let own = SeedStatistics(runs(.gated).map(\.forgetting)).mean
    let plain = SeedStatistics(runs(.plain).map(\.forgetting)).mean
    if plain > 0 {
      lines += [
        "",
        "Forgetting is \(fixed(100 * own, 1)) points, \(fixed(own / plain, 2)) of fine-tuning's \(fixed(100 * plain, 1)).",
      ]
    }
    return lines
  }

  /// The course of each task's accuracy in four arms, the gates of one seed, and in how many tasks neurons fire.
  func draw(to path: String) throws {
    let arms: [LifelongArm] = [.gated, .plain, .elasticSmall, .contextOnly]
    let shown = arms.filter { !runs($0).isEmpty }
    guard !shown.isEmpty else { return }
    let (width, height) = (450.0, 240.0)
    let rows = Double((shown.count + 1) / 2)
    let canvas = try Canvas(path: path, width: 2 * width, height: height * rows + 420, scale: 1.5)
    for (place, arm) in shown.enumerated() {
      let runs = runs(arm)
      let tasks = runs[0].tasks
      let axes = Axes(
        filling: Rectangle(
          x: width * Double(place % 2), y: height * Double(place / 2), width: width, height: height),
        x: Axis(
          "after task", 0.5...Double(tasks.count) + 1.6,
          labels: tasks.enumerated().map { (Double($0 + 1), $1) }),
        y: Axis("accuracy (%)", 0...110, labels: [0, 25, 50, 75, 100].map { ($0, "\(Int($0))") }))
      for task in tasks.indices {
        let means = (task..<tasks.count).map { after in
          (x: Double(after + 1), y: 100 * SeedStatistics(runs.map { $0.told[after][task] }).mean)
        }
        axes.line(means, Color.series[task % Color.series.count], on: canvas)
        axes.dots(means, Color.series[task % Color.series.count], on: canvas, size: 4)
      }
      axes.draw(on: canvas, title: Self.name(arm))
      axes.legend(tasks.enumerated().map { ($1, Color.series[$0 % Color.series.count]) }, on: canvas)
    }
    if let run = runs(.gated).first {
      drawGates(of: run, in: Rectangle(x: 0, y: height * rows, width: 2 * width, height: 180), on: canvas)
    }
    try drawFiring(in: Rectangle(x: 0, y: height * rows + 180, width: 2 * width, height: 240), on: canvas)
    try canvas.finish()
  }

  /// Neurons across, tasks down; a filled place is an open neuron. Neurons in the order of the tasks that opened them.
  private func drawGates(of run: LifelongResult, in area: Rectangle, on canvas: Canvas) {
    let columns = run.gates.count
    for (layer, gates) in run.gates.enumerated() {
      let order = (gates.first?.indices.map(\.self) ?? []).map { place in gates.map { $0[place] == "1" } }.enumerated()
        .sorted { left, right in
          let first = left.element.firstIndex(of: true) ?? .max
          let second = right.element.firstIndex(of: true) ?? .max
          return (first, left.offset) < (second, right.offset)
        }
      let axes = Axes(
        filling: Rectangle(
          x: area.x + Double(layer) * area.width / Double(columns), y: area.y, width: area.width / Double(columns),
          height: area.height),
        x: Axis("hidden neuron, in the order they were opened", 0...Double(order.count)),
        y: Axis(
          "", 0...Double(gates.count), labels: run.tasks.enumerated().map { (Double($0) + 0.5, $1) }),
        isFlipped: true)
      for (column, neuron) in order.enumerated() {
        for task in gates.indices where neuron.element[task] {
          let corner = axes.point(Double(column), Double(task))
          let end = axes.point(Double(column + 1), Double(task + 1))
          canvas.fill(
            Rectangle(
              x: corner.x, y: min(corner.y, end.y) + 1, width: max(1, end.x - corner.x - 0.5),
              height: abs(end.y - corner.y) - 2),
            Color.series[task % Color.series.count])
        }
      }
      axes.draw(on: canvas, title: "open neurons of hidden layer \(layer + 1), seed \(run.seed)", hasGrid: false)
    }
  }

  private func drawFiring(in area: Rectangle, on canvas: Canvas) throws {
    let arms = [LifelongArm.gated, .contextOnly, .plain].filter { !runs($0).isEmpty }
    guard let tasks = results.first?.tasks.count else { return }
    let axes = Axes(
      filling: area,
      x: Axis(
        "hidden neurons that fire in so many tasks", -0.5...Double(tasks) + 0.5,
        labels: (0...tasks).map { (Double($0), "\($0)") }),
      y: Axis("share of neurons (%)", 0...125, labels: [0, 25, 50, 75, 100].map { ($0, "\(Int($0))") }))
    for (place, arm) in arms.enumerated() {
      let runs = runs(arm)
      let shares = (0...tasks).map { count in
        let mean = SeedStatistics(
          runs.map { run in
            let all = run.firingInTasks.reduce(0) { $0 + $1.reduce(0, +) }
            return Double(run.firingInTasks.reduce(0) { $0 + $1[count] }) / Double(max(all, 1))
          }
        ).mean
        return (x: Double(count) + 0.22 * (Double(place) - 1), y: 100 * mean)
      }
      axes.bars(shares, width: 0.2, Color.series[place], on: canvas)
    }
    axes.draw(on: canvas, title: "selectivity of hidden neurons")
    axes.legend(arms.enumerated().map { (Self.name($1), Color.series[$0]) }, on: canvas)
  }
}
