import Foundation
import ModelFiles
import TestSupport
import Testing

struct StreamCommandTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  /// Labels that call right what the model says: one for each detection.
  private func labelWhatIsHeard() throws -> Int {
    let lines = try bench.shell("ganglion run --model sound.safetensors tones.wav").lines
    let detections = try lines.compactMap { line -> String? in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      guard object["type"] as? String == "detection" else { return nil }
      let start = Double(try #require(object["t_start_us"] as? Int)) / 1e6
      let end = Double(try #require(object["t_us"] as? Int)) / 1e6
      return "\(start)\t\(end)\t\(try #require(object["label"] as? String))\n"
    }
    try #require(!detections.isEmpty)
    try detections.joined().write(toFile: bench.folder + "/tones.tsv", atomically: true, encoding: .utf8)
    return detections.count
  }

  private func json(_ outcome: Program.Outcome) throws -> [String: Any] {
    #expect(outcome.code == 0, "\(outcome.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  private func figures(_ report: [String: Any], _ part: String = "model") throws -> (
    words: Int, missed: Int, falseAccepts: Int
  ) {
    let figures = try #require(report[part] as? [String: Any])
    return (
      try #require(figures["words"] as? Int), try #require(figures["missed"] as? Int),
      try #require(figures["falseAccepts"] as? Int)
    )
  }

  @Test func whatRunDetectsIsWhatIsCounted() throws {
    let count = try labelWhatIsHeard()
    let right = try json(
      try bench.shell("ganglion evaluate --stream sound.safetensors tones.wav --labels tones.tsv --json"))
    #expect(try figures(right) == (count, 0, 0))
    // Without labels everything is a false accept, and in two recordings there is twice as much of it.
    let wrong = try json(
      try bench.shell(
        "touch none.tsv; ganglion evaluate --stream sound.safetensors tones.wav tones.wav --labels none.tsv --labels "
          + "none.tsv --json"))
    #expect(try figures(wrong) == (0, 0, 2 * count))
  }

  @Test func theStrictestThresholdMissesEverything() throws {
    let count = try labelWhatIsHeard()
    let outcome = try bench.shell(
      "ganglion evaluate --stream sound.safetensors tones.wav --labels tones.tsv --det det.png && head -c 4 det.png | "
        + "tail -c 3")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.lines.contains { $0.hasPrefix("all ") && $0.contains("\(count)") })
    #expect(outcome.lines.contains { $0.hasPrefix("   0.9995     100.0                    0.0") })
    #expect(outcome.lines.last == "PNG")
  }

  @Test func thresholdsThatAreWrittenKeepTheLimitAndChangeNothingElse() throws {
    _ = try labelWhatIsHeard()
    // The labels of one tone only: what is heard elsewhere is false, and none of it is allowed.
    let line = """
      head -n 1 tones.tsv > one.tsv; ganglion evaluate --stream sound.safetensors tones.wav --labels one.tsv \
      --write-thresholds strict.safetensors --false-accepts 0 --json
      """
    let chosen = try json(try bench.shell(line))
    #expect(try figures(chosen).falseAccepts > 0)
    #expect(try figures(chosen, "chosen").falseAccepts == 0)
    let again = try json(
      try bench.shell("ganglion evaluate --stream strict.safetensors tones.wav --labels one.tsv --json"))
    #expect(try figures(again) == figures(chosen, "chosen"))
    let before = try Model(reading: bench.folder + "/sound.safetensors").manifest
    var after = try Model(reading: bench.folder + "/strict.safetensors").manifest
    #expect(after.sha256 == before.sha256)
    #expect(after.training.notes["thresholds"]?.contains("at most 0.00 false accepts an hour") == true)
    #expect(after.decision.thresholds.count == 3)
    (after.decision, after.training) = (before.decision, before.training)
    #expect(after == before)
  }

  @Test func aWindowIsTriedAndWritten() throws {
    _ = try labelWhatIsHeard()
    let outcome = try bench.shell(
      "ganglion evaluate --stream sound.safetensors tones.wav --labels tones.tsv --window 250 --write-thresholds "
        + "w.safetensors --false-accepts 100000")
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(try Model(reading: bench.folder + "/w.safetensors").manifest.decision.windowMicroseconds == 250_000)
  }

  @Test(arguments: [
    ("evaluate --stream sound.safetensors tones.wav --labels none.tsv --window 5", 64, "--window"),
    ("evaluate --stream sound.safetensors tones.wav", 64, "as many --labels"),
    ("evaluate --stream sound.safetensors tones.wav --labels bad.tsv", 65, "line 2"),
    ("evaluate --stream sound.safetensors tones.wav --labels missing.tsv", 66, "missing.tsv"),
    ("evaluate --stream sound.safetensors nothing.wav --labels none.tsv", 66, "nothing.wav"),
    ("evaluate --stream sound.safetensors tones.wav --labels none.tsv --write-thresholds x", 64, "--false-accepts"),
    ("evaluate --stream sound.safetensors tones.wav --labels none.tsv --part test", 64, "--part"),
    ("evaluate sound.safetensors . --labels none.tsv", 64, "--stream"),
    ("evaluate --stream sound.safetensors tones.wav --labels none.tsv --det /nowhere/x.png", 74, "/nowhere/x.png"),
    (
      "evaluate --stream sound.safetensors tones.wav --labels none.tsv --write-thresholds /nowhere/x --false-accepts 1",
      74, "/nowhere/x"
    ),
    ("compose events.safetensors . -o a.wav --labels a.tsv", 64, "give --layout"),
    ("compose sound.safetensors . -o a.wav --labels a.tsv --noise-decibels 9", 64, "FROM:TO"),
    ("compose sound.safetensors . -o a.wav --labels a.tsv --minutes 0", 64, "--minutes"),
  ])
  func whatIsWrongIsSaid(command: String, code: Int32, word: String) throws {
    let outcome = try bench.shell("touch none.tsv; printf '0,1,low\\n1,2,nobody\\n' > bad.tsv; ganglion \(command)")
    #expect(outcome.code == code)
    #expect(outcome.errors.contains(word), "\(outcome.errors)")
    #expect(outcome.output == "")
  }

  @Test func foldersWithoutALabelOfTheModelAreNamed() throws {
    let outcome = try bench.shell(
      "mkdir -p others/cats others/dogs && cp tones.wav others/cats && cp tones.wav others/dogs && "
        + "ganglion compose sound.safetensors others --layout folders -o a.wav --labels a.tsv")
    #expect(outcome.code == 65)
    #expect(
      outcome.errors
        == "ganglion: others: none of its 2 folders bears a label of the model (low, mid, high), there are "
        + "cats, dogs; check the path, or name the folders like the labels\n")
  }

  @Test func whatIsComposedCanBeEvaluated() throws {
    // Clips of three words and of noise, cut from the tones; the recipe says where they are.
    let line = """
      mkdir -p data/low data/mid data/high noise && for word in low mid high; do for n in 1 2 3 4 5 6 7 8 9 10; do
      cp tones.wav data/$word/$n.wav; done; done; cp tones.wav noise/a.wav
      for n in 1 2; do ganglion compose sound.safetensors data --layout folders -o $n.wav --labels $n.tsv --noise noise \
      --minutes 1 --seed 7; done
      cmp 1.wav 2.wav && cmp 1.tsv 2.tsv && cut -f3 1.tsv | sort | uniq -c | wc -l
      ganglion evaluate --stream sound.safetensors 1.wav --labels 1.tsv --json
      """
    let outcome = try bench.shell(line)
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.lines.first?.trimmingCharacters(in: .whitespaces) == "3")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data((outcome.lines.last ?? "").utf8)) as? [String: Any])
    #expect(abs(try #require(report["hours"] as? Double) - 1.0 / 60) < 1e-4)
    #expect(
      try figures(report).words
        == (try String(contentsOfFile: bench.folder + "/1.tsv", encoding: .utf8))
        .split(separator: "\n").count)
  }

  @Test func phasesAreToldOnlyWhenAskedFor() throws {
    let plain = try bench.shell("ganglion run --model sound.safetensors tones.wav").lines
    let told = try bench.shell("ganglion run --phases --model sound.safetensors tones.wav").lines
    let complete = told.filter { $0.contains("\"phase\":\"point\"") || $0.contains("\"phase\":\"end\"") }
    #expect(
      complete.map { $0.replacing(#/,"id":"sounds\.\d+","phase":"[a-z]+"/#, with: "") } == plain)
    // One of the tones lasts longer than the window.
    #expect(told.contains { $0.contains("\"phase\":\"start\"") })
    let identifiers = complete.compactMap { $0.firstMatch(of: #/"id":"(sounds\.\d+)"/#)?.1 }
    #expect(identifiers == (1...plain.count).map { "sounds.\($0)" })
  }
}
