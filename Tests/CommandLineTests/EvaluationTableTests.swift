import Foundation
import Learning
import Testing

@testable import ganglion

struct EvaluationTableTests {
  private struct Report: Decodable {
    var accuracy: Double
    var interval: [Double]
    var distinctAccuracy: Double
    var distinctInterval: [Double]
  }

  @Test func recordingsThatDifferHaveFiguresOfTheirOwn() throws {
    var evaluation = Evaluation(labels: ["low", "high"])
    evaluation.add(truth: 0, answer: 0, isRepeat: false)
    for _ in 0..<20 { evaluation.add(truth: 0, answer: 0, isRepeat: true) }
    evaluation.add(truth: 1, answer: nil, isRepeat: false)
    let (all, distinct) = (evaluation.accuracy, evaluation.distinctAccuracy)
    #expect(all.total == 22 && distinct.total == 2)
    let report = try JSONDecoder().decode(Report.self, from: Data(EvaluationTable(evaluation).json().utf8))
    #expect(report.accuracy == all.share && report.distinctAccuracy == distinct.share)
    #expect(report.interval == [all.interval.lowerBound, all.interval.upperBound])
    #expect(report.distinctInterval == [distinct.interval.lowerBound, distinct.interval.upperBound])
  }
}
