import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import OutputFiles
import Plotting

/// Tables and pictures of the experiments on small networks.
struct TrialReport {
  let results: [TrialResult]
  let folder: String
  let experiment: String

  /// Tasks by their names; those of single speakers are one.
  private var tasks: [String] { ordered(results.map { Self.group($0.task) }) }

  private static func group(_ task: String) -> String { task.hasPrefix("unseen ") ? "unseen" : task }

  /// Runs of an arm at its best rate; of a group of tasks each at its own.
  private func chosen(task: String, arm: String) -> [TrialResult] {
    ordered(results.map(\.task)).filter { Self.group($0) == task }.flatMap { results.chosen(task: $0, arm: arm) }
  }

  private func ordered(_ names: [String]) -> [String] {
    var seen = Set<String>()
    return names.filter { seen.insert($0).inserted }
  }

  private func arms(_ task: String) -> [String] { ordered(results.filter { Self.group($0.task) == task }.map(\.arm)) }

  /// One column beside the accuracy: its title and what stands in it.
  private typealias Column = (title: String, text: ([TrialResult]) -> String)

  private func mean(_ runs: [TrialResult], _ name: String, _ places: Int, factor: Double = 1) -> String {
    let values = runs.compactMap { $0.figures[name] }
    return values.isEmpty ? "" : fixed(factor * values.reduce(0, +) / Double(values.count), places)
  }

  /// - Parameter baseline: of an arm the one it is compared with seed by seed.
  private func table(_ task: String, baseline: (String) -> String?, columns: [Column]) -> [String] {
    let titles =
      ["arm", "rate", "validation", "test", "against", "difference, paired"] + columns.map(\.title) + ["seeds"]
    var lines = [
      "## \(task)", "", "| \(titles.joined(separator: " | ")) |", "|\(String(repeating: "---|", count: titles.count))",
    ]
    for arm in arms(task) {
      let runs = chosen(task: task, arm: arm)
      guard !runs.isEmpty else { continue }
      let against = baseline(arm).flatMap { $0 == arm ? nil : $0 }
      let others = against.map { chosen(task: task, arm: $0) } ?? []
      let pairs = runs.compactMap { run in
        others.first { $0.seed == run.seed && $0.task == run.task }.map { run.accuracy - $0.accuracy }
      }
      let cells =
        [
          arm, ordered(runs.map { "\($0.rate)" }).joined(separator: ", "),
          SeedStatistics(runs.map(\.validation)).percentText,
          SeedStatistics(runs.map(\.accuracy)).percentText, pairs.isEmpty ? "" : against ?? "",
          pairs.isEmpty ? "" : SeedStatistics(pairs).percentText,
        ] + columns.map { $0.text(runs) } + ["\(runs.count)"]
      lines.append("| \(cells.joined(separator: " | ")) |")
    }
    return lines + [""]
  }

  private func write(_ title: String, _ lines: [String]) throws {
    // Arms that see fewer recordings an epoch have more epochs: the least is what was asked for.
    let epochs = tasks.map { task in
      "\(results.filter { Self.group($0.task) == task }.map(\.epochs).min() ?? 0) (\(task))"
    }
    let head = [
      "# \(title), measured", "",
      "Made by `ganglion-lab experiment \(experiment)`; epochs \(epochs.joined(separator: ", ")).",
      "Every run is a line of `\(experiment).ndjson`. Accuracy in per cent,",
      "means over the seeds with 95 % intervals (Student's t); every arm with the learning rate that validated best with the",
      "first seed, of a grid that grew until the best lay inside; differences seed by seed.", "",
    ]
    try OutputFile.write((head + lines).joined(separator: "\n"), to: "\(folder)/\(experiment).md")
  }

  func structure() throws {
    var lines: [String] = []
    for task in tasks {
      lines += table(
        task,
        baseline: { arm in
          if let percent = arm.split(separator: " ").dropLast().last, arm.hasSuffix("%") {
            return "static \(percent) %"
          }
          return arm.hasPrefix("10 %") ? "gradient growth 10 %" : nil
        },
        columns: [
          ("weights", { self.mean($0, "weights", 0) }),
          (
            "changed a first and a last epoch, %",
            { runs in
              let first = mean(runs, "firstTurnover", 1, factor: 100)
              return first.isEmpty ? "" : "\(first), \(mean(runs, "lastTurnover", 1, factor: 100))"
            }
          ),
          ("spikes a step", { self.mean($0, "firingRate", 3) }),
          ("µs a step", { self.mean($0, "stepMicroseconds", 1) }),
        ])
    }
    try write("Sparse from the first step on (ESL-SNN) and taught (reverse distillation)", lines)
    try draw(title: "accuracy by density") { task in
      ["static", "random growth", "gradient growth", "momentum growth"].map { name in
        (
          name,
          [2, 5, 10].compactMap { percent in
            point(task, "\(name) \(percent) %", at: Double(percent))
          } + [point(task, "dense", at: 100)].compactMap { $0 }
        )
      }
    }
  }

  private func point(_ task: String, _ arm: String, at place: Double) -> (x: Double, y: Double)? {
    let runs = chosen(task: task, arm: arm)
    return runs.isEmpty ? nil : (place, 100 * SeedStatistics(runs.map(\.accuracy)).mean)
  }

