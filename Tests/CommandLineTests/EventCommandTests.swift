import Foundation
import Testing

/// `ganglion info`, `convert` and `plot` on shipped samples.
struct EventCommandTests {
  private static let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Samples").standardized.path
  private static let three = "recordings/event-digits/three.bin"

  private struct Summary: Decodable, Equatable {
    struct Row: Decodable, Equatable {
      var count: Int
      var firstMicroseconds: Int64
      var lastMicroseconds: Int64
    }
    struct Digest: Decodable, Equatable { var time, x, y, polarity: String }
    var format: String
    var rows: [Row]
    var digest: Digest
  }

  private func info(_ line: String) throws -> Summary {
    let outcome = try Program.shell("cd \(Self.samples) && \(line)")
    #expect(outcome.errors == "")
    return try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
  }

  @Test func everyEventOfARecordingIsCounted() throws {
    let summary = try info("ganglion info --json \(Self.three)")
    // 30,720 bytes of five each.
    #expect(summary.rows == [.init(count: 6_144, firstMicroseconds: 11, lastMicroseconds: 307_588)])
    #expect(summary.format == "N-MNIST")
  }

  @Test(arguments: ["aedat2", "aedat3", "aedat4", "evt2", "evt21", "evt3", "dat2", "es", "csv", "npz"])
  func aConvertedRecordingHasTheSameEvents(format: String) throws {
    let before = try info("ganglion info --json \(Self.three)")
    let after = try info(
      "ganglion convert --quiet --input-format nmnist --sensor 34x34 --format \(format) \(Self.three) - "
        + "| ganglion info --json -")
    #expect(after.rows == before.rows)
    #expect(after.digest == before.digest)
  }

  @Test func aFileOfTabsHasTabsAndTheSameEvents() throws {
    let folder = NSTemporaryDirectory() + "ganglion-tabs-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let before = try info("ganglion info --json \(Self.three)")
    let after = try info(
      "ganglion convert --quiet \(Self.three) \(folder)/t.tsv && ganglion info --json \(folder)/t.tsv")
    #expect(after.digest == before.digest)
    #expect(try Program.shell("head -2 \(folder)/t.tsv").lines == ["t\tx\ty\tp", "11\t22\t17\t0"])
  }

  @Test func aFilterThatDoesNotExistIsAnsweredWithTheOnesThatDo() throws {
    let outcome = try Program.shell(
      "cd \(Self.samples) && ganglion convert --filter blur=2 --sensor 34x34 --format csv \(Self.three) -")
    #expect(outcome.code == 64)
    let help = try Program.shell("ganglion convert --help").output.split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
    for name in ["refractory", "hot-pixels", "flip-y", "transpose", "downsample", "noise"] {
      #expect(outcome.errors.contains(name) && help.contains(name), "\(name)")
    }
    #expect(help.contains("zstd-high; default: lz4)"))
  }

  @Test func aFilterReportsWhatItTookOut() throws {
    let outcome = try Program.shell(
      "cd \(Self.samples) && ganglion convert --input-format nmnist --filter time=0..100000 --format csv \(Self.three) - "
        + "| grep -c '^[0-9]'")
    let left = try #require(Int(outcome.lines[0]))
    #expect(left > 100 && left < 6_144)
    #expect(outcome.errors.contains("\(6_144 - left)"), "\(outcome.errors)")
  }

  /// Events as text without an end, until nobody reads them.
  private static let endless = "while echo $((++t)),3,5,1 2>/dev/null; do :; done"

  // KILL, which no program can answer, leaves nothing of a file without a name; HDF5 has one that is taken away.
  @Test(arguments: [("csv", "KILL", 137), ("h5", "TERM", 143)])
  func aConversionThatIsInterruptedLeavesWhatWasThere(ending: String, signal: String, code: Int) throws {
    let folder = NSTemporaryDirectory() + "ganglion-convert-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let outcome = try Program.shell(
      """
      cd \(folder); echo before > out.\(ending)
      { t=0; \(Self.endless); } |
        timeout -s KILL 60 $GANGLION convert --input-format csv --csv-columns 0,1,2,3 --quiet - out.\(ending) &
      program=
      while [ -z "$program" ]; do sleep 0.1; program=$(cat /proc/$!/task/$!/children); done
      if [ \(ending) = h5 ]; then until ls *.partial >/dev/null 2>&1; do sleep 0.1; done; else sleep 0.5; fi
      kill -\(signal) $program
      wait $!; echo "ended $?"; cat out.\(ending); ls
      """)
    #expect(outcome.lines == ["ended \(code)", "before", "out.\(ending)"], "\(outcome)")
  }

  @Test func aFullDiskIsAnErrorOfTheOutput() throws {
    let outcome = try Program.shell(
      "cd \(Self.samples) && ganglion convert --quiet --format evt3 --sensor 34x34 \(Self.three) /dev/full")
    #expect(outcome.code == 74)
    #expect(outcome.errors.contains("/dev/full") && outcome.errors.contains("No space left"), "\(outcome.errors)")
  }

  @Test func aPlotIsAPicture() throws {
    let folder = NSTemporaryDirectory() + "ganglion-plot-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let outcome = try Program.shell("cd \(Self.samples) && ganglion plot \(Self.three) -o \(folder)/p.png")
    #expect(outcome.code == 0, "\(outcome.errors)")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/p.png")))
    #expect(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    #expect(bytes.count > 5_000)
  }

  @Test func aModelSaysWhatItIs() throws {
    let text = try Program.shell("cd \(Self.samples) && ganglion info models/event-digits.safetensors")
    #expect(text.code == 0 && text.errors == "")
    for word in ["event-digits", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9", "34x34", "convLSTM", "tested"] {
      #expect(text.output.contains(word), "\(word) is missing in \(text.output)")
    }
    let json = try Program.shell("cd \(Self.samples) && ganglion info --json models/digits.safetensors")
    let manifest = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect(manifest["sense"] as? String == "sound")
    #expect((manifest["labels"] as? [String])?.count == 10)
  }
}
