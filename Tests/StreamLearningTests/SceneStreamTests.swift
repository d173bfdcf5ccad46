import Events
import Foundation
import Learning
import Numerics
import Scenes
import SpikingNetworks
import Testing

@testable import StreamLearning

struct SceneStreamTests {
  private static let text = """
    name: toy
    scenes:
      gestures: [right hand wave, left hand wave]
      sensors: [32x32, 48x32]
      framesPerSecond: 60
      views: 2
    encoder:
      events: {width: 32, height: 32, binMicroseconds: 100000, downsampling: 4, maximumCount: 8}
    network:
      input: [2, 8, 8]
      layers:
        - flatten: {}
        - dense: {units: 16}
        - batchNorm: {gain: 2}
        - neurons: {decay: 0, maximumSpikes: 4}
        - dense: {units: 2, taps: 4, bias: true}
    training:
      chunks: 256
      chunkSeconds: 5
      batch: 8
      loss: {others: 1, tail: 0.3, onsetSeconds: 0.4}
      progressMinutes: 1
      validationHours: 0.05
      optimiser: {rate: 0.01, clip: 2}
      mining: {after: [0.5]}
    decision: {warmUpMicroseconds: 200000}
    """

  private func recipe(_ text: String = SceneStreamTests.text) throws -> StreamRecipe {
    try StreamRecipe(yaml: text, path: "toy.yaml")
  }

  private func session(_ recipe: StreamRecipe, threads: Int = 2) throws -> StreamTrainingSession {
    try StreamTrainingSession(
      recipe, settings: .init(dataFolder: ".", recipeFolder: ".", threads: threads)
    ) { _ in }
  }

  @Test func aNetworkLearnsFromScenesAndTellsItsSensitivities() throws {
    let session = try session(recipe())
    let before = try session.learn { _ in }
    let after = try session.learn { _ in }
    #expect(after.loss < 0.95 * before.loss)
    let model = try session.finish(recipeText: Self.text, seconds: 1) { _ in }
    #expect(model.manifest.labels == ["right hand wave", "left hand wave"])
    let found = try #require(model.manifest.decision.stream?.sensitivities)
    #expect(found.map(\.name) == ["low", "normal", "high"] && found.allSatisfy { abs($0.hours - 0.05) < 1e-6 })
    #expect(found.allSatisfy { $0.words > 5 })
  }

  @Test func theSameSeedGivesTheSameWeightsOnAnyNumberOfThreads() throws {
    let text = Self.text.replacingOccurrences(of: "chunks: 256", with: "chunks: 32")
    let sessions = try [1, 2].map { try session(recipe(text), threads: $0) }
    for session in sessions { while !session.isFinished { _ = try session.learn { _ in } } }
    let models = try sessions.map { try $0.finish(recipeText: "", seconds: 0) { _ in } }
    #expect(models[0].network.parameters == models[1].network.parameters)
    #expect(models[0].manifest.decision == models[1].manifest.decision)
  }

  @Test func everySceneIsSeenAsOftenAsAsked() throws {
    let recipe = try recipe()
    guard case .scenes(let scenes) = recipe.material else { preconditionFailure("the recipe has scenes") }
    let chunks = SceneChunks(scenes: scenes, binning: recipe.binning, seconds: 2, seed: 1, threads: 1)
    // In a block of 256 scenes the words tell which scene it is, as mirroring keeps their times.
    func times(_ numbers: Range<Int>) throws -> [[Int]: Int] {
      var seen: [[Int]: Int] = [:]
      for number in numbers {
        let piece = try chunks.chunk(number, seed: 3)
        seen[piece.words.flatMap { [$0.start, $0.end] } + [piece.frames.steps], default: 0] += 1
      }
      return seen
    }
    let first = try times(0..<256)
    #expect(try times(256..<512) == first)
    #expect(try times(512..<768) != first)
    // A cache changes nothing.
    let again = SceneChunks(scenes: scenes, binning: recipe.binning, seconds: 2, seed: 1, threads: 1)
    #expect(try again.chunk(300, seed: 3).frames == chunks.chunk(300, seed: 3).frames)
    #expect(try again.chunk(300, seed: 4).frames != chunks.chunk(300, seed: 3).frames)
  }

  @Test func aMirroredViewExchangesTheSides() {
    let shape = [2, 4, 4]
    var frames = SpikeSequence(shape: shape)
    frames.append(channels: [5, 6], values: [1, 3])
    let piece = StreamPiece(frames: frames, words: [ChunkWord(label: 0, start: 1, end: 2)])
    let labels: [Gesture] = [.rightArmClockwise, .leftArmCounterClockwise]
    var kinds: Set<Int> = []
    for seed in 0..<200 {
      var random = RandomStream(seed: UInt64(seed))
      let seen = SceneView(labels: labels, shape: shape, &random).apply(to: piece)
      #expect(seen.frames.steps == 1 && seen.frames.values.reduce(0, +) <= 4)
      kinds.insert(seen.words[0].label)
      // Of two cells side by side the left one is on the right in a mirror.
      if seen.frames.channels.count == 2 {
        #expect(seen.frames.values == (seen.words[0].label == 1 ? [3, 1] : [1, 3]))
      }
      // A label without its mirror image is never mirrored.
      var again = RandomStream(seed: UInt64(seed))
      let alone = SceneView(labels: [.rightArmClockwise], shape: shape, &again).apply(to: piece)
      #expect(alone.words[0].label == 0)
    }
    #expect(kinds == [0, 1])
  }

  @Test(arguments: [
    ("onsetSeconds: 0.4", "rates: null", "onsetSeconds"), ("[right hand wave,", "[right foot wave,", "right foot wave"),
    ("sensors: [32x32, 48x32]", "sensors: [32]", "32"), ("views: 2", "views: 0", "views"),
    ("name: toy", "name: toy\ncomposition: {variants: 3}", "composition"),
    (
      "events: {width: 32, height: 32, binMicroseconds: 100000, downsampling: 4, maximumCount: 8}",
      "mel: {sampleRate: 8000, bands: 128}", "events"
    ), ("input: [2, 8, 8]", "input: [2, 8, 9]", "input"),
    ("units: 2,", "units: 3,", "3 outputs for 2 labels"),
    ("framesPerSecond: 60", "framesPerSecond: 5", "framesPerSecond"),
  ])
  func whatIsWrongIsNamed(_ found: String, _ put: String, _ word: String) {
    do {
      _ = try recipe(Self.text.replacingOccurrences(of: found, with: put))
      Issue.record("\(put) was taken")
    } catch {
      #expect("\(error)".contains(word), "\(error)")
    }
  }
}
