import CommandSupport
import Foundation
import Learning
import Recognition

/// What `ganglion evaluate --stream` found, as text or JSON.
struct StreamReport {
  /// Thresholds that were chosen, and how they do.
  struct Chosen {
    var decision: DecisionConfiguration
    /// False accepts an hour that were allowed.
    var allowed: Double
    var tally: StreamTally
  }

  let labels: [String]
  let detectable: [Int]
  let recordings: Int
  let toleranceMicroseconds: Int64
  let decision: DecisionConfiguration
  let outcome: StreamEvaluator.Outcome
  var chosen: Chosen?

  /// Rows of the sweep that are printed: enough to see its course.
  private static let sweepRows = 12

  var text: String {
    let own = outcome.own
    var lines = [
      "\(recordings) recording\(recordings == 1 ? "" : "s"), \(duration(3_600 * own.hours)), \(own.total.words) labelled "
        + "words; a detection may end \(toleranceMicroseconds / 1_000) ms after its word",
      "", "with the model's thresholds",
    ]
    lines += table(own, decision)
    // What lasts is told while it does.
    let lasts = decision.stream?.releaseShare != nil
    if let median = own.delay(share: 0.5, fromStart: lasts), let most = own.delay(share: 0.95, fromStart: lasts) {
      lines.append(
        "told \(median / 1_000) ms after the word's \(lasts ? "start" : "end") (half of them), \(most / 1_000) ms (95 %)"
      )
    }
    lines += ["", "with one threshold for all labels", "threshold  missed %  false accepts an hour"]
    let step = max(1, (outcome.sweep.count + Self.sweepRows - 1) / Self.sweepRows)
    for (index, entry) in outcome.sweep.enumerated() where index % step == 0 || index == outcome.sweep.count - 1 {
      lines.append(
        right(fixed(entry.threshold, 4), 9) + right(fixed(100 * entry.tally.total.missedShare.share, 1), 10)
          + right(fixed(entry.tally.perHour(entry.tally.total.falseAccepts), 1), 23))
    }
    if let chosen {
      lines += [
        "",
        "with the thresholds chosen for at most \(fixed(chosen.allowed, 2)) false accepts an hour, on these recordings",
      ]
      lines += table(chosen.tally, chosen.decision)
    }
    return lines.joined(separator: "\n")
  }

  private func table(_ tally: StreamTally, _ decision: DecisionConfiguration) -> [String] {
    let width = max(8, labels.map(\.count).max() ?? 0)
    var lines = [
      "\(left("label", width))  threshold  words  missed  missed % (95 % interval)   false accepts  an hour  repeats"
    ]
    for label in detectable {
      lines.append(
        row(labels[label], width, fixed(decision.threshold(of: labels[label]), 4), tally.counts[label], tally))
    }
    lines.append(row("all", width, "", tally.total, tally))
    return lines
  }

  private func row(
    _ name: String, _ width: Int, _ threshold: String, _ counts: StreamTally.Counts, _ tally: StreamTally
  ) -> String {
    left(name, width) + right(threshold, 11) + right("\(counts.words)", 7) + right("\(counts.missed)", 8) + "  "
      + left(counts.words > 0 ? counts.missedShare.text : "-", 25) + right("\(counts.falseAccepts)", 14)
      + right(fixed(tally.perHour(counts.falseAccepts), 1), 9) + right("\(counts.repeats)", 9)
  }

  func json() throws -> String {
    struct Label: Encodable {
      var label: String
      var threshold: Double
      var words: Int
      var missed: Int
      var falseAccepts: Int
      var falseAcceptsPerHour: Double
      var repeats: Int
    }
    struct Figures: Encodable {
      var words: Int
      var missed: Int
      var missedShare: Double?
      var missedInterval: [Double]?
      var falseAccepts: Int
      var falseAcceptsPerHour: Double
      var repeats: Int
      var labels: [Label]
    }
    struct Point: Encodable {
      var threshold: Double
      var missedShare: Double?
      var falseAcceptsPerHour: Double
    }
    struct Report: Encodable {
      var recordings: Int
      var hours: Double
      var toleranceMilliseconds: Int64
      var model: Figures
      var sweep: [Point]
      var chosen: Figures?
    }
    func share(_ counts: StreamTally.Counts) -> Double? { counts.words > 0 ? counts.missedShare.share : nil }
    func figures(_ tally: StreamTally, _ decision: DecisionConfiguration) -> Figures {
      let total = tally.total
      return Figures(
        words: total.words, missed: total.missed, missedShare: share(total),
        missedInterval: total.words > 0
          ? [total.missedShare.interval.lowerBound, total.missedShare.interval.upperBound] : nil,
        falseAccepts: total.falseAccepts, falseAcceptsPerHour: tally.perHour(total.falseAccepts),
        repeats: total.repeats,
        labels: detectable.map { index in
          let counts = tally.counts[index]
          return Label(
            label: labels[index], threshold: decision.threshold(of: labels[index]), words: counts.words,
            missed: counts.missed, falseAccepts: counts.falseAccepts,
            falseAcceptsPerHour: tally.perHour(counts.falseAccepts), repeats: counts.repeats)
        })
    }
    let report = Report(
      recordings: recordings, hours: outcome.own.hours, toleranceMilliseconds: toleranceMicroseconds / 1_000,
      model: figures(outcome.own, decision),
      sweep: outcome.sweep.map {
        Point(
          threshold: $0.threshold, missedShare: share($0.tally.total),
          falseAcceptsPerHour: $0.tally.perHour($0.tally.total.falseAccepts))
      }, chosen: chosen.map { figures($0.tally, $0.decision) })
    return try jsonText(report)
  }

  private func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
