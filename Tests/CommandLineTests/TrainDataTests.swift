import Foundation
import TestSupport
import Testing

/// Recordings of tones in folders, and recipes for them.
final class ToneBench {
  let folder: String

  static let recipe = """
    name: tones
    data: {layout: folders}
    encoder: {spiketrum: {sampleRate: 8000, channels: 12}}
    network:
      input: [36]
      layers:
        - dense: {units: 8}
        - neurons: {decay: 0.8}
        - dense: {units: 2, bias: true}
    training: {epochs: 1, batch: 8, optimiser: {rate: 0.01}}
    """

  /// Ten recordings of each of two tones in `data`, a folder a class.
  init() throws {
    folder = NSTemporaryDirectory() + "ganglion-tones-\(UUID().uuidString.prefix(8))"
    for (label, frequency) in [("low", 300.0), ("high", 1500.0)] {
      for take in 0..<10 { try put("data/\(label)/\(take).wav", Self.tone(frequency, take: take)) }
    }
    try put("tones.yaml", Array(Self.recipe.utf8))
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  static func tone(_ frequency: Double, take: Int) -> [UInt8] {
    WaveBytes(sampleRate: 8000).file(
      (0..<1600).map { Float(0.5 * sin(2 * .pi * (frequency + 5 * Double(take)) * Double($0 + take) / 8000)) })
  }

  func put(_ name: String, _ bytes: [UInt8]) throws {
    let path = "\(folder)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  func put(_ name: String, _ text: String) throws { try put(name, Array(text.utf8)) }

  /// A recipe with one text in place of another.
  func recipe(_ name: String, _ changes: [String: String]) throws {
    var text = Self.recipe
    for (old, new) in changes {
      try #require(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    try put("\(name).yaml", text)
  }

  func shell(_ line: String) throws -> Program.Outcome { try Program.shell("cd \(folder) && \(line)") }

  func train(_ name: String = "tones", _ arguments: String = "") throws -> Program.Outcome {
    try shell("ganglion train \(name).yaml --data data -o \(name).safetensors --threads 2 \(arguments)")
  }

  func log(_ name: String = "tones") throws -> String {
    try String(contentsOfFile: "\(folder)/\(name).log", encoding: .utf8)
  }
}

@Suite("Training says what it was given")
struct TrainDataTests {
  @Test("files in a class folder that are no recordings are left out and told, hidden ones silently")
  func strays() throws {
    let bench = try ToneBench()
    try bench.put("data/low/notes.txt", "a text\n")
    try bench.put("data/low/cover.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    try bench.put("data/high/.DS_Store", "hidden")
    try bench.put("data/high/old/7.wav", ToneBench.tone(1500, take: 20))
    // No ending, but a sound all the same.
    try bench.put("data/high/sound", ToneBench.tone(1500, take: 21))
    let outcome = try bench.train()
    #expect(outcome.code == 0, "\(outcome.errors)")
    let line = "warning: files left out, they are no recordings (2): low/cover.png, low/notes.txt"
    #expect(outcome.errorLines.contains(line), "\(outcome.errors)")
    #expect(outcome.errorLines.contains("warning: folders within classes, not looked into (1): high/old"))
    #expect(!outcome.errors.contains("DS_Store"))
    #expect(try bench.log().contains(line))
    #expect(outcome.errors.contains("recordings: 15 train, 2 validation, 4 test"))
  }

  @Test("what is broken in recordings of events is told of every part, once a kind")
  func damage() throws {
    let bench = try ToneBench()
    try FileManager.default.removeItem(atPath: "\(bench.folder)/data")
    let bar = TestModels.bar()
    let middle = bar.count / 10 * 5
    let outside = bar[..<middle] + [200, 3] + bar[(middle + 2)...]
    let padded = bar + [UInt8](repeating: 0, count: 500)
    // Of ten, the fourth is for validation, the fifth and the last for the test.
    let damaged = [
      "low/0": padded, "high/1": padded, "low/3": Array(outside), "low/4": Array(bar.dropLast(2)), "high/9": padded,
    ]
    for label in ["low", "high"] {
      for take in 0..<10 {
        let name = "\(label)/\(take)"
        // One byte of the first record differs: repeated recordings are refused.
        var bytes = damaged[name] ?? bar
        bytes[0] = UInt8(take)
        bytes[1] = label == "low" ? 0 : 1
        try bench.put("data/\(name).bin", bytes)
      }
    }
    try bench.recipe(
      "bars",
      [
        "{spiketrum: {sampleRate: 8000, channels: 12}}": "{events: {width: 16, height: 16, binMicroseconds: 25000}}",
        "input: [36]": "input: [512]",
      ])
    let outcome = try bench.train("bars")
    #expect(outcome.code == 0, "\(outcome.errors)")
    let log = try bench.log("bars")
    for (place, finding) in [
      ("2 recordings (high/1.bin …): ", "x padding"),
      ("low/3.bin: ", "1 x address out of range, first at byte "),
      ("low/4.bin: ", "is cut off within an event or packet"), ("high/9.bin: ", "x padding"),
    ] {
      let lines = outcome.errorLines.filter { $0.hasPrefix("warning: " + place) && $0.contains(finding) }
      #expect(lines.count == 1, "\(place)\(finding): \(outcome.errors)")
      #expect(lines.allSatisfy(log.contains))
    }
  }

  @Test("a class whose folder is empty is refused, and what is there instead is told")
  func emptyClass() throws {
    let bench = try ToneBench()
    try bench.put("data/middle/readme.md", "nothing\n")
    let outcome = try bench.train()
    #expect(outcome.code == 65)
    #expect(
      outcome.errors
        == "ganglion: data/middle: holds no recording of 'middle' to learn from (middle/readme.md); put some there, or "
        + "leave the label out\n")
    #expect(!FileManager.default.fileExists(atPath: "\(bench.folder)/tones.log"))
    try bench.recipe("labels", ["layout: folders": "layout: folders, labels: [low, high, deep]"])
    let missing = try bench.train("labels")
    #expect(
      missing.code == 65 && missing.errors.contains("'deep'") && missing.errors.contains("there is no such folder"))
    // The classes that are asked for are there, whatever else is.
    try bench.recipe("chosen", ["layout: folders": "layout: folders, labels: [low, high]"])
    #expect(try bench.train("chosen").code == 0)
  }

  @Test("what is not there is told as missing, what is damaged as damaged")
  func missing() throws {
    let bench = try ToneBench()
    for (line, code) in [
      ("train tones.yaml --data nowhere", 66), ("train nowhere.yaml --data data", 66), ("train data --data data", 78),
      ("evaluate nowhere.safetensors data", 66), ("run -m nowhere.safetensors data/low/0.wav", 66),
    ] {
      let outcome = try bench.shell("ganglion \(line)")
      #expect(outcome.code == code && outcome.errorLines.count == 1, "\(line): \(outcome)")
    }
    try bench.recipe("lists", ["layout: folders": "layout: folders, testList: nowhere.txt"])
    #expect(try bench.train("lists").code == 66)
    try bench.put("latin.yaml", [0x6e, 0xe9])
    #expect(try bench.train("latin").code == 78)
  }

  @Test("names that are no UTF-8: of a class refused, of a recording told")
  func names() throws {
    let bench = try ToneBench()
    let file = try bench.shell("cp data/low/0.wav $'data/low/caf\\xe9.wav'")
    try #require(file.code == 0)
    let told = try bench.train()
    #expect(told.code == 0, "\(told.errors)")
    #expect(told.errors.contains("their names are no UTF-8 text; rename them (1): low/caf\\xE9.wav"), "\(told.errors)")
    let labelFolder = try bench.shell("mkdir $'data/caf\\xe9'")
    try #require(labelFolder.code == 0)
    let refused = try bench.train()
    #expect(refused.code == 65)
    #expect(
      refused.errors.contains("data/caf\\xE9: the folder's name is no UTF-8 text and cannot be a label; rename it"))
  }

  @Test("the same recording in two parts, or with two labels, is refused by content, or told where it is allowed")
  func repeats() throws {
    let bench = try ToneBench()
    // The fifth recording of a class is a test recording.
    try bench.put("data/low/4.wav", ToneBench.tone(300, take: 0))
    let refused = try bench.train()
    #expect(refused.code == 65)
    #expect(
      refused.errors.contains(
        "the same recording stands in two parts (1): low/0.wav (train) = low/4.wav (test); take one out"),
      "\(refused.errors)")
    try bench.recipe("allowed", ["layout: folders": "layout: folders, allowRepeats: true"])
    let allowed = try bench.train("allowed")
    #expect(allowed.code == 0, "\(allowed.errors)")
    let line = "warning: recordings that stand in two parts (1): low/0.wav (train) = low/4.wav (test)"
    #expect(allowed.errorLines.contains(line))
    #expect(try bench.log("allowed").contains(line))
    // What training would refuse, evaluation tells.
    let evaluated = try bench.shell("ganglion evaluate allowed.safetensors data --json")
    #expect(evaluated.code == 0 && evaluated.output.hasPrefix("{") && evaluated.lines.count == 1)
    #expect(evaluated.errors.contains("recordings that stand in two parts (1)"))

    // The same samples in other bytes: with a note behind them.
    var noted = ToneBench.tone(300, take: 0) + Array("LIST".utf8) + [4, 0, 0, 0] + Array("INFO".utf8)
    noted.replaceSubrange(4..<8, with: WaveBytes.little(UInt32(noted.count - 8)))
    try bench.put("data/low/4.wav", noted)
    let contained = try bench.train()
    #expect(
      contained.code == 65 && contained.errors.contains("low/0.wav (train) = low/4.wav (test)"), "\(contained.errors)")

