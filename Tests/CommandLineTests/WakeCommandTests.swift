import Foundation
import ModelFiles
import Recognition
import TestSupport
import Testing

@Suite("Models that find words in streams")
struct WakeCommandTests {
  private let bench: Bench

  init() throws {
    bench = try Bench()
    let plain = try TestModels.sound()
    var manifest = plain.manifest
    manifest.name = "words"
    manifest.decision = DecisionConfiguration(
      defaultThreshold: 0.5,
      stream: StreamDecision(
        scoreMicroseconds: 50_000, restMicroseconds: 300_000, warmUpMicroseconds: 100_000,
        sensitivities: [
          Sensitivity(
            name: "high", thresholds: ["low": 0, "mid": 1, "high": 1], allowedPerHour: 2, hours: 6, falseAccepts: 11,
            words: 90, missed: 3, noisyWords: 80, noisyMissed: 8)
        ]))
    try Model(manifest: manifest, network: plain.network).write(to: bench.folder + "/words.safetensors")
  }

  @Test("file, pipe and pieces of any size give the same scores and detections")
  func sameFromEverywhere() throws {
    let file = try bench.shell("ganglion run -m words.safetensors --scores --sensitivity high tones.wav")
    #expect(file.code == 0)
    let lines = file.lines.map { $0.replacing("\"source\":\"tones.wav\"", with: "\"source\":\"stdin\"") }
    #expect(lines.count > 20)
    for piece in [7, 1_000] {
      let pipe = try bench.shell(
        "dd if=tones.wav bs=\(piece) 2>/dev/null | ganglion run -m words.safetensors --scores --sensitivity high -")
      #expect(pipe.lines == lines)
    }
    // With a threshold of 0 the label is told whenever it does not rest, and nothing in the first 100 ms.
    let times = try lines.filter { $0.hasPrefix("{\"type\":\"detection\"") }.map { line in
      try #require((JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["t_us"] as? Int)
    }
    #expect(times.count >= 2 && times[0] > 100_000)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 > 300_000 })
  }

  @Test("what was measured is told, and what is not to be had is refused")
  func told() throws {
    let info = try bench.shell("ganglion info words.safetensors")
    #expect(info.output.contains("in streams"))
    #expect(info.output.contains("sensitivity high") && info.output.contains("11 false accepts in 6.00 h"))
    let none = try bench.shell("ganglion run -m words.safetensors --sensitivity low tones.wav")
    #expect(none.code == 78 && none.errors.contains("there are high"))
    let plain = try bench.shell("ganglion run -m sound.safetensors --sensitivity high tones.wav")
    #expect(plain.code == 78 && plain.errors.contains("utterances"))
    let clips = try bench.shell(
      "mkdir -p c/low && cp tones.wav c/low/ && ganglion evaluate words.safetensors c --layout folders --part all")
    #expect(clips.code == 78 && clips.errors.contains("--stream"))
  }

  @Test(
    "a phrase that cannot be spoken, and a background that is not there, are refused",
    arguments: [
      ("''", 64, "one to six words"), ("'computer 2'", 64, "write numbers as words"),
      ("computer --voices 3", 64, "20 to 10000"),
      ("computer --voices 0", 64, "--recordings"), ("computer --background nowhere", 66, "nowhere/speech"),
      ("computer --background b -o m.safetensors", 69, "apt install espeak-ng"),
    ])
  func refused(_ arguments: String, _ code: Int32, _ word: String) throws {
    let outcome = try bench.shell(
      "mkdir -p b/speech && cp tones.wav b/speech/; program=$(command -v ganglion); PATH=/nowhere $program wake \(arguments)"
    )
    #expect(outcome.code == code && outcome.errors.contains(word), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: bench.folder + "/m.safetensors"))
  }

  @Test("a recipe for streams becomes a model, and a phrase one from recordings alone")
  func trained() throws {
    let outcome = try bench.shell(
      """
      mkdir -p words b/speech b/noise
      for i in 1 2 3 4 5 6; do cp tones.wav words/$i.wav; done
      for i in 1 2 3; do cp tones.wav b/speech/$i.wav; cp tones.wav b/noise/$i.wav; done
      ganglion wake beep --voices 0 --recordings words --background b --chunks 16 --hours 0.2 -o beep.safetensors --threads 1
      """)
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("It misses about") && outcome.errors.contains("wrote beep.safetensors"))
    let model = try Model(reading: bench.folder + "/beep.safetensors")
    #expect(model.manifest.labels == ["beep"] && model.manifest.weightBits == 8)
    #expect(!FileManager.default.fileExists(atPath: bench.folder + "/beep.safetensors.checkpoint"))
    let log = try bench.shell("cat beep.log").output
    #expect(log.contains("chunk 16:") && log.contains("sensitivity high"))
  }
}
