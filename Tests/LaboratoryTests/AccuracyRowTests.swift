import Foundation
import TestSupport
import Testing

@Suite("A row of accuracies")
struct AccuracyRowTests {
  private func row(_ logs: [String]) throws -> Program.Outcome {
    let files = try logs.map { try TemporaryFile(Array($0.utf8)) }
    defer { withExtendedLifetime(files) {} }
    return try Program.shell("ganglion-lab accuracy 'its own split' \(files.map(\.path).joined(separator: " "))")
  }

  @Test("each seed, the mean with both intervals, and the same without repeats are in the row")
  func row() throws {
    let outcome = try row(
      [98.4, 98.8, 99.2].map { percent in
        "epoch 1: 3\ntest: \(percent) % (97.0 to 99.9) of 250\n"
          + "test, identical recordings counted once: \(percent - 1) % (96.0 to 99.0) of 200\n"
      })
    #expect(outcome.code == 0)
    #expect(
      outcome.lines == [
        "| its own split | 98.4, 98.8, 99.2 | 98.8 ± 1.0 | 96.5 to 99.6 of 250 | 97.8 ± 1.0; 94.7 to 99.1 of 200 |"
      ])
  }

  @Test("one seed has no interval over seeds, and no line of repeats says so")
  func oneSeed() throws {
    let outcome = try row(["test: 50.0 % (40.4 to 59.6) of 100\n"])
    #expect(outcome.lines == ["| its own split | 50.0 | 50.0 | 40.4 to 59.6 of 100 | no repeats |"])
  }

  @Test("logs that say nothing are wrong usage", arguments: ["", "epoch 1: 3\n"])
  func nothing(log: String) throws { #expect(try row([log]).code == 64) }
}
