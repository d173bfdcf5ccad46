import Learning
import TestSupport
import Testing

@Suite("Evaluation")
struct EvaluationTests {
  @Test("clips of one recording differ, and one that comes twice is a repeat")
  func clips() throws {
    let file = try TemporaryFile(TestModels.bar())
    let clips = [Int64(0), 100_000, 0].map {
      Recording(path: file.path, label: 0, group: "", microseconds: $0..<$0 + 100_000)
    }
    let found = try Evaluator(TestModels.events())
      .evaluate(clips, labels: ["left", "right"], threads: 1) { _, _ in }
    #expect(found.accuracy.total == 3)
    #expect(found.distinctAccuracy.total == 2)
  }
}
