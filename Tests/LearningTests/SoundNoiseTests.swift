import Foundation
import Numerics
import TestSupport
import Testing

@testable import Learning

@Suite("Kinds of noise")
struct SoundNoiseTests {
  private static func power(_ samples: some Sequence<Float>) -> Double { samples.reduce(0) { $0 + Double($1 * $1) } }

  /// Power around a frequency, by a Goertzel filter over pieces of 512 samples.
  private static func power(_ samples: [Float], at frequency: Double, sampleRate: Int) -> Double {
    let step = 2 * cos(2 * Double.pi * frequency / Double(sampleRate))
    return stride(from: 0, to: samples.count - 511, by: 512).reduce(0) { sum, start in
      var (last, before) = (0.0, 0.0)
      for place in 0..<512 {
        let window = 0.5 - 0.5 * cos(2 * Double.pi * Double(place) / 512)
        (last, before) = (window * Double(samples[start + place]) + step * last - before, last)
      }
      return sum + last * last + before * before - step * last * before
    }
  }

  @Test("coloured noise falls over frequency as steeply as it is asked to", arguments: [0, 0.5, 1, 1.5, 2])
  func slope(_ slope: Double) {
    var random = RandomStream(seed: 7)
    let noise = SoundNoise.coloured(slope: slope, count: 200_000, sampleRate: 16_000, random: &random)
    let octaves = [125.0, 250, 500, 1_000, 2_000, 4_000]
    let levels = octaves.map { 10 * log10(Self.power(noise, at: $0, sampleRate: 16_000)) }
    // The slope of the line through all of them; an octave of slope 1 is 3.01 dB.
    let mean = levels.reduce(0, +) / 6
    let fall = zip(0..<6, levels).reduce(0) { $0 + (Double($1.0) - 2.5) * ($1.1 - mean) } / 17.5
    #expect(abs(-fall / (10 * log10(2)) - slope) < 0.15, "\(levels)")
  }

  @Test("voices are other recordings than the one that is talked over, as many as asked for, and equally loud")
  func babble() throws {
    // Each voice holds one number, loud or quiet, by which it is known again.
    let voices: [Int: [Float]] = [0: [Float](repeating: 0.5, count: 40), 1: [0, 0, 0], 4: [0.001]]
    var random = RandomStream(seed: 1)
    let sources = SoundNoise(voices: voices)
    for count in 1...3 {
      let sum = try #require(sources.babble(voices: count, count: 100, over: 0, random: &random))
      // Only recording 4 is left, for 1 is silent: every voice is of power 1.
      #expect(sum.count == 100 && sum.allSatisfy { abs($0 - Float(count)) < 1e-4 })
    }
    #expect(SoundNoise(voices: [3: [0.1]]).babble(voices: 2, count: 10, over: 3, random: &random) == nil)
  }

  @Test("a recording in each kind of noise stands as far above it as asked for, and the same seed gives the same")
  func ratio() throws {
    let clip = (0..<4_000).map { (index: Int) -> Float in 0.2 * sin(0.3 * Float(index)) }
    let other = (0..<3_000).map { (index: Int) -> Float in Float(index * index % 911) / 911 - 0.5 }
    let sources = SoundNoise(recordings: [[Float](repeating: 0.25, count: 9_000)], voices: [0: clip, 1: other])
    func added(_ coloured: Double, _ babble: Double, seed: UInt64) throws -> [Float] {
      var augmentation = SoundAugmentation()
      augmentation.noiseChance = 1
      augmentation.noiseDecibels = [6, 6]
      augmentation.colouredChance = coloured
      augmentation.babbleChance = babble
      var random = RandomStream(seed: seed)
      let changed = try augmentation.apply(clip, sampleRate: 8_000, noise: sources, index: 0, random: &random)
      return zip(changed.samples, clip).map { $0 - $1 }
    }
    for (coloured, babble) in [(1.0, 0.0), (0, 1), (0, 0), (0.4, 0.4)] {
      for seed in 0..<5 {
        let noise = try added(coloured, babble, seed: UInt64(seed))
        #expect(abs(10 * log10(Self.power(clip) / Self.power(noise)) - 6) < 0.01)
        #expect(try added(coloured, babble, seed: UInt64(seed)) == noise)
      }
      #expect(try added(coloured, babble, seed: 1) != added(coloured, babble, seed: 2) || coloured + babble == 0)
    }
    // Shares of 0.4 and 0.4 leave a fifth to the recorded noise, which alone is constant.
    let recorded = try (0..<200).count { seed in
      let noise = try added(0.4, 0.4, seed: UInt64(100 + seed))
      return noise.allSatisfy { abs($0 - noise[0]) < 1e-5 }
    }
    #expect((20...65).contains(recorded), "\(recorded)")
  }

  private static let recipe = """
    name: talk
    data: {layout: folders, labels: [low, high]}
    encoder: {mel: {sampleRate: 8000}}
    sound: {variants: 2, noiseChance: 1, babbleChance: 1}
    network:
      input: [40]
      layers: [dense: {units: 2}]
    training: {epochs: 1, optimiser: {rate: 0.01}}
    """

  @Test("only recordings of the training part talk in the background, and a seed tells what is heard")
  func voices() throws {
    let folder = NSTemporaryDirectory() + "ganglion-voices-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (label, frequency) in [("low", 300.0), ("high", 1500)] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(label)", withIntermediateDirectories: true)
      for take in 0..<10 {
        let samples = (0..<2_000).map { Float(0.5 * sin(2 * .pi * frequency * Double($0 + take) / 8_000)) }
        try Data(WaveBytes(sampleRate: 8_000).file(samples))
          .write(to: URL(fileURLWithPath: "\(folder)/\(label)/\(take).wav"))
      }
    }
    func session(seed: UInt64) throws -> TrainingSession {
      var recipe = try Recipe(yaml: Self.recipe, path: "talk.yaml")
      recipe.training.seed = seed
      return try TrainingSession(
        recipe, settings: .init(dataFolder: folder, recipeFolder: folder, noiseFolder: folder, threads: 2),
        activity: { _ in })
    }
    let first = try session(seed: 1)
    #expect(first.remarks.contains { $0.contains("leave nothing of the noise to be recorded") }, "\(first.remarks)")
    let voices = try first.voices(sampleRate: 8_000)
    #expect(Set(voices.keys) == Set(first.split.train.indices))
    for (index, samples) in voices {
      #expect(try RecordingEncoder.samples(first.split.train[index], sampleRate: 8_000) == samples)
    }
    func variants(_ seed: UInt64) throws -> [[SpikeSequence]] {
      try session(seed: seed).encode(.train, activity: { _ in }).variants
    }
    #expect(try variants(1) == variants(1))
    #expect(try variants(1) != variants(2))
    #expect(try first.encode(.validation, activity: { _ in }).variants.allSatisfy { $0.count == 1 })
  }
}
