import Audio
import Foundation
import ModelFiles
import Recognition
import StreamSources
import Testing

@testable import ClassifierStreams

/// The models that users have, on the recordings that they have with them.
struct ShippedModelTests {
  private static let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Samples").standardizedFileURL

  private func decisions(_ samples: [Float], rate: Int, _ model: PreparedModel) throws -> [Decision] {
    var stream = try ClassifierStream<SoundSegments>(model, source: "sample")
    var found: [Decision] = []
    func take(_ result: StreamResult) { if case .decision(let decision, _) = result { found.append(decision) } }
    let block = SoundBlock(samples: samples, sampleRate: rate, startSample: 0)
    try stream.process(.block(block, arrivedMicroseconds: 0), droppedBefore: 0, emit: take)
    try stream.finish(emit: take)
    return found
  }

  @Test(arguments: ["digits", "digits-small", "commands", "commands-small"])
  func anOffsetIsNotHeard(name: String) throws {
    let path = Self.samples.appendingPathComponent("models/\(name).safetensors").path
    let model = try PreparedModel(Model(reading: path))
    let clips =
      name.hasPrefix("digits") ? ["digits/seven-theo", "digits/zero-george"] : ["commands/yes", "commands/left"]
    for clip in clips {
      let reader = try SoundFileReader(.path(Self.samples.appendingPathComponent("recordings/\(clip).wav").path))
      var sound: [Float] = []
      while case let more = try reader.read(count: 16_384), !more.isEmpty { sound += more }
      let plain = try decisions(sound, rate: reader.sampleRate, model)
      #expect(plain.count == 1)
      // At the model's rate and at another, which has to be changed first.
      for (factor, offset) in [(1, 0.1), (1, -0.2), (2, 0.1)] as [(Int, Float)] {
        let moved = sound.flatMap { [Float](repeating: $0 + offset, count: factor) }
        let found = try decisions(moved, rate: factor * reader.sampleRate, model)
        #expect(found.map(\.label) == plain.map(\.label), "\(clip), offset \(offset)")
        let score = try #require(found.first?.score)
        #expect(abs(score - plain[0].score) < 0.15)
      }
    }
  }
}
