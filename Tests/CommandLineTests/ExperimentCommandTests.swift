import Foundation
import Testing

@Suite("Experiments from the command line")
struct ExperimentCommandTests {
  private static func run(_ arm: String, seed: Int, _ accuracy: Double, shuffled: Double) -> String {
    #"{"task":"history","arm":"\#(arm)","seed":\#(seed),"accuracy":\#(accuracy),"shuffledAccuracy":\#(shuffled),"#
      + #""parameters":2400,"stateBytes":4800,"epochs":20,"rate":0.006,"seconds":9}"#
  }

  @Test("runs that are on record are not repeated, and the table and the picture are made of them")
  func report() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let record = (1...3).flatMap { seed in
      [
        Self.run("attention", seed: seed, 0.9 + Double(seed) / 100, shuffled: 0.25),
        Self.run("plain", seed: seed, 0.8 + Double(seed) / 50, shuffled: 0.25),
      ]
    }.joined(separator: "\n")
    try (record + "\n").write(toFile: "\(folder)/srnn-scbam.ndjson", atomically: true, encoding: .utf8)
    let outcome = try Program.shell(
      "ganglion experiment srnn-scbam --tasks history --nets attention plain --seeds 3 --results \(folder)")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.lines.count == 1, "no run, only the files")
    #expect(try String(contentsOfFile: "\(folder)/srnn-scbam.ndjson", encoding: .utf8) == record + "\n")
    let table = try String(contentsOfFile: "\(folder)/srnn-scbam.md", encoding: .utf8)
    // Student's t at two degrees of freedom: 4.303 * 0.01 / sqrt(3) = 0.0248.
    #expect(table.contains("| SRNN-SCBAM | 2400 | 4800 | 92.0 ± 2.5 | 25.0 ± 0.0 |  | 3 |"))
    #expect(table.contains("| spiking ConvLSTM | 2400 | 4800 | 84.0 ± 5.0 |"))
    #expect(table.contains("(SRNN-SCBAM − spiking ConvLSTM): 8.0 ± 2.5, more"))
    #expect(!table.contains("feed-forward conv"))
    let picture = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/srnn-scbam.png"))
    #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
  }

  @Test("a folder that holds no spoken digits is named")
  func missing() throws {
    let outcome = try Program.shell(
      "ganglion experiment srnn-scbam --tasks spoken --data /nonexistent --results /tmp")
    #expect(outcome.code == 65)
    #expect(outcome.errors.contains("/nonexistent"))
  }
}
