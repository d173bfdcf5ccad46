import Foundation
import Learning
import Numerics
import SpikingNetworks
import TestSupport
import Testing

@testable import StreamLearning

struct StreamTrainingTests {
  private static let text = """
    name: toy
    stream:
      words: {beep: [words]}
      speech: [speech]
      noise: [noise]
      validationShare: 0.4
    encoder:
      mel: {sampleRate: 8000, bands: 12, silenceThreshold: 0}
    composition: {variants: 1}
    network:
      input: [12]
      layers:
        - frames: {steps: 4, stride: 4}
        - flatten: {}
        - dense: {units: 16}
        - batchNorm: {gain: 2}
        - neurons: {decay: 0, maximumSpikes: 6}
        - dense: {units: 16, taps: 4}
        - batchNorm: {gain: 2}
        - neurons: {decay: 0, maximumSpikes: 6}
        - dense: {units: 1, taps: 3, bias: true}
    training:
      chunks: 640
      chunkSeconds: 4
      batch: 8
      progressMinutes: 1
      validationHours: 0.1
      optimiser: {rate: 0.02, clip: 2}
      mining: {after: [0.5], heard: 1, kept: 0.1}
    """

  /// Rising tones as the word, falling ones and steady ones as other speech, in a folder.
  private func data() throws -> ToneFolder { try ToneFolder() }

  private func session(
    _ folder: ToneFolder, threads: Int = 2, resuming: StreamCheckpoint? = nil,
    text: String = StreamTrainingTests.text
  ) throws -> StreamTrainingSession {
    try StreamTrainingSession(
      StreamRecipe(yaml: text, path: "toy.yaml"),
      settings: .init(dataFolder: folder.path, recipeFolder: folder.path, threads: threads), resuming: resuming
    ) { _ in }
  }

  @Test func aNetworkLearnsToFindAWordInStreams() throws {
    let folder = try data()
    let session = try session(folder)
    while !session.isFinished { _ = try session.learn { _ in } }
    let model = try session.finish(recipeText: Self.text, seconds: 1) { _ in }
    let found = try #require(model.manifest.decision.stream?.sensitivities)
    #expect(found.map(\.name) == ["low", "normal", "high"])
    #expect(found.allSatisfy { $0.words > 5 && $0.noisyWords > 5 && abs($0.hours - 0.1) < 1e-6 })
    // It is not deaf, and does not wake at everything.
    #expect(Double(found[2].missed) < 0.5 * Double(found[2].words))
    #expect(found[2].falseAccepts <= 1)
    #expect(model.manifest.decision.threshold(of: "beep") == found[1].thresholds["beep"])
    #expect(model.manifest.labels == ["beep"])
  }