  func channels() throws {
    var lines: [String] = []
    for task in tasks {
      lines += table(
        task,
        baseline: { arm in
          guard arm.hasSuffix("%"), let percent = arm.split(separator: " ").dropLast().last else { return nil }
          let width = arm.contains(ChannelTrials.wide) ? ChannelTrials.wide : ""
          let membrane = "membrane\(width) \(percent) %"
          return arm == membrane || arm.hasPrefix("membrane, taught") ? "whole\(width)" : membrane
        },
        columns: [
          ("channels", { self.mean($0, "channels", 0) }), ("parameters", { self.mean($0, "parameters", 0) }),
          ("MAC a step", { self.mean($0, "multiplyAccumulates", 0) }),
          ("µs a step", { self.mean($0, "stepMicroseconds", 1) }),
          ("spikes a step", { self.mean($0, "firingRate", 3) }),
        ])
    }
    try write("Channels out by their activity (SCA)", lines)
    try draw(title: "accuracy by channels kept") { task in
      ["membrane", "membrane, nothing regrown", "rate", "random", "small from the start"].map { name in
        (
          name,
          [20, 30, 50].compactMap { point(task, "\(name) \($0) %", at: Double($0)) }
            + [point(task, "whole", at: 100)].compactMap { $0 }
        )
      }
    }
  }

  func distillation() throws {
    var lines: [String] = []
    for task in tasks {
      lines += table(
        task, baseline: { $0 == "teacher" ? nil : "alone" },
        columns: [10, 30, 50].map { percent in
          ("\(percent) % lost", { self.mean($0, "lost\(percent)", 1, factor: 100) })
        })
    }
    try write("Spiking students of a network that does not spike (KDSNN)", lines)
    let names = ["alone", "answers", "features", "answers and features", "joint", "label smoothing"]
    try draw(title: "accuracy by spikes lost (%)", isLogarithmic: false) { task in
      names.map { name in
        let runs = chosen(task: task, arm: name)
        guard !runs.isEmpty else { return (name, []) }
        let lost = [10, 30, 50].map { percent in
          (x: Double(percent), y: 100 * SeedStatistics(runs.compactMap { $0.figures["lost\(percent)"] }).mean)
        }
        return (name, [point(task, name, at: 0)].compactMap { $0 } + lost)
      }
    }
  }

  func conversion() throws {
    var lines: [String] = []
    let shown = [1, 2, 4, 8, 16, 32, 64, 256]
    for task in tasks {
      lines += table(
        task,
        baseline: {
          if $0 == "teacher" { return nil }
          // What conversion loses, by its form; what training adds to that.
          if $0.hasPrefix("converted") { return "teacher" }
          return ["narrower", "deeper", "wider"].contains($0) ? "\($0), alone" : "alone"
        },
        columns: shown.map { steps in
          ("\(steps) steps", { self.mean($0, "steps\(steps)", 1, factor: 100) })
        })
    }
    try write("Converted, and distilled layer by layer (LaSNN)", lines)
    let names = [
      "converted", "converted, weakest form", "alone", "from the converted", "answers", "attention, all layers",
    ]
    try draw(title: "accuracy by steps") { task in
      names.map { name in
        let runs = chosen(task: task, arm: name)
        return (
          name,
          ConversionTrials.lengths.compactMap { steps in
            let values = runs.compactMap { $0.figures["steps\(steps)"] }
            return values.isEmpty ? nil : (Double(steps), 100 * SeedStatistics(values).mean)
          }
        )
      }
    }
  }

  /// An axis of per cent with four to eight ticks.
  private static func percentAxis(_ values: [Double]) -> Axis {
    let (low, high) = (values.min() ?? 0, values.max() ?? 100)
    let step = [1.0, 2, 5, 10].first { (high - low) / $0 <= 6 } ?? 20
    let ticks = stride(from: (low / step).rounded(.down) * step, through: (high / step).rounded(.up) * step, by: step)
    let labels = ticks.map { (value: $0, text: "\(Int($0))") }
    return Axis("accuracy (%)", (labels.first?.value ?? 0)...(labels.last?.value ?? 100), labels: labels)
  }

  /// A diagram a task, one below the other.
  private func draw(
    title: String, isLogarithmic: Bool = true, _ series: (String) -> [(String, [(x: Double, y: Double)])]
  ) throws {
    // The point that all arms of a task have in common is no line.
    func lines(_ task: String) -> [(String, [(x: Double, y: Double)])] {
      let all = series(task).filter { !$0.1.isEmpty }
      let long = all.filter { $0.1.count > 1 }
      return long.isEmpty ? all : long
    }
    let shown = tasks.filter { !lines($0).isEmpty }
    guard !shown.isEmpty else { return }
    let height = 300.0
    let canvas = try Canvas(
      path: "\(folder)/\(experiment).png", width: 850, height: height * Double(shown.count), scale: 1.5)
    for (place, task) in shown.enumerated() {
      let lines = lines(task)
      let points = lines.flatMap(\.1)
      let low = points.map(\.x).min() ?? 1
      let high = points.map(\.x).max() ?? 100
      let axes = Axes(
        filling: Rectangle(x: 0, y: height * Double(place), width: 600, height: height),
        x: Axis(
          title.split(separator: " ").dropFirst(2).joined(separator: " "),
          isLogarithmic ? low / 1.2...high * 1.2 : low...high,
          isLogarithmic: isLogarithmic,
          labels: ordered(points.map(\.x).sorted().map { "\(Int($0))" }).map { (Double($0) ?? 0, $0) }),
        y: Self.percentAxis(points.map(\.y)))
      for (index, line) in lines.enumerated() {
        let color = Color.series[index % Color.series.count]
        axes.line(line.1, color, on: canvas)
        axes.dots(line.1, color, on: canvas, size: 5)
        canvas.text(line.0, x: 640, y: height * Double(place) + 44 + 18 * Double(index), size: 11)
        canvas.line(
          [
            (612, height * Double(place) + 40 + 18 * Double(index)),
            (632, height * Double(place) + 40 + 18 * Double(index)),
          ],
          color, lineWidth: 2)
      }
      axes.draw(on: canvas, title: task)
    }
    try canvas.finish()
  }
}
