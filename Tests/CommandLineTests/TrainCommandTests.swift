import Foundation
import TestSupport
import Testing

@Suite("Training from the command line")
struct TrainCommandTests {
  private static let recipe = """
    name: tones
    data: {layout: folders}
    encoder: {spiketrum: {sampleRate: 8000, channels: 12}}
    network:
      input: [36]
      layers:
        - dense: {units: 16}
        - neurons: {decay: 0.8}
        - dense: {units: 2, bias: true}
    training: {epochs: 1, batch: 4, optimiser: {rate: 0.01}, window: {steps: 8}}
    """

  /// Ten recordings of each of two tones, in a folder a class.
  private func withTones(_ body: (_ folder: String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (label, frequency) in [("low", 300.0), ("high", 1500.0)] {
      try FileManager.default.createDirectory(atPath: "\(folder)/data/\(label)", withIntermediateDirectories: true)
      for take in 0..<10 {
        let samples = (0..<2400).map { Float(0.5 * sin(2 * .pi * frequency * Double($0 + take) / 8000)) }
        try Data(WaveBytes(sampleRate: 8000).file(samples)).write(
          to: URL(fileURLWithPath: "\(folder)/data/\(label)/\(take).wav"))
      }
    }
    try Self.recipe.write(toFile: "\(folder)/tones.yaml", atomically: true, encoding: .utf8)
    try body(folder)
  }

  @Test("what the network costs is told before the first epoch, in the log too")
  func summary() throws {
    try withTones { folder in
      let outcome = try Program.shell("cd \(folder) && ganglion train tones.yaml --data data -o tones.safetensors")
      #expect(outcome.code == 0, "\(outcome.errors)")
      let lines = outcome.errorLines
      let total = try #require(lines.firstIndex { $0.contains("total") })
      let epoch = try #require(lines.firstIndex { $0.hasPrefix("epoch 1:") })
      #expect(total < epoch)
      // 36 x 16 + 16 x 2 weights and two biases.
      #expect(lines[total].contains("610"))
      #expect(lines.contains { $0.contains("SynOps/step") && $0.contains("state bytes") })
      #expect(lines.contains("back-propagation: windows of 8 steps, computed again on the way back"))
      let log = try String(contentsOfFile: "\(folder)/tones.log", encoding: .utf8)
      #expect(log.contains(lines[total]))
    }
  }
}
