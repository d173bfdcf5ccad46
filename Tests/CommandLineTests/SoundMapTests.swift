import Foundation
import TestSupport
import Testing

/// Networks that read sound as a map of frequency channels: from the recipe to the daemon.
@Suite("Convolutions over frequency", .serialized)
struct SoundMapTests {
  /// Layers by the input they read: a row of channels with a value for each level, and a map of height channels, width 1.
  private static let networks = [
    "row": """
      input: [12, 3]
      layers:
        - conv1d: {channels: 6, kernel: 3, stride: 2}
        - batchNorm: {}
        - neurons: {decay: 0.8}
        - flatten: {}
        - dense: {units: 2, bias: true}
    """,
    "map": """
      input: [12, 1, 3]
      layers:
        - conv: {channels: 4, kernel: 3, stride: 2}
        - batchNorm: {}
        - neurons: {decay: 0.5}
        - convLSTM: {channels: 4, attention: {kind: both}}
        - flatten: {}
        - dense: {units: 2, bias: true}
    """,
  ]

  @Test(
    "a network over [channels, levels] or [channels, 1, levels] is trained, written, run, evaluated and served",
    arguments: ["row", "map"])
  func endToEnd(name: String) throws {
    let bench = try ToneBench()
    let network = try #require(Self.networks[name])
    try bench.put(
      "\(name).yaml",
      """
      name: \(name)
      data: {layout: folders}
      encoder: {spiketrum: {sampleRate: 8000, channels: 12}}
      network:
      \(network)
      training: {epochs: 8, batch: 4, optimiser: {rate: 0.03}}
      """)
    let trained = try bench.train(name)
    try #require(trained.code == 0, "\(trained.errors)")
    // Attention over so small a map never changes, of which both the log and the model tell.
    let warnings = trained.errors.split(separator: "\n").filter { $0.contains("warning") }
    #expect(warnings.allSatisfy { $0.contains("attention of layer 3 never changes") }, "\(trained.errors)")
    #expect(warnings.isEmpty == (name == "row"))
    let told = try bench.shell("ganglion info \(name).safetensors").output
    #expect(told.contains("attention  ") == (name == "map"), "\(told)")
    let info = try bench.shell("ganglion info \(name).safetensors --on data/low/0.wav")
    #expect(info.code == 0, "\(info.errors)")
    // Tones of 300 and 1500 Hz lie far apart on the map.
    let evaluated = try bench.shell("ganglion evaluate \(name).safetensors data --part all")
    #expect(evaluated.output.hasPrefix("accuracy  100.0 %"), "\(evaluated.output)\(evaluated.errors)")
    let run = try bench.shell(
      "ganglion run --model \(name).safetensors data/low/3.wav data/high/3.wav | grep -c '\"label\"'")
    #expect(run.output == "2\n", "\(run.output)\(run.errors)")
    try bench.put(
      "g.yaml",
      "models: {m: \(name).safetensors}\nlog: debug\nsources:\n  wave: {type: pipe, path: w}\n")
    let served = try bench.shell(
      """
      mkfifo w
      "$GANGLION" serve --config g.yaml --socket s 2>log & daemon=$!
      for i in $(seq 1000); do if grep -q msg=ready log || ! kill -0 $daemon; then break; fi; sleep 0.01; done
      "$GANGLION" listen --socket s -t detection -t rejection >out & listener=$!
      for i in $(seq 1000); do if grep -q msg=subscribed log; then break; fi; sleep 0.01; done
      cat data/high/3.wav >w
      for i in $(seq 1000); do if grep -q '"label"' out; then break; fi; sleep 0.01; done
      kill -TERM $daemon; wait $daemon; echo "daemon $?"; wait $listener; echo "listener $?"
      grep -o '"label":"[^"]*"' out
      "$GANGLION" run --model \(name).safetensors data/high/3.wav | grep -o '"label":"[^"]*"'
      """)
    #expect(
      served.lines == ["daemon 0", "listener 0", "\"label\":\"high\"", "\"label\":\"high\""],
      "\(served.lines)\(served.errors)")
  }

  @Test("another reading of as many inputs is told, another number refused before anything is encoded")
  func readings() throws {
    let bench = try ToneBench()
    try bench.recipe("turned", ["input: [36]": "input: [3, 12]", "- dense: {units: 8}": "- flatten: {}"])
    let turned = try bench.train("turned")
    #expect(turned.code == 0, "\(turned.errors)")
    #expect(
      turned.errorLines.contains(
        "warning: the network reads the encoder's [12, 3] as [3, 12]: as many inputs, other axes"), "\(turned.errors)")
    try bench.recipe("short", ["input: [36]": "input: [12, 2]"])
    let short = try bench.shell("ganglion train short.yaml --data nowhere")
    #expect(short.code == 78)
    #expect(
      short.errors
        == "ganglion: short.yaml:5: network.input: [12, 2] is 24 inputs, the encoder makes 36; write [36], or [12, 3] or "
        + "[12, 1, 3]\n")
  }
}
