import Foundation
import TestSupport
import Testing

struct RunCommandTests {
  private let bench: Bench
  private let wave: [String]

  init() throws {
    bench = try Bench()
    wave = try bench.shell("ganglion run --model sound.safetensors tones.wav").lines
  }

  /// Lines with the name of the recording replaced, to compare a file with a pipe.
  private func anonymous(_ lines: [String], _ name: String) -> [String] {
    lines.map { $0.replacingOccurrences(of: "\"source\":\"\(name)\"", with: "\"source\":\"\"") }
  }

  @Test func soundFileGivesOneObjectALine() throws {
    #expect(wave.count >= 3)
    for line in wave {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(["detection", "rejection"].contains(object["type"] as? String))
      #expect(object["source"] as? String == "tones.wav")
      #expect(object["model"] as? String == "sounds")
      #expect(["low", "mid", "high"].contains(object["label"] as? String))
      let start = try #require(object["t_start_us"] as? Int)
      let end = try #require(object["t_us"] as? Int)
      #expect(0 <= start && start < end && end <= 1_900_000)
    }
  }

  @Test(arguments: [
    "ganglion run --model sound.safetensors - < tones.wav",
    "ganglion run --model sound.safetensors < tones.wav",
    "cat tones.wav | ganglion run --model sound.safetensors -",
    "tail -c +45 tones.wav | ganglion run --model sound.safetensors -",
    "tail -c +45 tones.wav > tones.raw; ganglion run --model sound.safetensors < tones.raw",
    "tail -c +45 tones.wav | ganglion run --model sound.safetensors --raw s16le:8000:1 -",
    "(head -c 9001 tones.wav; sleep 0.1; tail -c +9002 tones.wav) | ganglion run -m sound.safetensors -",
  ])
  func pipesGiveWhatTheFileGives(line: String) throws {
    let outcome = try bench.shell(line)
    #expect(outcome.code == 0)
    // What has no header and is not described is taken for what it probably is, and that is said.
    let isGuessed = line.contains("tail -c +45") && !line.contains("--raw")
    let guess =
      "ganglion: standard input: it has no header and is taken as s16le:8000:1; set raw if it is something else\n"
    #expect(outcome.errors == (isGuessed ? guess : ""))
    #expect(anonymous(outcome.lines, "stdin") == anonymous(wave, "tones.wav"))
  }

  @Test func whatIsGuessedOfAListIsToldOnceForEachKind() throws {
    // Without an option the five bytes of N-MNIST have no name, and these texts no unit.
    try bench.put("plain.csv", Array("t,x,y,p\n0,1,1,1\n100000,2,2,0\n".utf8))
    let alone = try bench.shell("ganglion run --model events.safetensors bar.bin")
    #expect(alone.errorLines.filter { $0.contains("format taken as N-MNIST") }.count == 1, "\(alone.errors)")
    let list = try bench.shell(
      "for i in 1 2 3 4; do cp bar.bin $i.bin; done; ganglion run --model events.safetensors ?.bin plain.csv")
    #expect(list.code == 0 && list.lines.filter { $0.contains("\"source\":\"4.bin\"") }.count == alone.lines.count)
    let told = list.errorLines.filter { $0.contains("N-MNIST") }
    #expect(told.count == 1, "\(told)")
    #expect(told.first?.hasPrefix("ganglion: 4 recordings (1.bin …): format taken as N-MNIST") == true, "\(told)")
    #expect(list.errorLines.filter { $0.contains("time unit taken as us") }.count == 1, "\(list.errors)")
  }

  @Test func eventsComeFromFileAndPipeAlike() throws {
    let file = try bench.shell("ganglion run --model events.safetensors bar.bin")
    #expect(file.code == 0)
    #expect(file.lines.count == 2)
    let pipe = try bench.shell("cat bar.bin | ganglion run --model events.safetensors -")
    #expect(anonymous(pipe.lines, "stdin") == anonymous(file.lines, "bar.bin"))
  }

  @Test func realSpeedGivesTheSameLines() throws {
    let outcome = try bench.shell("ganglion run --speed real --model sound.safetensors tones.wav")
    #expect(outcome.lines == wave)
  }

  @Test func scoresAndSmallestScoreSelectLines() throws {
    let scores = try bench.shell("ganglion run --scores --model sound.safetensors tones.wav")
    let kinds = scores.lines.map { $0.hasPrefix("{\"type\":\"score\"") }
    #expect(kinds.filter { $0 }.count > 50)
    #expect(scores.lines.filter { !$0.hasPrefix("{\"type\":\"score\"") } == wave)
    #expect(try bench.shell("ganglion run --min-score 1 --model sound.safetensors tones.wav").lines.isEmpty)
  }

  @Test func severalFilesAreAllReadAndTheFirstFailureIsTheExitCode() throws {
    let outcome = try bench.shell("ganglion run --model sound.safetensors tones.wav missing.wav tones.wav")
    #expect(outcome.code == 66)
    #expect(outcome.lines == wave + wave)
    #expect(
      outcome.errors == "ganglion: missing.wav: cannot be opened (No such file or directory); "
        + "check the path and its permissions\n")
  }
}

struct RunFailureTests {
  private let bench: Bench

  init() throws { bench = try Bench() }

