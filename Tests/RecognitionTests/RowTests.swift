import Foundation
import Testing

@testable import Recognition

@Suite("Rows of outputs side by side")
struct RowTests {
  private func scores(_ logits: [[Float]], rows: Int) throws -> [Double] {
    var recogniser = try Recogniser(
      labels: ["a", "b", "c"], configuration: DecisionConfiguration(), rows: rows)
    for (step, values) in logits.enumerated() {
      let time = Int64(step) * 10_000
      _ = recogniser.advance(startMicroseconds: time, endMicroseconds: time + 10_000, isActive: true) { _ in }
      try recogniser.take(logits: values) { _ in }
    }
    return try #require(recogniser.currentScores)
  }

  @Test("the row with the highest score over the window counts, not that of a single step")
  func highest() throws {
    let sure: [Float] = [0, 3, 0]
    let unsure: [Float] = [1, 0, 0]
    let outlier: [Float] = [3.5, 0, 0]
    let first = try scores([sure, sure, sure], rows: 1)
    #expect(try scores([unsure + sure, unsure + sure, outlier + sure], rows: 2) == first)
    #expect(try scores([sure + unsure, sure + unsure, sure + outlier], rows: 2) == first)
  }

  @Test("rows that are alike give what one gives, to the bit")
  func alike() throws {
    let logits: [[Float]] = [[0.3, 1.7, -2.2], [0.9, 0.1, 0.4], [-1, 2.5, 0.3]]
    #expect(try scores(logits.map { $0 + $0 + $0 }, rows: 3) == scores(logits, rows: 1))
  }

  @Test("they do so in a long utterance, too, of which most steps have left the window")
  func alikeForLong() throws {
    // No label leads, so nothing is decided.
    let logits = (0..<1_000).map { step -> [Float] in [0, 1, 2].map { sin(Float(step) * 0.01 + 2 * $0) / 8 } }
    #expect(try scores(logits.map { $0 + $0 + $0 }, rows: 3) == scores(logits, rows: 1))
  }
}
