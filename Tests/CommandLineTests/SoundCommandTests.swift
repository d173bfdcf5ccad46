import Foundation
import TestSupport
import Testing

/// Recordings of sound, as users have them, in every command that reads one.
struct SoundCommandTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  private struct Summary: Decodable {
    struct Level: Decodable {
      var decibels: Double?
      var peakDecibels: Double?
      var offset: Double
    }
    struct Part: Decodable {
      var container: String
      var encoding: String
      var sampleRate: Int
      var frames: Int
      var channels: [Level]
      var heard: Level
    }
    var sense: String
    var recordings: [Part]
    var notices: [String]
    var problem: String?
  }

  private func summary(_ line: String) throws -> Summary {
    let outcome = try bench.shell(line)
    #expect(outcome.errors == "")
    return try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
  }

  @Test(arguments: ["ganglion info --json stereo.wav", "cat stereo.wav | ganglion info --json -"])
  func infoTellsWhatIsInASound(line: String) throws {
    let frames = TestModels.tones.flatMap { [0.5 * $0 + 0.125, -0.5 * $0] }
    try bench.put("stereo.wav", WaveBytes(sampleRate: 8_000, channels: 2, isFloat: true).file(frames))
    let found = try summary(line)
    #expect(found.sense == "sound" && found.problem == nil)
    let part = try #require(found.recordings.first)
    #expect(found.recordings.count == 1 && part.container == "WAV" && part.encoding == "f32le")
    #expect(part.sampleRate == 8_000 && part.frames == TestModels.tones.count)
    #expect(part.channels.count == 2)
    #expect(abs(part.channels[0].offset - 0.125) < 0.001 && abs(part.channels[1].offset) < 0.001)
    #expect(abs((part.channels[0].decibels ?? 0) - (part.channels[1].decibels ?? 1)) < 0.01)
    #expect(part.heard.decibels == nil || (part.heard.decibels ?? 0) < -100)
    #expect(found.notices.contains { $0.contains("cancel one another") }, "\(found.notices)")
    let text = try bench.shell(line.replacingOccurrences(of: " --json", with: " --channel 1 --gain 6.0206"))
    #expect(text.lines.contains("format     WAV, f32le") && text.lines.contains("rate       8000 Hz"))
    #expect(text.lines.contains { $0.hasPrefix("heard") && $0.hasSuffix("0.0000") })
  }

  @Test func infoOfEventsIsAsItWas() throws {
    let file = try bench.shell("ganglion info --input-format nmnist bar.bin")
    let pipe = try bench.shell("cat bar.bin | ganglion info --input-format nmnist -")
    #expect(file.code == 0 && file.output.contains("cd") || file.output.contains("events"))
    #expect(pipe.lines.dropFirst() == file.lines.dropFirst())
    #expect(try bench.shell("ganglion info --gain 3 bar.bin").code == 64)
    let raw = try bench.shell("ganglion info --raw s16le:8000:1 tones.wav")
    #expect(raw.lines.contains("format     headerless, s16le"))
  }

  @Test func infoSaysWhatIsWrongAfterWhatIsThere() throws {
    try bench.put("cut.wav", Array(bench.bytes("tones.wav").dropLast(9_000)))
    for line in ["ganglion info cut.wav", "cat cut.wav | ganglion info -"] {
      let outcome = try bench.shell(line)
      #expect(outcome.code == 65)
      #expect(outcome.output.contains("10700 frames"))
      #expect(outcome.errors.contains("is cut off"))
    }
  }

  @Test func whatCannotBeReadIsRefusedByEveryCommand() throws {
    try bench.put("clip.webm", [0x1A, 0x45, 0xDF, 0xA3] + [UInt8](repeating: 0x42, count: 9_000))
    for line in [
      "ganglion run -m sound.safetensors clip.webm", "cat clip.webm | ganglion run -m sound.safetensors -",
      "ganglion info clip.webm", "cat clip.webm | ganglion info -", "ganglion encode clip.webm",
      "cat clip.webm | ganglion encode -",
    ] {
      let outcome = try bench.shell(line)
      #expect(outcome.code == 65, "\(line)")
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains("is Matroska or WebM, which cannot be read; convert it to WAV or FLAC first"))
    }
  }

  @Test func recordingsInOnePipeAreAllClassified() throws {
    let wave = try bench.shell("ganglion run -m sound.safetensors tones.wav")
    let twice = try bench.shell("cat tones.wav tones.wav | ganglion run -m sound.safetensors -")
    #expect(twice.code == 0 && twice.errors == "")
    #expect(twice.lines.count == 2 * wave.lines.count && wave.lines.count >= 3)
    try bench.put("both.wav", bench.bytes("tones.wav") + bench.bytes("tones.wav"))
    let file = try bench.shell("ganglion run -m sound.safetensors both.wav")
    #expect(
      file.lines
        == twice.lines.map { $0.replacingOccurrences(of: "\"source\":\"stdin\"", with: "\"source\":\"both.wav\"") })
  }

  @Test func offsetsAreTakenOutWhereSoundIsEncoded() throws {
    let plain = try bench.shell("ganglion encode --rate 300 tones.wav")
    try bench.put(
      "shifted.wav", WaveBytes(sampleRate: 8_000).file(TestModels.tones.map { 0.9 * $0 + 0.1 }))
    let shifted = try bench.shell("ganglion encode --rate 300 shifted.wav -o s.h5")
    let left = try bench.shell("ganglion encode --rate 300 --high-pass 0 shifted.wav")
    func decibels(_ outcome: Program.Outcome) throws -> Double {
      let line = try #require(outcome.lines.first { $0.hasPrefix("analogue code") })
      return try #require(line.split(separator: " ").compactMap { Double($0) }.first)
    }
    #expect(abs(try decibels(shifted) - decibels(plain)) < 0.3)
    #expect(try decibels(left) < decibels(plain) - 3)
    let decoded = try bench.shell("ganglion decode s.h5 -o d.wav --reference shifted.wav")
    #expect(abs(try decibels(decoded) - decibels(shifted)) < 0.01)
    #expect(try bench.shell("ganglion encode --high-pass 90 tones.wav").code == 64)
  }

  @Test func channelAndGainAreHeardByEncode() throws {
    let frames = TestModels.tones.flatMap { [0.01 * $0, 0] as [Float] }
    try bench.put("left.wav", WaveBytes(sampleRate: 8_000, channels: 2, isFloat: true).file(frames))
    func spikes(_ options: String) throws -> Int {
      let outcome = try bench.shell("ganglion encode left.wav --threshold 0.02 --json \(options)")
      struct Report: Decodable { var spikes: Int }
      return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8)).spikes
    }
    #expect(try spikes("") == 0 && spikes("--channel 1 --gain 40") == 0)
    #expect(try spikes("--channel 0 --gain 40") > 100)
    #expect(try bench.shell("ganglion encode left.wav --channel 2").code == 65)
    #expect(try bench.shell("ganglion encode left.wav --channel 0 --each-channel").code == 64)
    #expect(try bench.shell("ganglion encode left.wav --gain 200").code == 64)
  }
}

