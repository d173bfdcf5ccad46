import CommandSupport
import Experiments
import Foundation
import Numerics

/// The table of the experiment on hearing with memory and attention.
struct HearingReport {
  let results: [HearingResult]
  let epochs: Int

  private static func name(_ arm: HearingArm) -> String {
    switch arm {
    case .feedForward: "feed-forward"
    case .recurrent: "recurrent neurons"
    case .convLSTM: "spiking ConvLSTM"
    case .attention: "ConvLSTM, SCBAM on the forget gate"
    case .softAttention: "the same, soft"
    case .hiddenAttention: "soft, on the hidden state"
    }
  }

  private static func title(_ condition: HearingCondition) -> String {
    switch condition {
    case .clean: "clean"
    case .noise20: "noise 20 dB"
    case .noise10: "10 dB"
    case .noise0: "0 dB"
    case .speakers: "other speakers"
    case .short: "first 60 %"
    }
  }

  /// A run in one line.
  static func line(_ result: HearingResult) -> String {
    let parts = HearingCondition.allCases.compactMap { condition in
      result.accuracy(condition).map { "\(title(condition)) \(Proportion.percent($0)) %" }
    }
    return
      "\(result.arm.rawValue) seed \(result.seed): \(parts.joined(separator: ", ")), \(result.parameters) parameters, "
      + "\(fixed(result.seconds, 0)) s"
  }

  private func runs(_ arm: HearingArm) -> [HearingResult] {
    results.filter { $0.arm == arm }.sorted { $0.seed < $1.seed }
  }

  private func statistics(_ arm: HearingArm, _ condition: HearingCondition) -> SeedStatistics {
    SeedStatistics(runs(arm).compactMap { $0.accuracy(condition) })
  }

  /// Of the seeds that both arms have.
  private func difference(_ arm: HearingArm, _ other: HearingArm, _ condition: HearingCondition) -> SeedStatistics {
    let others = Dictionary(uniqueKeysWithValues: runs(other).map { ($0.seed, $0) })
    return SeedStatistics(
      runs(arm).compactMap { run in
        guard let mine = run.accuracy(condition), let theirs = others[run.seed]?.accuracy(condition) else { return nil }
        return mine - theirs
      })
  }

  private func row(_ title: String, _ cells: (HearingCondition) -> SeedStatistics) -> String {
    let cells = HearingCondition.allCases.map { condition in
      let found = cells(condition)
      return found.values.isEmpty ? "" : found.percentText
    }
    return "| \(title) | \(cells.joined(separator: " | ")) |"
  }

  var markdown: String {
    let titles = HearingCondition.allCases.map(Self.title).joined(separator: " | ")
    let rule = String(repeating: "---|", count: HearingCondition.allCases.count)
    var lines = [
      "# Does memory, or attention over it, help to hear words?", "",
      "Made by `ganglion-lab experiment hearing`; every run is a line of `hearing-nets.ndjson`. Twelve classes of Speech",
      "Commands, \(epochs) epochs, one learning rate for all nets, which none was tuned for. Test accuracy in per cent, means",
      "over the seeds with 95 % intervals (Student's t).", "",
      "| net | \(titles) | parameters | products a second of sound, million | seconds | seeds |",
      "|---|\(rule)---|---|---|---|",
    ]
    for arm in HearingArm.allCases {
      let runs = runs(arm)
      guard let first = runs.first else { continue }
      let seconds = runs.reduce(0) { $0 + $1.seconds } / Double(runs.count)
      lines.append(
        row(Self.name(arm)) { statistics(arm, $0) }
          + " \(first.parameters) | \(fixed(first.products / 1e6, 1)) | \(fixed(seconds, 0)) | \(runs.count) |")
    }
    lines += [
      "", "Differences in points, seed by seed; an interval that holds 0 shows nothing:", "", "| | \(titles) |",
      "|---|\(rule)",
    ]
    let pairs: [(String, HearingArm, HearingArm)] = [
      ("recurrent neurons − feed-forward", .recurrent, .feedForward),
      ("ConvLSTM − feed-forward", .convLSTM, .feedForward),
      ("SCBAM − none", .attention, .convLSTM),
      ("soft SCBAM − none", .softAttention, .convLSTM),
      ("soft SCBAM on the hidden state − none", .hiddenAttention, .convLSTM),
    ]
    for (title, arm, other) in pairs where !difference(arm, other, .clean).values.isEmpty {
      lines.append(row(title) { difference(arm, other, $0) })
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
