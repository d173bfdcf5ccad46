import Foundation
import TestSupport
import Testing

/// How the program ends before its work is done: a signal, or a reader that has gone.
struct EndingTests {
  private let bench: Bench

  init() throws {
    bench = try Bench()
    try TestModels.twoTasks().write(to: bench.folder + "/two.safetensors")
  }

  /// Noise that takes long to encode, in folders of labels; no two recordings are the same.
  private func makeLongRecordings() throws {
    var random = SystemRandomNumberGenerator()
    let noise = (0..<16_000).map { _ in Float.random(in: -0.5...0.5, using: &random) }
    let whole = WaveBytes(sampleRate: 8000).file([Float](repeating: 0, count: 8_000 * 900))
    let header = whole[..<44]
    let piece = WaveBytes(sampleRate: 8000).file(noise)[44...]
    for label in ["low", "high"] {
      try FileManager.default.createDirectory(
        atPath: "\(bench.folder)/data/\(label)", withIntermediateDirectories: true)
      for take in 0..<3 {
        var data = Data(header)
        for turn in 0..<450 {
          data.append(contentsOf: piece)
          data[44 + 2 * turn] = UInt8(16 * take + label.count)
        }
        try data.write(to: URL(fileURLWithPath: "\(bench.folder)/data/\(label)/\(take).wav"))
      }
    }
    for (part, take) in [("validation", 1), ("test", 2)] {
      try bench.put("\(part).txt", Array("low/\(take)\nhigh/\(take)\n".utf8))
    }
    try bench.put(
      "noise.yaml",
      Array(
        """
        name: noise
        data: {layout: folders, validationList: validation.txt, testList: test.txt}
        encoder: {spiketrum: {sampleRate: 8000, channels: 40, spikesPerSecond: 2000}}
        network:
          input: [120]
          layers: [dense: {units: 8}, neurons: {decay: 0.8}, dense: {units: 2}]
        training: {epochs: 1, batch: 4, optimiser: {rate: 0.01}}
        """.utf8))
  }

  @Test(
    "a signal ends encoding at once, and nothing is written",
    arguments: [
      ("train noise.yaml --data data -o out.safetensors", "TERM", 143),
      ("train noise.yaml --data data -o out.safetensors", "INT", 130),
      ("learn two.safetensors data --task more", "TERM", 143),
      ("evaluate sound.safetensors data --layout folders --part all", "INT", 130),
      ("encode data/low/0.wav -o out.h5", "TERM", 143),
      ("compose sound.safetensors data --layout folders --part all -o out.wav --labels out.tsv", "INT", 130),
    ])
  func signals(command: String, signal: String, code: Int32) throws {
    try makeLongRecordings()
    let outcome = try bench.shell(
      """
      ls | grep -v log > ../before-$$
      env --default-signal=INT timeout -s KILL 120 "$GANGLION" \(command) 2> ../errors-$$ & guard=$!
      program=
      while [ -z "$program" ]; do sleep 0.1; program=$(cat /proc/$guard/task/$guard/children); done
      # The work takes much longer than that.
      sleep 2; kill -\(signal) $program; wait $guard; code=$?
      grep ^ganglion: ../errors-$$
      ls | grep -v log | diff ../before-$$ - ; rm ../before-$$ ../errors-$$
      exit $code
      """)
    #expect(outcome.code == code, "\(outcome)")
    #expect(outcome.lines.count == 1, "\(outcome.output)")
    #expect(outcome.output.hasPrefix("ganglion: \(code == 130 ? "interrupted" : "told to stop")"))
  }

  @Test(
    "a reader that has enough ends the program quietly",
    arguments: [
      "run --scores -m sound.safetensors tones.wav tones.wav", "convert big.bin - --format csv", "info bar.bin",
      "info --json bar.bin", "--help", "manual", "convert big.bin - --format evt3 --sensor 16x16",
    ])
  func brokenPipe(command: String) throws {
    try bench.put("big.bin", TestModels.bar(passes: 20))
    let outcome = try bench.shell("ganglion \(command) | head -n 1 | wc -l; exit ${PIPESTATUS[0]}")
    // What is short may have been written before its reader left.
    let isLong = command.hasPrefix("convert")
    #expect(outcome.code == 141 || (outcome.code == 0 && !isLong), "\(outcome)")
    #expect(outcome.errors == "")
    #expect(outcome.lines == ["1"])
  }

  // The input never ends, so that only the reader's going can end the program.
  @Test(
    "a reader that has gone ends the program while it waits for input",
    arguments: [
      ("run --scores -m sound.safetensors -", "tail -c +45 tones.wav", "head -n 1"),
      ("convert --input-format csv --csv-columns 0,1,2,3 - - --format csv", "echo 1,2,3,1", "true"),
      ("info --input-format csv --csv-columns 0,1,2,3 -", "echo 1,2,3,1", "true"),
    ])
  func waiting(command: String, input: String, reader: String) throws {
    let outcome = try bench.shell(
      """
      mkfifo feed; exec 9<> feed; \(input) > feed
      timeout -s KILL 60 "$GANGLION" \(command) < feed 9>&- | \(reader) > /dev/null; exit ${PIPESTATUS[0]}
      """)
    #expect(outcome.code == 141, "\(outcome)")
    #expect(outcome.errors == "")
  }

  @Test("what makes a file does not mind that nobody reads what it says")
  func sideProducts() throws {
    let outcome = try bench.shell(
      "{ sleep 1; ganglion encode tones.wav -o out.h5; } | true; ls out.h5; exit ${PIPESTATUS[0]}")
    #expect(outcome.lines == ["out.h5"])
  }
}
