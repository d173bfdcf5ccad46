import Foundation
import TestSupport
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
      "ganglion-lab experiment srnn-scbam --tasks history --nets attention plain --seeds 3 --results \(folder)")
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

  @Test("nets that hear are compared seed by seed from what is on record, without any data")
  func hearing() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func run(_ arm: String, _ seed: Int, clean: Double, noise: Double, epochs: Int = 2) -> String {
      #"{"arm":"\#(arm)","seed":\#(seed),"epochs":\#(epochs),"rate":0.004,"parameters":70001,"products":2500000,"#
        + #""validation":0.9,"accuracies":{"clean":\#(clean),"noise0":\#(noise)},"seconds":60}"#
    }
    let record = (1...3).flatMap { seed in
      [
        run("convLSTM", seed, clean: 0.8 + Double(seed) / 100, noise: 0.5),
        run("attention", seed, clean: 0.83 + Double(seed) / 100, noise: 0.5 + Double(seed - 2) / 10),
        run("attention", seed, clean: 0.1, noise: 0.1, epochs: 9),
      ]
    }.joined(separator: "\n")
    try (record + "\n").write(toFile: "\(folder)/hearing-nets.ndjson", atomically: true, encoding: .utf8)
    let outcome = try Program.shell(
      "ganglion-lab experiment hearing --recipe none.yaml --data none --nets convLSTM attention --seeds 3 --epochs 2 "
        + "--results \(folder)")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.lines.count == 1, "no run, only the file")
    let table = try String(contentsOfFile: "\(folder)/hearing-nets.md", encoding: .utf8)
    #expect(
      table.contains("| spiking ConvLSTM | 82.0 ± 2.5 |  |  | 50.0 ± 0.0 |  |  | 70001 | 2.5 | 60 | 3 |"), "\(table)")
    // Paired: what both seeds share is no difference.
    #expect(table.contains("| SCBAM − none | 3.0 ± 0.0 |  |  | 0.0 ± 24.8 |  |  |"), "\(table)")
    #expect(!table.contains("feed-forward |"))
  }

  private static func encoderRun(_ arm: String, seed: Int, _ accuracy: Double, loss: Double) -> String {
    let rate = arm == "logMel" ? "" : #""spikesPerSecond":1000,"#
    let code = #"{"baseline":{"_0":{"directCurrent":{"floorDecibels":-40}},"channels":120}}"#
    let points =
      #"{"disturbance":"loss","strength":0.1,"accuracy":\#(accuracy)},"#
      + #"{"disturbance":"loss","strength":0.3,"accuracy":\#(loss)}"#
    return #"{"run":{"arm":"\#(arm)",\#(rate)"seed":\#(seed),"code":\#(code),"measuredSpikesPerSecond":990,"#
      + #""accuracy":\#(accuracy),"points":[\#(points)],"validationAccuracies":[0.5,0.85],"parameters":60000,"#
      + #""firingRates":[0.1,0.3],"seconds":4}}"#
  }

  @Test("encoders on record are compared seed by seed, without any data")
  func encoders() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var record = (1...3).flatMap { seed in
      [
        Self.encoderRun("spiketrum", seed: seed, 0.9 + Double(seed) / 100, loss: 0.9),
        Self.encoderRun("poisson", seed: seed, 0.8 + Double(seed) / 100, loss: 0.9 + Double(seed - 2) / 10),
        Self.encoderRun("logMel", seed: seed, 0.95, loss: 0.9),
      ]
    }
    for rate in [1000, 250] {
      record.append(
        #"{"snr":{"spikesPerSecond":\#(rate),"disturbance":"spikes lost at random, %","strength":0,"#
          + #""decibels":\#(rate / 50).25,"halfWidth":0.5,"clips":100,"seed":1}}"#)
    }
    let text = record.joined(separator: "\n") + "\n"
    try text.write(toFile: "\(folder)/spiketrum-robustness.ndjson", atomically: true, encoding: .utf8)
    let outcome = try Program.shell(
      "ganglion-lab experiment spiketrum --data /nonexistent --parts snr --results \(folder)")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.lines.count == 1, "no run, only the files")
    #expect(try String(contentsOfFile: "\(folder)/spiketrum-robustness.ndjson", encoding: .utf8) == text)
    let table = try String(contentsOfFile: "\(folder)/spiketrum-robustness.md", encoding: .utf8)
    #expect(table.contains("| Spiketrum | 990 | 92.0 ± 2.5 | 2.0 | 0.200 |"))
    #expect(table.contains("| log-mel currents | - | 95.0 ± 0.0 |"))
    // Paired: what both seeds share is no difference.
    #expect(table.contains("| Poisson | **10.0 ± 0.0** | 0.0 ± 24.8 |"))
    #expect(table.contains("| 1000 spikes/s | 20.2 ± 0.5 |") || table.contains("| 1000 spikes/s | 20.3 ± 0.5 |"))
    for name in ["1000", "snr"] {
      let picture = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/spiketrum-robustness-\(name).png"))
      #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
    }
    let needed = try Program.shell("ganglion-lab experiment spiketrum --data /nonexistent --results \(folder)")
    #expect(needed.code == 66)
    #expect(needed.errors.contains("/nonexistent"))
    try "{}x\n".write(toFile: "\(folder)/spiketrum-robustness.ndjson", atomically: true, encoding: .utf8)
    let damaged = try Program.shell(
      "ganglion-lab experiment spiketrum --data /nonexistent --parts snr --results \(folder)")
    #expect(damaged.code == 65)
    #expect(damaged.errors.contains("line 1"))
  }

  @Test("the context experiment runs, keeps its runs, and names a folder it cannot write to before the first")
  func contextGating() throws {
    let absent = try Program.shell("ganglion-lab experiment context-gating --results /nonexistent/folder --seeds 1")
    #expect(absent.code == 74)
    #expect(absent.lines.isEmpty)
    #expect(absent.errors.contains("/nonexistent/folder: cannot be written: No such file or directory"))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let command = "ganglion-lab experiment context-gating --results \(folder) --seeds 1 --arms none"
    let first = try Program.shell(command)
    #expect(first.code == 0, "\(first.errors)")
    #expect(first.lines.first?.hasPrefix("none seed 1: first ") == true)
    let record = try String(contentsOfFile: "\(folder)/context-gating.ndjson", encoding: .utf8)
    #expect(record.split(separator: "\n").count == 1)
    #expect(try String(contentsOfFile: "\(folder)/context-gating.md", encoding: .utf8).contains("| no local rule |"))
    let again = try Program.shell(command)
    #expect(again.lines.count == 1, "no run, only the files")
    #expect(try String(contentsOfFile: "\(folder)/context-gating.ndjson", encoding: .utf8) == record)
  }

  @Test("a folder that is not there is named")
  func missing() throws {
    let outcome = try Program.shell(
      "ganglion-lab experiment srnn-scbam --tasks spoken --data /nonexistent --results /tmp")
    #expect(outcome.code == 66)
    #expect(outcome.errors.contains("/nonexistent"))
  }

  private static func trial(_ arm: String, seed: Int, rate: Double, _ validation: Double, _ accuracy: Double) -> String
  {
    #"{"experiment":"structure","task":"spoken","arm":"\#(arm)","seed":\#(seed),"rate":\#(rate),"#
      + #""validation":\#(validation),"accuracy":\#(accuracy),"figures":{"weights":6477},"epochs":60,"seconds":7}"#
  }

  @Test("arms stand in the table with the rate that validated best, beside their control seed by seed")
  func trials() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let record = [
      Self.trial("static 10 %", seed: 1, rate: 0.004, 0.7, 0.9),
      Self.trial("static 10 %", seed: 1, rate: 0.008, 0.8, 0.8),
      Self.trial("static 10 %", seed: 2, rate: 0.008, 0.8, 0.82),
      Self.trial("random growth 10 %", seed: 1, rate: 0.004, 0.9, 0.85),
      Self.trial("random growth 10 %", seed: 2, rate: 0.004, 0.7, 0.89),
    ].joined(separator: "\n")
    try (record + "\n").write(toFile: "\(folder)/structure.ndjson", atomically: true, encoding: .utf8)
    let outcome = try Program.shell("ganglion-lab experiment structure --results \(folder)")
    #expect(outcome.code == 0, "\(outcome.errors)")
    let table = try String(contentsOfFile: "\(folder)/structure.md", encoding: .utf8)
    #expect(table.contains("epochs 60 (spoken)"))
    #expect(table.contains("| static 10 % | 0.008 | 80.0 ± 0.0 | 81.0 ± 12.7 |  |  | 6477 |"), "\(table)")
    // Differences 5 and 7: 6 on average, 12.706 / sqrt(2) * sqrt(2) on either side.
    #expect(table.contains("| random growth 10 % | 0.004 | 80.0 ± 127.1 | 87.0 ± 25.4 | static 10 % | 6.0 ± 12.7 |"))
    let picture = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/structure.png"))
    #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
    #expect(try String(contentsOfFile: "\(folder)/structure.ndjson", encoding: .utf8) == record + "\n")
  }
}
