import CommandSupport
import Foundation
import Learning
import Numerics

/// The result of an evaluation as text or JSON.
struct EvaluationTable {
  let evaluation: Evaluation

  init(_ evaluation: Evaluation) {
    self.evaluation = evaluation
  }

  var text: String {
    var lines = ["accuracy  \(evaluation.accuracy.text)  of \(evaluation.accuracy.total) recordings"]
    if evaluation.distinctAccuracy.total != evaluation.accuracy.total {
      lines.append(
        "          \(evaluation.distinctAccuracy.text)  of \(evaluation.distinctAccuracy.total) that differ")
    }
    let names = evaluation.labels
    let width = max(8, names.map(\.count).max() ?? 0)
    lines += ["", "\(pad("class", width))  recall % (95 % interval)      precision %   recordings"]
    for label in names.indices {
      let recall = evaluation.recall(of: label)
      let precision = evaluation.precision(of: label)
      lines.append(
        "\(pad(names[label], width))  \(pad(recall.text, 27))   "
          + "\(pad(precision.total > 0 ? Proportion.percent(precision.share) : "-", 11))   \(recall.total)")
    }
    let answers = names + (evaluation.confusion.contains { $0[names.count] > 0 } ? ["(none)"] : [])
    let column = max(4, answers.map(\.count).max() ?? 0)
    lines += ["", "confusion: a row is the truth, a column the answer"]
    lines.append(pad("", width) + answers.map { "  " + padLeft($0, column) }.joined())
    for label in names.indices {
      let counts = answers.indices.map { answer -> String in
        let count = evaluation.confusion[label][answer]
        return "  " + padLeft(count == 0 ? "." : String(count), column)
      }
      lines.append(pad(names[label], width) + counts.joined())
    }
    return lines.joined(separator: "\n")
  }

  func json() throws -> String {
    struct Class: Encodable {
      var label: String
      var recordings: Int
      var recall: Double
      var precision: Double?
    }
    struct Report: Encodable {
      var accuracy: Double
      var interval: [Double]
      var recordings: Int
      var distinctAccuracy: Double
      var distinctInterval: [Double]
      var distinctRecordings: Int
      var classes: [Class]
      var labels: [String]
      var confusion: [[Int]]
    }
    let plain = evaluation.accuracy
    let distinct = evaluation.distinctAccuracy
    let report = Report(
      accuracy: plain.share, interval: [plain.interval.lowerBound, plain.interval.upperBound], recordings: plain.total,
      distinctAccuracy: distinct.share, distinctInterval: [distinct.interval.lowerBound, distinct.interval.upperBound],
      distinctRecordings: distinct.total,
      classes: evaluation.labels.indices.map { label in
        let precision = evaluation.precision(of: label)
        return Class(
          label: evaluation.labels[label], recordings: evaluation.recall(of: label).total,
          recall: evaluation.recall(of: label).share, precision: precision.total > 0 ? precision.share : nil)
      },
      labels: evaluation.labels, confusion: evaluation.confusion)
    return try jsonText(report)
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func padLeft(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