  private func expect(_ line: String, code: Int32, _ words: String..., output: Int = 0) throws {
    let outcome = try bench.shell(line)
    #expect(outcome.code == code, "\(line): \(outcome.errors)")
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    #expect(outcome.lines.count >= output)
    for result in outcome.lines { #expect(result.hasSuffix("}")) }
  }

  @Test func unusableSoundsAreOneClearLine() throws {
    try bench.put("empty.wav", [])
    try bench.put("cut.wav", Array(bench.bytes("tones.wav").dropLast(9_001)))
    try bench.put("wide.wav", WaveBytes(channels: 100).file([Float](repeating: 0, count: 400)))
    try bench.put("slow.wav", WaveBytes(sampleRate: 7).file(TestModels.tones))
    var samples = TestModels.tones
    samples[14_000] = .nan
    try bench.put("nan.wav", WaveBytes(sampleRate: 8_000, isFloat: true).file(samples))
    let run = "ganglion run -m sound.safetensors"
    try expect("\(run) empty.wav", code: 65, "empty.wav", "is empty")
    try expect("\(run) - < /dev/null", code: 65, "standard input", "is empty")
    try expect("\(run) wide.wav", code: 65, "wide.wav", "100 channels")
    try expect("\(run) slow.wav", code: 65, "slow.wav", "7 Hz")
    try expect("\(run) bar.bin", code: 65, "bar.bin", "is not a sound")
    try expect("\(run) sound.safetensors", code: 65, "a model file")
    try expect("\(run) .", code: 66, "it is a folder")
    // What came before the fault is there.
    try expect("\(run) cut.wav", code: 65, "cut.wav, frame 10699", "cut off", output: 1)
    try expect("\(run) nan.wav", code: 65, "nan.wav, frame 14000", "nan", output: 2)
  }

  @Test func unusableEventsAreOneClearLine() throws {
    try bench.put("cut.bin", Array(bench.bytes("bar.bin").dropLast(3)))
    try bench.put("big.bin", TestModels.bar(width: 100))
    let run = "ganglion run -m events.safetensors"
    try expect("\(run) tones.wav", code: 65, "tones.wav", "is sound (WAV)")
    try expect("\(run) - < /dev/null", code: 65, "standard input", "is empty")
    try expect("\(run) big.bin", code: 65, "big.bin", "sensor of 16x16, up to 100x100", "--sensor 640x480")
    try expect("\(run) cut.bin", code: 65, "cut.bin, byte 29995", "cut off", output: 2)
  }

  @Test func unusableModelsAreOneClearLine() throws {
    try bench.put("short.safetensors", Array(bench.bytes("sound.safetensors").dropLast(100)))
    try expect("ganglion run -m short.safetensors tones.wav", code: 78, "short.safetensors", "truncated")
    try expect("ganglion run -m tones.wav tones.wav", code: 78, "tones.wav", "safetensors")
    try expect("ganglion run -m nowhere tones.wav", code: 66, "nowhere", "No such file")
  }

  @Test func wrongUsageIsRefusedBeforeAnythingRuns() throws {
    for arguments in ["--min-score 2 tones.wav", "--speed fast tones.wav", "- -", "--raw s16 tones.wav"] {
      let outcome = try bench.shell("ganglion run -m sound.safetensors \(arguments)")
      #expect(outcome.code == 64, "\(arguments): \(outcome.errors)")
      #expect(outcome.output.isEmpty)
    }
    let terminal = try bench.shell("script -qec '\"$GANGLION\" run -m sound.safetensors' /dev/null < /dev/null")
    #expect(terminal.code == 64)
    #expect(terminal.output.contains("standard input is a terminal"))
  }

  @Test func fullDiskLeavesNoHalfLine() throws {
    try expect("ganglion run -m sound.safetensors tones.wav > /dev/full", code: 74, "standard output", "No space")
    // One block of a kilobyte holds a few whole lines and the beginning of another.
    let limited = try bench.shell(
      "ulimit -f 1; trap '' XFSZ; ganglion run --scores -m sound.safetensors tones.wav > out; code=$?; cat out; exit $code"
    )
    #expect(limited.code == 74, "\(limited.errors)")
    #expect(limited.output.hasSuffix("}\n"))
    #expect(limited.lines.count > 3)
    #expect(limited.errors.contains("after \(limited.lines.count) lines (File too large)"))
  }

  @Test func readerThatLeavesEndsItQuietly() throws {
    let outcome = try bench.shell(
      "ganglion run --scores -m sound.safetensors tones.wav tones.wav | head -n 1; exit ${PIPESTATUS[0]}")
    #expect(outcome.lines.count == 1)
    // The writer may have been done before the reader left.
    #expect(outcome.code == 141 || outcome.code == 0)
    #expect(outcome.errors == "")
    let closed = try bench.shell("ganglion run -m sound.safetensors tones.wav >&-")
    #expect(closed.code == 74)
    #expect(closed.errorLines.count == 1)
  }

  @Test(arguments: [("INT", 130), ("TERM", 143)] as [(String, Int32)])
  func signalsEndTheProgramBetweenLines(signal: (String, Int32)) throws {
    // Without a header, and with the pipe kept open, the program waits in a read when the signal comes. A shell's
    // background jobs ignore SIGINT unless told otherwise.
    let outcome = try bench.shell(
      """
      mkfifo feed; exec 9<> feed; : > out
      env --default-signal=INT "$GANGLION" run --scores -m sound.safetensors - < feed > out 9>&- & program=$!
      tail -c +45 tones.wav > feed
      while [ "$(wc -l < out)" -lt 20 ]; do sleep 0.05; done
      kill -\(signal.0) $program; wait $program; code=$?
      cat out; exit $code
      """)
    #expect(outcome.code == signal.1, "\(outcome.errors)")
    #expect(outcome.errorLines.filter { $0.hasPrefix("ganglion: ") }.count == 1)
    #expect(outcome.lines.count >= 20)
    #expect(outcome.output.hasSuffix("}\n"))
  }
}
