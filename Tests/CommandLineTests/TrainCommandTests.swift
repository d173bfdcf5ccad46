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

  @Test("a sparse student of a trained model is small on disk, described, drawn and timed beside it")
  func sparseStudent() throws {
    try withTones { folder in
      let wide = Self.recipe.replacingOccurrences(of: "units: 16", with: "units: 120")
        .replacingOccurrences(of: "epochs: 1", with: "epochs: 3")
      try wide.write(toFile: "\(folder)/teacher.yaml", atomically: true, encoding: .utf8)
      let student = wide.replacingOccurrences(
        of: "window: {steps: 8}",
        with: "structure: {density: 0.1, interval: 1}, distillation: {model: teacher.safetensors}")
      try student.write(toFile: "\(folder)/student.yaml", atomically: true, encoding: .utf8)
      for name in ["teacher", "student"] {
        let trained = try Program.shell(
          "cd \(folder) && ganglion train \(name).yaml --data data -o \(name).safetensors")
        #expect(trained.code == 0, "\(trained.errors)")
      }
      func size(_ name: String) throws -> Int {
        try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")).count
      }
      // 120 x 36 and 2 x 120 weights, of which a tenth is left.
      #expect(try size("teacher.safetensors") - size("student.safetensors") > 14_000)
      let info = try Program.shell(
        "cd \(folder) && ganglion info student.safetensors --on data/low/0.wav data/high/0.wav")
      #expect(info.code == 0, "\(info.errors)")
      // Of the 456 that may exist, those that grew where nothing ever fires are still zero.
      let weights = try #require(info.lines.first { $0.hasPrefix("weights") }, "\(info.lines)")
      let present = try #require(weights.split(separator: " ").dropFirst().first.flatMap { Int($0) })
      #expect((300...456).contains(present) && weights.contains("\(present) of 4560 ("))
      #expect(info.lines.contains { $0.contains("layers.0.weight: ") && $0.hasSuffix(" of 4320") })
      #expect(info.lines.contains { $0.contains("million synaptic operations a second") })
      let pictures = try Program.shell(
        """
        cd \(folder) && ganglion plot student.safetensors --kind masks -o masks.png && \
        ganglion plot student.safetensors --kind course -o course.png && \
        ganglion plot teacher.safetensors student.safetensors --kind frontier -o frontier.png
        """)
      #expect(pictures.code == 0, "\(pictures.errors)")
      for name in ["masks", "course", "frontier"] {
        let picture = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).png"))
        #expect(picture.prefix(4) == Data([0x89, 0x50, 0x4e, 0x47]))
      }
      let none = try Program.shell("cd \(folder) && ganglion plot teacher.safetensors --kind course -o none.png")
      #expect(none.code != 0 && none.errors.contains("trained without structure or channels"), "\(none.errors)")
      let times = try Program.shell(
        "cd \(folder) && ganglion benchmark models teacher.safetensors student.safetensors --on data/low/0.wav --rounds 3"
      )
      #expect(times.code == 0, "\(times.errors)")
      #expect(times.lines.count == 3)
      #expect(times.lines[1].contains(" 4560 ") && times.lines[2].contains(" \(present) "))
    }
  }
}
