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

  /// Text whose columns only its values tell, and text that they do not settle.
  private static let seconds = "0.000100 5 7 1\\n0.000350 6 8 0\\n0.000600 7 9 1\\n"
  private static let unclear = "100,5,7,1\\n200,6,8,0\\n300,7,9,1\\n"

  @Test func guessesAreToldAndWhatIsNotClearNamesTheOptionThatSettlesIt() throws {
    let folder = NSTemporaryDirectory() + "ganglion-guesses-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    _ = try Program.shell(
      "cd \(folder) && printf '\(Self.seconds)' > s.txt && printf '\(Self.unclear)' > u.txt && printf 't,x,y,p\\na,b,c,d\\n' > n.csv"
    )
    for input in ["s.txt", "- < s.txt"] {
      let told = try Program.shell("cd \(folder) && ganglion info \(input)")
      #expect(told.code == 0)
      #expect(told.output.contains("columns taken as t=0 x=1 y=2 p=3"), "\(told.output)")
      #expect(told.output.contains("time unit taken as s"), "\(told.output)")
      let converted = try Program.shell(
        "cd \(folder) && ganglion convert --format csv \(input.replacing("- <", with: "- - <")) \(input == "s.txt" ? "-" : "")"
      )
      #expect(converted.lines == ["t,x,y,p", "100,5,7,1", "350,6,8,0", "600,7,9,1"], "\(converted)")
      #expect(converted.errors.contains("columns taken as t=0 x=1 y=2 p=3"), "\(converted.errors)")
    }
    for input in ["u.txt", "- < u.txt"] {
      let refused = try Program.shell("cd \(folder) && ganglion info \(input)")
      #expect(refused.code == 65 && refused.errors.contains("--csv-columns"), "\(refused)")
      let settled = try Program.shell("cd \(folder) && ganglion info --csv-columns 0,1,2,3 \(input)")
      #expect(settled.code == 0 && settled.output.contains("0.000200 s"), "\(settled)")
      let nothing = try Program.shell("cd \(folder) && ganglion info \(input.replacing("u.txt", with: "n.csv"))")
      #expect(nothing.code == 65 && nothing.errors.contains("nothing in it can be read"), "\(nothing)")
    }
  }

  @Test func triggersThatAFormatCannotHoldAreRefusedOrCounted() throws {
    let folder = NSTemporaryDirectory() + "ganglion-triggers-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // EVT 2.0: a time, a trigger and an event.
    let words: [UInt32] = [0x8000_0001, 0xA000_0001, 0x1900_1002]
    let bytes =
      Array("% evt 2.0\n% geometry 128x128\n% end\n".utf8)
      + words.flatMap { word in (0..<4).map { UInt8(word >> (8 * $0) & 0xff) } }
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/t.raw"))
    for ending in ["npy", "npz", "csv"] {
      let refused = try Program.shell("cd \(folder) && ganglion convert t.raw out.\(ending)")
      #expect(refused.code == 65 && refused.errors.contains("--drop-triggers"), "\(refused)")
      let dropped = try Program.shell("cd \(folder) && ganglion convert --drop-triggers t.raw out.\(ending)")
      #expect(dropped.code == 0 && dropped.errors.contains("left out 1 triggers"), "\(dropped)")
    }
    let kept = try Program.shell("cd \(folder) && ganglion convert t.raw out.h5 && ganglion info --json out.h5")
    #expect(kept.code == 0 && kept.errors.contains("read 1 events and 1 triggers"), "\(kept)")
    #expect(kept.output.contains("\"triggers\""))
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