    try bench.put("data/low/4.wav", ToneBench.tone(300, take: 4))
    try bench.put("data/high/1.wav", ToneBench.tone(300, take: 1))
    let labels = try bench.train()
    #expect(
      labels.code == 65 && labels.errors.contains("has two labels (1): high/1.wav = low/1.wav"), "\(labels.errors)")

    try bench.put("data/high/1.wav", ToneBench.tone(1500, take: 0))
    let within = try bench.train()
    #expect(within.code == 0, "\(within.errors)")
    #expect(
      within.errorLines.contains(
        "warning: recordings that occur more than once in their part (1): high/0.wav = high/1.wav"))

    // Of many that are the same, those are told that say why it matters.
    for take in 0..<4 { try bench.put("data/high/\(take).wav", ToneBench.tone(300, take: 9)) }
    try bench.put("data/low/3.wav", ToneBench.tone(300, take: 9))
    let many = try bench.train("allowed", "--restart")
    let told = try #require(many.errorLines.first { $0.contains("recordings that have two labels (1): ") })
    #expect(told.contains("high/") && told.contains("low/3.wav") && told.hasSuffix(" and 3 more"), "\(told)")
  }

  @Test("lines of lists that match nothing are told, lists that match nothing at all are refused")
  func lists() throws {
    let bench = try ToneBench()
    let lists = "layout: folders, validationList: v.txt, testList: t.txt"
    try bench.recipe("listed", ["layout: folders": lists])
    // With a byte order mark and Windows' line ends.
    try bench.put("v.txt", "\u{FEFF}low/1.wav\r\nhigh/1.wav\r\n")
    try bench.put("t.txt", "# comment\nlow/2.wav\nhigh/2\nnobody\nhigh/99.wav\n")
    let told = try bench.train("listed")
    #expect(told.code == 0, "\(told.errors)")
    #expect(told.errors.contains("recordings: 16 train, 2 validation, 2 test"), "\(told.errors)")
    #expect(told.errorLines.contains("warning: lines of t.txt that match no recording (2): nobody, high/99.wav"))
    try bench.put("t.txt", "deep/1.wav\nhollow/2.wav\n")
    let foreign = try bench.train("listed")
    #expect(foreign.code == 65)
    #expect(
      foreign.errors.contains("t.txt: none of its 2 lines names a recording of the data set, the first is 'deep/1.wav'")
    )
    try bench.put("t.txt", "low/1.wav\n")
    let twice = try bench.train("listed")
    #expect(twice.code == 0 && twice.errors.contains("recordings: 18 train, 1 validation, 1 test"), "\(twice.errors)")
    #expect(
      twice.errorLines.contains("warning: recordings that stand in both lists, taken for the test (1): low/1.wav"))
  }

  @Test("who cannot be left out is not: by train, by a recipe, and by evaluate")
  func leaveOut() throws {
    let bench = try ToneBench()
    let refused = try bench.train("tones", "--leave-out bob")
    #expect(refused.code == 65)
    #expect(refused.errors.contains("the layout 'folders' does not tell who made a recording, so 'bob'"))
    try bench.recipe("left", ["layout: folders": "layout: folders, leaveOut: bob"])
    let recipe = try bench.train("left")
    #expect(recipe.code == 78 && recipe.errors.contains("left.yaml:2: data.leaveOut: the layout 'folders'"))
    let alone = try bench.train("tones", "--validate-on bob")
    #expect(alone.code == 65 && alone.errors.contains("'bob' validates only beside a group that is left out"))
    #expect(try bench.train().code == 0)
    let evaluated = try bench.shell("ganglion evaluate tones.safetensors data --leave-out bob")
    #expect(evaluated.code == 65 && evaluated.errors.contains("'bob' cannot be left out"))
  }

  @Test("a teacher of another encoder is refused, one that was fitted to other recordings told")
  func teacher() throws {
    let bench = try ToneBench()
    try bench.recipe("teacher", ["channels: 12": "channels: 12, binMicroseconds: 20000"])
    #expect(try bench.train("teacher").code == 0)
    try bench.recipe("student", ["batch: 8": "batch: 8, distillation: {model: teacher.safetensors}"])
    let refused = try bench.train("student")
    #expect(refused.code != 0)
    #expect(
      refused.errors.contains("the teacher 'tones' hears another encoder (binMicroseconds is 20000, here 10000)"),
      "\(refused.errors)")
    #expect(!FileManager.default.fileExists(atPath: "\(bench.folder)/student.log"))
    // The same settings, measured on these recordings and on others.
    #expect(try bench.train("tones").code == 0)
    try bench.recipe("student", ["batch: 8": "batch: 8, distillation: {model: tones.safetensors}"])
    let same = try bench.train("student")
    #expect(same.code == 0 && !same.errors.contains("fitted to other recordings"), "\(same.errors)")
    for take in 0..<10 { try bench.put("data/high/\(take).wav", ToneBench.tone(900, take: take)) }
    let other = try bench.train("student", "--restart")
    #expect(other.code == 0, "\(other.errors)")
    #expect(
      other.errorLines.contains("warning: the teacher's encoder was fitted to other recordings (startingPrice)"),
      "\(other.errors)")
  }

  @Test("what does nothing is told, what is not in its range refused with its line before anything runs")
  func options() throws {
    let bench = try ToneBench()
    try bench.recipe("idle", ["network:": "spikes: {pixelShift: 2}\nnetwork:"])
    let idle = try bench.train("idle")
    #expect(idle.code == 0)
    #expect(
      idle.errorLines.contains("warning: spikes.pixelShift does nothing: it is for events, the encoder hears sound"))
    for (change, text) in [
      ("rate: .nan", "training.optimiser.rate: nan is outside its range, over 0 and at most 100"),
      ("rate: -0.01", "training.optimiser.rate: -0.01 is outside its range, over 0 and at most 100"),
      ("rate: 0.01, warmup: 0.1", "training.optimiser.warmup: unknown option 'warmup'"),
    ] {
      try bench.recipe("wrong", ["rate: 0.01": change])
      // There are no data, and they are not asked for.
      let wrong = try bench.shell("ganglion train wrong.yaml --data nowhere")
      #expect(wrong.code == 78 && wrong.errors.hasPrefix("ganglion: wrong.yaml:10: \(text)"), "\(wrong.errors)")
      #expect(wrong.errorLines.count == 1)
    }
  }

  @Test("samples that augmentation empties are counted")
  func emptied() throws {
    let bench = try ToneBench()
    try bench.recipe("masked", ["network:": "spikes: {timeMask: 100000}\nnetwork:"])
    let masked = try bench.train("masked")
    #expect(masked.code == 0, "\(masked.errors)")
    let lines = masked.errorLines.filter { $0.contains("augmentation left nothing of") }
    #expect(lines.count == 1 && lines[0].hasSuffix("samples, which were learnt unchanged"), "\(masked.errors)")
    // A shift as long as the recordings leaves nothing of some variants.
    try bench.recipe("shifted", ["network:": "sound: {variants: 4, shiftMicroseconds: 10000000}\nnetwork:"])
    let shifted = try bench.train("shifted")
    #expect(shifted.code == 0, "\(shifted.errors)")
    #expect(shifted.errors.contains(" of 56 variants fell silent and are left out ("), "\(shifted.errors)")
  }

  @Test("a part in which nothing is heard is refused")
  func silence() throws {
    let bench = try ToneBench()
    let silence = WaveBytes(sampleRate: 8000)
    for take in [3] {
      // Every tenth recording validates; of different lengths, for they are not the same recording.
      try bench.put("data/low/\(take).wav", silence.file([Float](repeating: 0, count: 1600)))
      try bench.put("data/high/\(take).wav", silence.file([Float](repeating: 0, count: 1700)))
    }
    let refused = try bench.train()
    #expect(refused.code == 65)
    #expect(
      refused.errors.contains("nothing is in any of the 2 recordings of the validation part"), "\(refused.errors)")
    try bench.put("data/low/3.wav", ToneBench.tone(300, take: 3))
    let told = try bench.train()
    #expect(told.code == 0, "\(told.errors)")
    #expect(
      told.errorLines.contains(
        "warning: recordings of the validation part in which the encoder finds nothing (1): high/3.wav ('high')"),
      "\(told.errors)")
  }

  @Test("learning a task tells strays and repeats, and can leave a speaker out")
  func learn() throws {
    let bench = try ToneBench()
    try bench.recipe("tones", ["- neurons": "- batchNorm: {}\n    - neurons"])
    #expect(try bench.train().code == 0)
    for take in 0..<6 {
      try bench.put("new/middle/\(take % 2 == 0 ? "ann" : "bob")_nohash_\(take).wav", ToneBench.tone(800, take: take))
    }
    try bench.put("new/middle/notes.txt", "a text\n")
    try bench.put("new/middle/ann_nohash_9.wav", ToneBench.tone(800, take: 2))
    let learnt = try bench.shell(
      "ganglion learn tones.safetensors new --task more --told-only --epochs 1 -o more.safetensors --leave-out ann --json"
    )
    #expect(learnt.code == 0, "\(learnt.errors)")
    #expect(learnt.errors.contains("new: files left out, they are no recordings (1): middle/notes.txt"))
    #expect(learnt.errors.contains("new: recordings left out, they repeat another (1)"), "\(learnt.errors)")
    #expect(learnt.output.contains("\"testRecordings\":3"), "\(learnt.output)")
    let unknown = try bench.shell("ganglion learn tones.safetensors new --task more --leave-out eve")
    #expect(unknown.code == 65 && unknown.errors.contains("no group 'eve'; there are ann, bob"), "\(unknown.errors)")
    let nobody = try bench.shell("ganglion learn tones.safetensors data --task more --leave-out ann")
    #expect(nobody.code == 65 && nobody.errors.contains("not all recordings in data tell who made them"))
    try bench.put("new/empty/.hidden", "")
    let empty = try bench.shell("ganglion learn tones.safetensors new --task more")
    #expect(empty.code == 65 && empty.errors.contains("new/empty: holds no recording of 'empty'"), "\(empty.errors)")
  }
}
