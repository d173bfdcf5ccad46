import Foundation
import TestSupport
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
      "cd \(folder) && printf '\(Self.seconds)' > s.txt && printf '\(Self.unclear)' > u.txt && printf 't,x,y,p\\n100,5,7,+\\n' > n.csv"
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

  private func folder(_ name: String, _ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "ganglion-\(name)-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  @Test func aSliceThatIsNotThereSaysWhereTheRecordingLies() throws {
    try folder("slices") { folder in
      // On a clock that begins at 11.7 s.
      let made = try Program.shell(
        "cd \(Self.samples) && ganglion convert --quiet --filter shift=11699989 --sensor 34x34 \(Self.three) \(folder)/a.raw"
      )
      #expect(made.code == 0)
      for command in [
        "convert \(folder)/a.raw \(folder)/out.csv", "plot \(folder)/a.raw -o \(folder)/out.png",
        "convert --format csv - \(folder)/out.csv < \(folder)/a.raw",
      ] {
        let outcome = try Program.shell(
          "ganglion \(command.replacing(" ", with: " --filter time=1200000..1800000 ", maxReplacements: 1))")
        #expect(outcome.code == 65, "\(command)")
        for part in ["time=1200000..1800000", "11700000", "12007577"] {
          #expect(outcome.errors.contains(part), "\(outcome.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/out.csv"))
      }
      let points = try Program.shell("ganglion convert --filter time=11.7..11.8 \(folder)/a.raw \(folder)/out.csv")
      #expect(points.code == 64)
      #expect(points.errors.contains("microseconds: 11.7..11.8 s is time=11700000..11800000"), "\(points.errors)")
    }
  }

  /// Packets of ten events of an AEDAT 3.1 file, of two cameras in turn.
  private static var stereo: [UInt8] {
    var bytes = Array("#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Source 2: DVS128\r\n#!END-HEADER\r\n".utf8)
    func append(_ values: [UInt32]) { for value in values { bytes += (0..<4).map { UInt8(value >> (8 * $0) & 0xff) } } }
    for packet in 0..<6 as Range<UInt32> {
      append([1 | (1 + packet % 2) << 16, 8, 4, 0, 10, 10, 10])
      for event in 0..<10 as Range<UInt32> { append([event << 17 | 3, packet * 1000 + event]) }
    }
    return bytes
  }

  @Test func camerasOfOneFileAreNotMergedButListedAndChosen() throws {
    try folder("cameras") { folder in
      let file = folder + "/stereo.aedat"
      try Data(Self.stereo).write(to: URL(fileURLWithPath: file))
      for input in [file, "- < \(file)"] {
        for command in [
          "convert --format csv \(input == file ? file + " -" : "- - < " + file)",
          "plot -o \(folder)/p.png \(input)",
          "run --model \(Self.samples)/models/event-digits.safetensors \(input)",
        ] {
          let outcome = try Program.shell("ganglion \(command)")
          #expect(outcome.code == 65, "\(command)")
          for part in ["2 streams", "DVS128", "--stream"] {
            #expect(outcome.errors.contains(part), "\(outcome.errors)")
          }
        }
        let text = try Program.shell("ganglion info \(input)")
        #expect(text.code == 0)
        for part in ["stream taken as 1", "1 128x128 DVS128: 30 events, these", "2 128x128 DVS128: 30 events\n"] {
          #expect(text.output.contains(part), "\(text.output)")
        }
      }
      let chosen = try Program.shell("ganglion convert --quiet --stream 2 --format csv \(file) -")
      #expect(chosen.lines.count == 31 && chosen.lines[1] == "1000,0,0,1")
    }
  }

  @Test func aChipThatIsNotKnownIsNamedWithTheOption() throws {
    try folder("chip") { folder in
      let file = folder + "/a.aedat"
      let header = "#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.ATIS304\r\n"
      try Data(Array(header.utf8) + [0x01, 0x40, 0x58, 0, 0, 0, 0, 9]).write(to: URL(fileURLWithPath: file))
      for input in [file, "- < \(file)"] {
        let outcome = try Program.shell("ganglion info \(input)")
        #expect(outcome.code == 65)
        for part in ["ATIS304", "--aedat2-layout", "davis240"] {
          #expect(outcome.errors.contains(part), "\(outcome.errors)")
        }
        let named = try Program.shell(
          "ganglion convert --quiet --aedat2-layout davis240 --format csv \(input == file ? file + " -" : "- - < " + file)"
        )
        #expect(named.lines == ["t,x,y,p", "9,234,174,1"], "\(named)")
      }
    }
  }

  @Test func triggersAreDroppedOnlyWhenToldAndCounted() throws {
    try folder("triggers") { folder in
      // Times, a row, events and three triggers of EVT 3.0.
      let words: [UInt16] = [0x8001, 0x6388, 0x0000, 0x2000, 0xa001, 0x6392, 0x2801, 0xa000, 0xa101]
      let bytes =
        Array("% evt 3.0\n% geometry 128x128\n% end\n".utf8) + words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
      try Data(bytes).write(to: URL(fileURLWithPath: folder + "/t.raw"))
      for name in ["o.csv", "o.dat", "o.es", "o.aedat", "o.bin"] {
        let refused = try Program.shell("cd \(folder) && ganglion convert t.raw \(name)")
        #expect(refused.code == 65 && refused.errors.contains("--drop-triggers"), "\(name)")
        #expect(!FileManager.default.fileExists(atPath: folder + "/" + name))
        let dropped = try Program.shell("cd \(folder) && ganglion convert --drop-triggers t.raw \(name)")
        #expect(dropped.code == 0 && dropped.errors.contains("left out 3 triggers"), "\(dropped.errors)")
      }
      let kept = try Program.shell(
        "cd \(folder) && ganglion convert --quiet t.raw --format evt2 - | ganglion info --no-digest -")
      #expect(kept.output.contains("triggers"), "\(kept.output)")
    }
  }

  @Test func aStrayEventInFrontChangesNoAnswer() throws {
    try folder("stray") { folder in
      let model = "\(Self.samples)/models/event-digits.safetensors"
      let made = try Program.shell(
        """
        cd \(Self.samples) && ganglion convert --quiet --sensor 34x34 --filter shift=60000 \(Self.three) \(folder)/late.csv &&
          { echo t,x,y,p; echo 11,3,3,1; tail -n +2 \(folder)/late.csv; } > \(folder)/stray.csv &&
          ganglion convert --quiet --sensor 34x34 --csv-columns 0,1,2,3 \(folder)/stray.csv \(folder)/stray.raw
        """)
      #expect(made.code == 0, "\(made.errors)")
      let expected = try Program.shell("ganglion run --scores --model \(model) - < \(Self.samples)/\(Self.three)")
      let found = try Program.shell("ganglion run --scores --model \(model) - < \(folder)/stray.raw")
      #expect(found.output == expected.output && found.lines.count > 5)
      #expect(found.errors.contains("a single event stands 60000 us before"), "\(found.errors)")
    }
  }
}