/// Names of files that are no UTF-8, as old archives have them.
struct FileNameTests {
  @Test func namesOfAnyBytesAreReadEverywhere() throws {
    let bench = try Bench()
    let make =
      #"n=$(printf 'caf\xe9'); mkdir "$n"; for f in *.*; do cp "$f" "$n/$(printf '\xfc')$f"; done; u=$(printf '\xfc'); "#
    let wave = try bench.shell("ganglion run -m sound.safetensors tones.wav").lines
    let run = try bench.shell(make + #"ganglion run --model="$n/${u}sound.safetensors" "$n/${u}tones.wav""#)
    #expect(run.code == 0 && run.errors == "")
    let name = "caf\u{FFFD}/\u{FFFD}tones.wav"
    #expect(run.lines == wave.map { $0.replacingOccurrences(of: "\"tones.wav\"", with: "\"\(name)\"") })
    for line in [
      #"ganglion info "$n/${u}tones.wav""#, #"ganglion info "$n/${u}sound.safetensors""#,
      #"ganglion info --input-format nmnist "$n/${u}bar.bin""#, #"ganglion encode "$n/${u}tones.wav" -o "$n/s.h5""#,
      #"ganglion decode "$n/s.h5" -o d.wav"#, #"ganglion convert --input-format nmnist "$n/${u}bar.bin" "$n/b.csv""#,
      #"ganglion run -m events.safetensors --input-format nmnist "$n/${u}bar.bin""#,
    ] {
      let outcome = try bench.shell(#"n=$(printf 'caf\xe9'); u=$(printf '\xfc'); "# + line)
      #expect(outcome.code == 0, "\(line): \(outcome.errors)")
      #expect(!outcome.output.contains("/proc/") && !outcome.errors.contains("/proc/"))
    }
    // What is wrong is told with the name.
    let missing = try bench.shell(#"n=$(printf 'caf\xe9'); ganglion info "$n/none.wav""#)
    #expect(missing.code == 66)
    #expect(
      missing.errors.hasPrefix("ganglion: caf\u{FFFD}/./none.wav: ")
        || missing.errors.hasPrefix("ganglion: caf\u{FFFD}/none.wav: "))
  }

  @Test func pathsInAConfigurationOfSuchANameCountFromItsFolder() throws {
    let bench = try Bench()
    let make =
      #"n=$(printf 'caf\xe9'); mkdir -p "$n"; cp sound.safetensors tones.wav "$n"; "#
      + #"printf 'models: {c: sound.safetensors}\nsources: {s: {type: file, path: tones.wav}}\n"#
      + #"socket: {path: s.sock}\n' > "$n.yaml"; cp "$n.yaml" "$n/$n.yaml"; "#
    for path in ["\"$n.yaml\"", "\"$n/$n.yaml\"", "\"$PWD/$n/$n.yaml\""] {
      let outcome = try bench.shell(make + "ganglion serve --check --config \(path)")
      #expect(outcome.code == 0, "\(outcome.errors)")
      #expect(!outcome.output.contains("/proc/") && !outcome.errors.contains("/proc/"), "\(outcome)")
    }
    // A program that is started in turn opens the same files.
    let measured = try bench.shell(
      #"u=$(printf '\xfc'); cp tones.wav "$u.wav"; cp sound.safetensors "$u.safetensors"; "#
        + #"ganglion benchmark run --repetitions 1 --model "$u.safetensors" "$u.wav""#)
    #expect(measured.code == 0, "\(measured.errors)")
    #expect(measured.lines.first?.hasPrefix("recording  \u{FFFD}.wav, ") == true)
  }

  @Test func nothingIsWrittenUnderAnotherNameThanTheOneThatWasMeant() throws {
    let bench = try Bench()
    let begin = #"u=$(printf '\xfc'); "#
    let convert = #"ganglion convert --input-format nmnist bar.bin "#
    let before = try bench.shell("ls | sort").lines
    for output in [#""$u.csv""#, #""$PWD/$u.csv""#] {
      let refused = try bench.shell(begin + convert + output)
      #expect(refused.code == 74)
      #expect(refused.errors.contains("\u{FFFD}.csv: cannot be written: its name is no UTF-8 text; give it another"))
      #expect(try bench.shell("ls | sort").lines == before)
    }
    // What is there under such a name stays as it is.
    let kept = try bench.shell(
      begin + #"echo mine > "$u.csv"; "# + convert + #"--format csv "$u.csv"; echo $?; cat "$u.csv""#)
    #expect(kept.lines == ["74", "mine"], "\(kept)")
    // In a folder of such a name a file may be made, and made again.
    let made = try bench.shell(
      #"n=$(printf 'caf\xe9'); mkdir "$n"; for i in 1 2; do "# + convert + #"-q "$n/b.csv"; echo $?; done; ls "$n""#)
    #expect(made.lines == ["0", "0", "b.csv"], "\(made)")
  }
}
