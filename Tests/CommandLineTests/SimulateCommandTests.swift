import Foundation
import TestSupport
import Testing

/// Simulated cameras, as users run them.
struct SimulateCommandTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  @Test func scenesAreRepeatableAndLabelled() throws {
    let scene = "ganglion simulate scene --sensor 64x64 --frames-per-second 60 --seconds 24 --change 8"
    let first = try bench.shell("\(scene) --seed 3 -o a.csv --labels a.tsv")
    #expect(first.code == 0 && first.output.isEmpty)
    #expect(first.errors.contains("events of 64x64") && first.errors.contains("seed 3"))
    #expect(try bench.shell("\(scene) --seed 3 -o b.csv && cmp a.csv b.csv").code == 0)
    #expect(try bench.shell("\(scene) --seed 4 -o c.csv && ! cmp -s a.csv c.csv").code == 0)
    let labels = String(decoding: try bench.bytes("a.tsv"), as: UTF8.self).split(separator: "\n")
    #expect(!labels.isEmpty)
    for label in labels {
      let fields = label.split(separator: "\t")
      let (start, end) = (try #require(Double(fields[0])), try #require(Double(fields[1])))
      #expect(fields.count == 3 && start >= 0 && start < end && end <= 24)
    }
    // A gesture that is named is made from the beginning to the end.
    _ = try bench.shell("\(scene) --gesture 'arm roll' --change 0 -o d.csv --labels d.tsv")
    #expect(String(decoding: try bench.bytes("d.tsv"), as: UTF8.self) == "0.000000\t24.000000\tarm roll\n")
  }

  @Test func aVideoIsSeenAlikeFromFileAndPipe() throws {
    _ = try bench.shell(
      "ganglion simulate scene --gesture 'air drums' --sensor 48x32 --seconds 1 -o s.csv --video v.y4m")
    let file = try bench.shell("ganglion simulate v.y4m -o file.csv --seed 5")
    #expect(file.code == 0 && file.errors.contains("from 201 frames, 1.000 s, seed 5"))
    #expect(try bench.shell("cat v.y4m | ganglion simulate - -o pipe.csv --seed 5 && cmp file.csv pipe.csv").code == 0)
    let headless = "tail -c +$((1 + $(head -n 1 v.y4m | wc -c))) v.y4m | sed 's/FRAME//'"
    #expect(try bench.shell("\(headless) | wc -c").code == 0)
    // At another size there are other events, of that size.
    let small = try bench.shell("ganglion simulate v.y4m --sensor 24x16 -o - --format csv")
    #expect(small.lines.count > 100)
    #expect(
      small.lines.dropFirst().allSatisfy { line in
        let fields = line.split(separator: ",").compactMap { Int($0) }
        return fields.count == 4 && fields[1] < 24 && fields[2] < 16
      })
  }

  @Test(arguments: [
    ("simulate missing.y4m -o x.csv", 66, "missing.y4m"), ("simulate bar.bin -o x.csv", 65, "no Y4M"),
    ("simulate cut.y4m -o x.csv", 65, "byte 1200"), ("simulate v.y4m -o x.foo", 64, "x.foo"),
    ("simulate v.y4m -o x.csv --positive-threshold 0", 64, "positive threshold"),
    ("simulate v.y4m -o x.csv --gamma 0", 64, "gamma"), ("simulate . -o x.csv", 64, "--frame-rate"),
    ("simulate . -o x.csv --frame-rate 30", 65, "no .png"),
    ("simulate v.y4m -o x.csv --raw gray8:2", 64, "gray8:640x480:30"),
    ("simulate scene -o x.csv --gesture waving", 64, "waving"), ("simulate scene -o x.csv --seconds 0", 64, "seconds"),
    ("simulate scene -o none/x.csv", 74, "none/x.csv"), ("simulate one.y4m -o x.csv", 65, "1 frames"),
  ])
  func whatIsWrongIsNamed(_ line: String, _ code: Int, _ word: String) throws {
    _ = try bench.shell(
      """
      ganglion simulate scene --sensor 16x16 --seconds 0.2 -o s.csv --video v.y4m
      head -c 1200 v.y4m > cut.y4m; head -c 301 v.y4m > one.y4m
      """)
    let outcome = try bench.shell("ganglion \(line)")
    #expect(outcome.code == Int32(code), "\(outcome.errors)")
    #expect(outcome.errors.contains(word) && outcome.output.isEmpty, "\(outcome.errors)")
    // Nothing is left half-written.
    #expect(try bench.shell("ls x.*").code != 0)
  }
}
