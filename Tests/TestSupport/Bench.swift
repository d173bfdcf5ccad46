import Foundation

/// A model and recordings in a folder of their own.
package final class Bench {
  package let folder: String

  package init() throws {
    folder = NSTemporaryDirectory() + "ganglion-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try TestModels.sound().write(to: folder + "/sound.safetensors")
    try TestModels.events().write(to: folder + "/events.safetensors")
    try put("tones.wav", WaveBytes(sampleRate: 8_000).file(TestModels.tones))
    try put("bar.bin", TestModels.bar())
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  package func put(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  package func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
  }

  package func shell(_ line: String) throws -> Program.Outcome {
    try Program.shell("cd \(folder) && \(line)")
  }
}