  @Test func aTrainingThatWasStoppedGoesOnToTheSameWeightsOnAnyNumberOfThreads() throws {
    let folder = try data()
    let text = Self.text.replacingOccurrences(of: "chunks: 640", with: "chunks: 96")
    let whole = try session(folder, text: text)
    while !whole.isFinished { _ = try whole.learn { _ in } }
    let checkpoint = StreamCheckpoint(path: folder.path("checkpoint"))
    let first = try session(folder, threads: 1, text: text)
    _ = try first.learn { _ in }
    #expect(first.chunks == 48)
    try first.write(to: checkpoint)
    let second = try session(folder, threads: 1, resuming: checkpoint, text: text)
    #expect(second.chunks == 48)
    while !second.isFinished { _ = try second.learn { _ in } }
    let models = try [whole, second].map { try $0.finish(recipeText: "", seconds: 0) { _ in } }
    #expect(models[0].network.parameters == models[1].network.parameters)
    #expect(models[0].manifest.decision == models[1].manifest.decision)
    #expect(whole.history == second.history)
    // Of another recipe it is refused.
    #expect(throws: CheckpointError.self) {
      try session(
        folder, resuming: checkpoint, text: text.replacingOccurrences(of: "rate: 0.02", with: "rate: 0.01"))
    }
  }

  @Test(arguments: [
    ("speech: [speech]", "speech: []", "speech"), ("words: {beep: [words]}", "words: {}", "words"),
    ("silenceThreshold: 0", "silenceThreshold: 0.001", "silenceThreshold"),
    ("units: 1,", "units: 2,", "2 outputs for 1 labels"), ("chunks: 640", "chunks: 0", "chunks"),
    ("after: [0.5]", "after: [0.5, 0.2]", "ascend"), ("variants: 1", "variants: -1", "variants"),
    ("input: [12]", "input: [13]", "input"), ("kept: 0.1", "kept: 1.1", "kept"),
    ("mel: {sampleRate: 8000, bands: 12, silenceThreshold: 0}", "spiketrum: {sampleRate: 8000, channels: 12}", "mel"),
  ])
  func whatIsWrongInARecipeIsNamed(_ found: String, _ put: String, _ word: String) {
    do {
      _ = try StreamRecipe(yaml: Self.text.replacingOccurrences(of: found, with: put), path: "toy.yaml")
      Issue.record("\(put) was taken")
    } catch {
      #expect(error.description.hasPrefix("toy.yaml") && error.description.contains(word), "\(error)")
    }
  }

  @Test func missingFoldersAndListsAreNamed() throws {
    let folder = try data()
    for (found, put, word) in [
      ("speech: [speech]", "speech: [talk]", "talk"), ("[words]", "[words.txt]", "words.txt"),
      ("validationShare: 0.4", "validationList: lists/v.txt", "v.txt"),
    ] {
      #expect {
        try session(folder, text: Self.text.replacingOccurrences(of: found, with: put))
      } throws: {
        "\($0)".contains(word)
      }
    }
  }

  @Test func listsDivideFilesAndFolders() throws {
    let folder = try data()
    try "words/3.wav\nspeech/falling4.wav\nnoise\n".write(
      toFile: folder.path("v.txt"), atomically: true, encoding: .utf8)
    try "words/5.wav\n".write(toFile: folder.path("t.txt"), atomically: true, encoding: .utf8)
    var stream = StreamDataDescription(words: ["beep": ["words"]], speech: ["speech"], noise: ["noise"])
    stream.validationList = "v.txt"
    stream.testList = "t.txt"
    let parts = try StreamFiles.find(stream, dataFolder: folder.path, recipeFolder: folder.path)
    #expect(parts[.validation]?.words[0].map(\.name) == ["words/3.wav"])
    #expect(parts[.validation]?.speech.map { $0.map(\.name) } == [["speech/falling4.wav"]])
    #expect(parts[.validation]?.noise.count == 6)
    #expect(parts[.test]?.words[0].map(\.name) == ["words/5.wav"])
    #expect(parts[.train]?.words[0].count == 18)
    #expect(parts[.train]?.speech[0].count == 39)
  }
}

/// Recordings of tones in a folder that is gone when the test is.
private final class ToneFolder {
  let path = NSTemporaryDirectory() + "ganglion-tones-\(UUID().uuidString)"

  init() throws {
    var random = RandomStream(seed: 9)
    func tone(_ seconds: Double, _ frequency: (Double) -> Double) -> [Float] {
      var phase = 0.0
      return (0..<Int(seconds * 8_000)).map { index in
        let at = Double(index) / 8_000
        phase += 2 * .pi * frequency(at) / 8_000
        let isLoud = at > 0.2 && at < seconds - 0.2
        return Float((isLoud ? 0.2 * sin(phase) : 0) + 0.001 * random.normal())
      }
    }
    for name in ["words", "speech", "noise"] {
      try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    }
    for index in 0..<20 {
      let base = Double(400 + 20 * index)
      try write(tone(0.9) { base + 1_500 * $0 }, "words/\(index).wav")
      try write(tone(2.5) { base + 1_200 - 400 * $0 }, "speech/falling\(index).wav")
      try write(tone(0.8) { _ in base }, "speech/steady\(index).wav")
    }
    for index in 0..<6 { try write((0..<8_000).map { _ in Float(0.05 * random.normal()) }, "noise/\(index).wav") }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  private func write(_ samples: [Float], _ name: String) throws {
    try Data(WaveBytes(sampleRate: 8_000).file(samples)).write(to: URL(fileURLWithPath: path(name)))
  }
}
