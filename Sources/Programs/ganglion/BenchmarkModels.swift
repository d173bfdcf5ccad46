import ArgumentParser
import CommandSupport
import EventFormats
import Foundation
import Learning
import ModelFiles
import Numerics
import SpikingNetworks

/// `ganglion benchmark models`: what a step of several models costs on the same recordings.
struct BenchmarkModels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Time a step of several models on the same recordings, one after another in turns.",
    discussion: """
      Each round steps every model once through all recordings, so that a machine that is busy for a while slows all of \
      them. Prints the file's size, the weights there are, the median time of a step, and how many times as fast as the \
      first model each is: the median over the rounds of the ratio.

      Example: ganglion benchmark models digits.safetensors small.safetensors --on Samples/recordings/digits/*.wav
      """)

  @Argument(help: "Models that perceive the same.", completion: .file()) var models: [String]
  @Option(parsing: .upToNextOption, help: "Recordings.", completion: .file()) var on: [String]
  @Option(help: "How often every model is timed.") var rounds = 15

  func validate() throws {
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
    guard !on.isEmpty else { throw ValidationError("give recordings with --on") }
  }

  func run() throws {
    let entries = try models.map { path in
      let model = try Model(reading: path)
      let encoder = try RecordingEncoder(model.manifest.encoder)
      let frames = try on.flatMap { try encoder.encode(Recording(path: $0, label: 0, group: "")).frames }
      return (path: path, network: model.stepped, frames: frames)
    }
    var times = entries.map { _ in [Double]() }
    for round in 0...rounds {
      for (index, entry) in entries.enumerated() {
        var state = entry.network.makeState()
        var logits = [Float](repeating: 0, count: entry.network.outputCount)
        let begin = ContinuousClock.now
        for frame in entry.frames { entry.network.step(frame, &state, logits: &logits) }
        let spent = (ContinuousClock.now - begin) / .microseconds(1) / Double(max(entry.frames.count, 1))
        // The first round warms caches.
        if round > 0 { times[index].append(spent) }
      }
    }
    try StandardOutput.shared.write(
      line: padded("model", 40) + right("bytes", 10) + right("weights", 10) + right("us a step", 11) + right("times", 8)
    )
    for (index, entry) in entries.enumerated() {
      let size = Int(FileByteSource.size(ofFile: entry.path) ?? 0)
      let weights = entry.network.named.filter { $0.specification.role == .weight }.reduce(0) { sum, block in
        sum + block.range.count { entry.network.parameters[$0] != 0 }
      }
      let ratios = zip(times[0], times[index]).map { $0 / $1 }.sorted()
      try StandardOutput.shared.write(
        line:
          padded((entry.path as NSString).lastPathComponent, 40) + right("\(size)", 10) + right("\(weights)", 10)
          + right(fixed(times[index].sorted()[rounds / 2], 2), 11) + right(fixed(ratios[rounds / 2], 2), 8))
    }
  }
}
