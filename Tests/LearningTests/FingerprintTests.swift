import Foundation
import Learning
import ModelFiles
import TestSupport
import Testing

@Suite("What a checkpoint belongs to")
struct FingerprintTests {
  private static let recipe = """
    name: student
    data: {layout: folders, labels: [low, mid, high]}
    encoder: {spiketrum: {sampleRate: 8000, channels: 12}}
    network:
      input: [36]
      layers: [dense: {units: 8}, neurons: {decay: 0.8}, dense: {units: 3}]
    training: {epochs: 1, batch: 4, optimiser: {rate: 0.01}, distillation: {model: teacher.safetensors}}
    """

  @Test("another teacher in the place of one makes another training")
  func teacher() throws {
    let folder = NSTemporaryDirectory() + "ganglion-fingerprint-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (label, frequency) in [("low", 300.0), ("mid", 800), ("high", 1500)] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(label)", withIntermediateDirectories: true)
      for take in 0..<6 {
        let samples = (0..<2_400).map { Float(0.5 * sin(2 * .pi * frequency * Double($0 + take) / 8_000)) }
        try Data(WaveBytes(sampleRate: 8_000).file(samples))
          .write(to: URL(fileURLWithPath: "\(folder)/\(label)/\(take).wav"))
      }
    }
    let recipe = try Recipe(yaml: Self.recipe, path: "student.yaml")
    func fingerprint(_ teacher: Model) throws -> String {
      try teacher.write(to: folder + "/teacher.safetensors")
      let session = try TrainingSession(
        recipe, settings: .init(dataFolder: folder, recipeFolder: folder, threads: 1), activity: { _ in })
      return try session.fingerprint()
    }
    let first = try fingerprint(try TestModels.sound(seed: 1))
    #expect(try fingerprint(try TestModels.sound(seed: 1)) == first)
    #expect(try fingerprint(try TestModels.sound(seed: 2)) != first)
  }
}
