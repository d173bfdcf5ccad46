import Foundation
import TestSupport
import Testing

/// What a command leaves when there is no room for its results: one line, exit code 74, and nothing half-written.
///
/// The room is that of a limit on the size of files, which needs no privileges: `LIMIT` is one kibibyte.
@Suite("A full disk")
struct FullDiskTests {
  private static let recipe = """
    name: tones
    data: {layout: folders}
    encoder: {spiketrum: {sampleRate: 8000, channels: 12}}
    network:
      input: [36]
      layers:
        - dense: {units: 16}
        - neurons: {decay: 0.8}
        - dense: {units: 3, bias: true}
    training: {epochs: 1, batch: 4, optimiser: {rate: 0.01}}
    """

  private let bench: Bench

  init() throws {
    bench = try Bench()
    try TestModels.twoTasks().write(to: bench.folder + "/two.safetensors")
    try bench.put("tones.yaml", Array(Self.recipe.utf8))
    try bench.put("tones.tsv", Array("0.1\t0.2\tlow\n".utf8))
    for (folder, frequency) in [("data/low", 300.0), ("data/mid", 800), ("data/high", 1500), ("new/other", 1100)] {
      try FileManager.default.createDirectory(
        atPath: "\(bench.folder)/\(folder)", withIntermediateDirectories: true)
      for take in 0..<6 {
        let samples = (0..<2400).map { Float(0.5 * sin(2 * .pi * frequency * Double($0 + take) / 8000)) }
        try bench.put("\(folder)/\(take).wav", WaveBytes(sampleRate: 8000).file(samples))
      }
    }
  }

  @Test(
    "leaves files as they were",
    arguments: [
      "encode tones.wav -o out.h5", "encode tones.wav -o out.csv", "encode tones.wav -o new.h5 --rate 4000",
      "encode tones.wav --picture out.png", "encode tones.wav --picture out.svg", "encode tones.wav --kernels new.png",
      "decode spikes.h5 -o out.wav", "decode spikes.h5 -o new.wav",
      "compose sound.safetensors data --layout folders --part all --minutes 1 -o out.wav --labels out.tsv",
      "convert bar.bin out.raw", "convert bar.bin out.h5", "convert bar.bin new.h5", "convert bar.bin out.npz",
      "convert bar.bin out.aedat4 --sensor 16x16", "convert bar.bin new.npy",
      "convert bar.bin out.h5 --hdf5-layout prophesee",
      "plot bar.bin --sensor 16x16 -o out.png", "plot bar.bin --sensor 16x16 --kind rate -o new.svg",
      "learn two.safetensors new --task more --check data --limit 100",
      "learn two.safetensors new --task more --check data --limit 100 -o new.safetensors",
      "evaluate --stream sound.safetensors tones.wav --labels tones.tsv --det out.png",
      "evaluate --stream sound.safetensors tones.wav --labels tones.tsv --false-accepts 9 --write-thresholds out.safetensors",
      "train tones.yaml --data data -o out.safetensors",
    ])
  func files(command: String) throws {
    let before = try bench.shell(
      "ganglion encode tones.wav -o spikes.h5 >&2; for e in h5 csv png svg wav tsv raw npz aedat4 safetensors; do "
        + "echo before > out.$e; done; md5sum *.* */*/*")
    let outcome = try bench.shell("ulimit -f 1; TMPDIR=. ganglion \(command)")
    #expect(outcome.code == 74, "\(outcome.errors)")
    let lines = outcome.errorLines.filter { $0.hasPrefix("ganglion: ") }
    #expect(lines.count == 1 && lines.first?.contains("File too large") == true, "\(outcome.errors)")
    // The log of a training is there to be read line by line.
    #expect(try bench.shell("rm -f *.log; md5sum *.* */*/*").lines == before.lines)
  }

  @Test("a training that has no more room for its checkpoint keeps the last one, and goes on from it")
  func checkpoint() throws {
    let recipe = Self.recipe.replacing("epochs: 1", with: "epochs: 3")
    try bench.put("tones.yaml", Array(recipe.utf8))
    let train = "ganglion train tones.yaml --data data -o out.safetensors"
    // Ended by a signal after an epoch, so that there is a checkpoint.
    let begun = try bench.shell(
      """
      mkfifo errors; "$GANGLION" train tones.yaml --data data -o out.safetensors 2> errors & program=$!
      exec 8< errors
      while read -r line <&8; do case "$line" in "epoch 1"*) kill -TERM $program;; esac; done
      wait $program; code=$?; ls; exit $code
      """)
    guard begun.code == 143 else {
      // Three epochs are short: the program may have been done before the signal came.
      #expect(begun.code == 0 && begun.lines.contains("out.safetensors"), "\(begun)")
      return
    }
    let before = try bench.bytes("out.safetensors.checkpoint")
    let full = try bench.shell("ulimit -f 1; \(train)")
    #expect(full.code == 74, "\(full.errors)")
    #expect(try bench.bytes("out.safetensors.checkpoint") == before)
    let rest = try bench.shell(train)
    #expect(rest.code == 0 && rest.errors.contains("going on after epoch"), "\(rest.errors)")
  }

  @Test(
    "of standard output is told by every command that writes there",
    arguments: [
      "run -m sound.safetensors tones.wav", "info bar.bin", "info --json bar.bin", "info sound.safetensors",
      "info --json sound.safetensors", "info events.safetensors --on bar.bin", "convert bar.bin - --format csv",
      "encode tones.wav", "encode tones.wav --json", "evaluate sound.safetensors data --layout folders --part all",
      "evaluate --stream sound.safetensors tones.wav --labels tones.tsv --json",
      "learn two.safetensors new --task more --check data --limit 100 -o new.safetensors",
      "--help", "run --help", "--version", "manual",
      "serve --check --config ganglion.yaml",
    ])
  func standardOutput(command: String) throws {
    try bench.put(
      "ganglion.yaml", Array("models: {m: sound.safetensors}\nsources: {one: {type: pipe, path: p}}\n".utf8))
    let outcome = try bench.shell("ganglion \(command) > /dev/full")
    #expect(outcome.code == 74, "\(outcome.errors)")
    // What was guessed about the input may stand before it.
    let lines = outcome.errorLines.filter { $0.hasPrefix("ganglion: standard output") }
    #expect(lines.count == 1 && outcome.errorLines.last == lines.first, "\(outcome.errors)")
    #expect(lines.first?.contains("No space left on device") == true)
    #expect(try bench.shell("ls new.safetensors").code != 0)
  }

  @Test("what others have written to the same file stays")
  func appended() throws {
    // Blocks of a kilobyte: the line before them fills the first almost.
    let before = String(repeating: "-", count: 1_000)
    let outcome = try bench.shell(
      "echo \(before) > out; ulimit -f 1; ganglion run --scores -m sound.safetensors tones.wav >> out; code=$?; cat out; "
        + "exit $code")
    #expect(outcome.code == 74, "\(outcome.errors)")
    #expect(outcome.lines.first == before)
    #expect(outcome.output.hasSuffix("-\n") || outcome.output.hasSuffix("}\n"), "\(outcome.output)")
  }
}
