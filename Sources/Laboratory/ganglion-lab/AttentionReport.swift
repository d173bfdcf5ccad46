import Experiments
import Foundation
import Learning
import Numerics
import Plotting

/// The table and the picture of the attention experiment.
struct AttentionReport {
  let results: [AttentionResult]

  private static let tasks = [
    (name: "history", title: "History: which of four sweeps came first (chance 25 %)"),
    (name: "spoken", title: "Spoken digits forwards and backwards (20 classes, chance 5 %)"),
  ]

  private static func name(_ arm: AttentionArm) -> String {
    switch arm {
    case .attention: "SRNN-SCBAM"
    case .softAttention: "soft attention"
    case .plain: "spiking ConvLSTM"
    case .feedForward: "feed-forward conv"
    case .halfAttention: "SRNN-SCBAM, half"
    case .halfPlain: "ConvLSTM, half"
    }
  }

  private func runs(_ task: String, _ arm: AttentionArm) -> [AttentionResult] {
    results.filter { $0.task == task && $0.arm == arm }.sorted { $0.seed < $1.seed }
  }

  /// A figure of one arm less that of another, seed by seed.
  private func difference(
    _ task: String, _ arm: AttentionArm, _ other: AttentionArm, _ figure: (AttentionResult) -> Double
  ) -> SeedStatistics {
    let others = Dictionary(runs(task, other).map { ($0.seed, figure($0)) }, uniquingKeysWith: { first, _ in first })
    return SeedStatistics(runs(task, arm).compactMap { run in others[run.seed].map { figure(run) - $0 } })
  }

  var markdown: String {
    var lines = [
      "# SRNN-SCBAM, measured", "",
      "Made by `ganglion-lab experiment srnn-scbam --data FSDD --results Samples/results`; every run is a line of",
      "`srnn-scbam.ndjson`. Means over the seeds with 95 % intervals (Student's t); test accuracy in per cent, as",
      "recorded and with the frames of every recording in random order. What the tasks ask for, rates and forget biases",
      "were settled on a few runs with seeds 1 and 101 to 104, the same for all nets; nothing was chosen afterwards.",
    ]
    for task in Self.tasks where !runs(task.name, .attention).isEmpty {
      lines += [
        "", "## \(task.title)", "",
        "| net | parameters | state, bytes | accuracy | frames shuffled | attention on, channel / place | seeds |",
        "|---|---|---|---|---|---|---|",
      ]
      for arm in AttentionArm.allCases {
        let runs = runs(task.name, arm)
        guard let first = runs.first else { continue }
        lines.append(
          "| \(Self.name(arm)) | \(first.parameters) | \(first.stateBytes) "
            + "| \(SeedStatistics(runs.map(\.accuracy)).percentText) "
            + "| \(SeedStatistics(runs.map(\.shuffledAccuracy)).percentText) | \(Self.attention(runs)) | \(runs.count) |"
        )
      }
      lines += ["", "Differences in points, seed by seed; an interval that holds 0 shows nothing:", ""]
      lines += claims(task.name).filter { !$0.difference.values.isEmpty }.map {
        "- \($0.text): \($0.difference.percentText)\($0.verdict)"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func attention(_ runs: [AttentionResult]) -> String {
    let channel = runs.compactMap(\.channelAttentionOn)
    let spatial = runs.compactMap(\.spatialAttentionOn)
    guard !channel.isEmpty, !spatial.isEmpty else { return "" }
    return "\(SeedStatistics(channel).percentText) / \(SeedStatistics(spatial).percentText) %"
  }

  private struct Claim {
    var text: String
    var difference: SeedStatistics

    /// What the interval says, where there is one.
    var verdict: String {
      guard let half = difference.halfWidth else { return "" }
      if difference.mean - half > 0 { return ", more" }
      if difference.mean + half < 0 { return ", less" }
      return ", no difference shown"
    }
  }

  private func claims(_ task: String) -> [Claim] {
    func lost(_ result: AttentionResult) -> Double { result.accuracy - result.shuffledAccuracy }
    return [
      Claim(
        text: "attention against none (SRNN-SCBAM − spiking ConvLSTM)",
        difference: difference(task, .attention, .plain, \.accuracy)),
      Claim(
        text: "soft attention against none", difference: difference(task, .softAttention, .plain, \.accuracy)),
      Claim(
        text: "recurrence against none (spiking ConvLSTM − feed-forward conv)",
        difference: difference(task, .plain, .feedForward, \.accuracy)),
      Claim(
        text: "half the memory with attention against the whole without (SRNN-SCBAM, half − spiking ConvLSTM)",
        difference: difference(task, .halfAttention, .plain, \.accuracy)),
      Claim(
        text: "attention against none at half the memory",
        difference: difference(task, .halfAttention, .halfPlain, \.accuracy)),
      Claim(
        text: "what shuffling the frames costs SRNN-SCBAM more than the feed-forward net",
        difference: difference(task, .attention, .feedForward, lost)),
    ]
  }

  /// One diagram a task: a bar a net with its interval, and the shuffled accuracy beside it in grey.
  func draw(to path: String) throws {
    let tasks = Self.tasks.filter { !runs($0.name, .attention).isEmpty }
    guard !tasks.isEmpty else { return }
    let height = 300.0
    let canvas = try Canvas(path: path, width: 960, height: height * Double(tasks.count), scale: 1.5)
    for (place, task) in tasks.enumerated() {
      let arms = AttentionArm.allCases
      let labels = arms.enumerated().map { (value: Double($0), text: Self.name($1)) }
      let axes = Axes(
        filling: Rectangle(x: 0, y: height * Double(place), width: 960, height: height),
        x: Axis("", -0.5...Double(arms.count) - 0.5, labels: labels),
        // Room for the legend above what can be reached.
        y: Axis(
          "test accuracy (%)", 0...125, labels: stride(from: 0, through: 100, by: 20).map { (Double($0), "\($0)") }))
      for (index, arm) in arms.enumerated() {
        let runs = runs(task.name, arm)
        bar(SeedStatistics(runs.map(\.accuracy)), at: Double(index) - 0.17, Color.series[0], axes, canvas)
        bar(SeedStatistics(runs.map(\.shuffledAccuracy)), at: Double(index) + 0.17, .lightGray, axes, canvas)
      }
      axes.draw(on: canvas, title: task.title)
      axes.legend([("as recorded", Color.series[0]), ("frames in random order", .lightGray)], on: canvas)
    }
    try canvas.finish()
  }

  private func bar(_ statistics: SeedStatistics, at x: Double, _ color: Color, _ axes: Axes, _ canvas: Canvas) {
    let mean = 100 * statistics.mean
    axes.bars([(x, mean)], width: 0.3, color, on: canvas)
    // The seeds themselves, and the interval over them.
    axes.dots(statistics.values.map { (x - 0.08, 100 * $0) }, .black, on: canvas, size: 3)
    guard let half = statistics.halfWidth.map({ 100 * $0 }) else { return }
    axes.line([(x, mean - half), (x, mean + half)], .black, on: canvas)
    for end in [mean - half, mean + half] { axes.line([(x - 0.04, end), (x + 0.04, end)], .black, on: canvas) }
  }
}
