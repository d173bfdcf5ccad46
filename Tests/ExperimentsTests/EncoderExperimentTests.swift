import Foundation
import Numerics
import Spiketrum
import Testing

@testable import Experiments
@testable import Learning

@Suite("Experiment with encoders")
struct EncoderExperimentTests {
  /// A hundred inputs of two spikes in the middle one of 41 steps.
  private static let burst: SpikeSequence = {
    var sequence = SpikeSequence(shape: [100])
    for step in 0..<41 {
      let active = step == 20 ? Array(0..<UInt32(100)) : []
      sequence.append(channels: active, values: active.map { _ in 2 })
    }
    return sequence
  }()

  private func count(_ sequence: SpikeSequence) -> Double { sequence.values.reduce(0) { $0 + Double($1) } }

  @Test("spikes are lost one by one, and currents whole")
  func loss() {
    var random = RandomStream(seed: 1)
    #expect(Self.burst.losing(0, random: &random) == Self.burst)
    let none = Self.burst.losing(1, random: &random)
    #expect(none.steps == 41 && none.channels.isEmpty)
    let half = Self.burst.losing(0.5, random: &random)
    #expect(abs(count(half) - 100) < 30)
    #expect(Set(half.values) == [1, 2])
    var currents = SpikeSequence(shape: [100])
    currents.append(channels: Array(0..<100), values: [Float](repeating: 0.25, count: 100))
    let left = currents.losing(0.5, random: &random)
    #expect((30...70).contains(left.values.count))
    #expect(Set(left.values) == [0.25])
  }

  @Test("jitter moves spikes by the deviation asked for and keeps their number")
  func jitter() {
    var random = RandomStream(seed: 2)
    #expect(Self.burst.jittered(bySteps: 0, random: &random) == Self.burst)
    let moved = Self.burst.jittered(bySteps: 4, random: &random)
    #expect(count(moved) == 200)
    #expect(moved.steps == 41)
    var (sum, squares) = (0.0, 0.0)
    for step in 0..<41 {
      for place in moved.range(ofStep: step) {
        let distance = Double(step - 20)
        sum += distance * Double(moved.values[place])
        squares += distance * distance * Double(moved.values[place])
      }
    }
    #expect(abs(sum / 200) < 1)
    #expect(abs((squares / 200).squareRoot() - 4) < 0.7)
    // Nothing leaves the recording.
    #expect(count(Self.burst.jittered(bySteps: 100, random: &random)) == 200)
    #expect(Self.burst.clipped(at: 1).values == [Float](repeating: 1, count: 100))
  }

  private static func sound(_ seed: UInt64, frequency: Double, count: Int = 3200, noise: Double = 0.001) -> [Float] {
    var random = RandomStream(seed: seed)
    let phase = random.uniform()
    return EncoderDisturbance.scaled(
      (0..<count).map { index in
        let time = Double(index) / 8000
        let envelope = sin(Double.pi * Double(index) / Double(count))
        return Float(envelope * sin(2 * Double.pi * (frequency * time + phase)) + noise * random.normal())
      })
  }

  @Test("noise has the level asked for, the same for whoever listens")
  func noise() {
    let sound = Self.sound(1, frequency: 700, count: 8000)
    for decibels in [20.0, 0, -5] {
      let noisy = EncoderDisturbance.noise.apply(decibels, to: sound, index: 3)
      #expect(noisy == EncoderDisturbance.noise.apply(decibels, to: sound, index: 3))
      #expect(noisy != EncoderDisturbance.noise.apply(decibels, to: sound, index: 4))
      #expect(noisy.map(abs).max() == 1)
      // What of it is the sound is found by projection, as the sum was scaled.
      let product = zip(noisy, sound).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let energy = sound.reduce(0.0) { $0 + Double($1) * Double($1) }
      let share = product / energy
      let rest = zip(noisy, sound).reduce(0.0) { $0 + pow(Double($1.0) - share * Double($1.1), 2) }
      #expect(abs(10 * log10(share * share * energy / rest) - decibels) < 0.5)
    }
  }

  @Test("so many bits have so many values")
  func bits() {
    let sound = Self.sound(1, frequency: 700, count: 8000)
    for bits in [2.0, 4, 8] {
      let coarse = EncoderDisturbance.bits.apply(bits, to: sound, index: 0)
      #expect(Set(coarse).count <= 1 << Int(bits) + 1)
      #expect(Set(coarse).count > 1 << (Int(bits) - 1))
      let worst = zip(coarse, sound).map { abs($0 - $1) }.max() ?? 1
      #expect(worst <= pow(2, -Float(bits)) + 1e-6)
    }
  }

  @Test(
    "every setting of an encoder that spikes has the rate that was asked for",
    arguments: [
      EncoderArm.spiketrum, .sendOnDelta, .integrateAndFire, .latency, .poisson,
    ])
  func rates(arm: EncoderArm) throws {
    // Noise spreads the spikes: more than three of one input in a step count as three.
    let clips = (0..<2).map { Self.sound($0, frequency: 400 + 500 * Double($0), noise: 0.1) }
    let codes = try SoundCode.candidates(arm, spikesPerSecond: 400, clips: clips, threads: 2)
    #expect(codes.count == 3)
    #expect(codes[0] != codes[1] && codes[1] != codes[2])
    for code in codes {
      let found = try code.encoder().spikesPerSecond(of: clips, threads: 1)
      #expect(abs(found / 400 - 1) < 0.03, "\(code)")
      for sequence in try code.encoder().encode(clips, threads: 1) { #expect(sequence.shape == [SoundCode.inputs]) }
    }
  }

  @Test("random spikes differ from recording to recording, and not from time to time")
  func poisson() throws {
    let coder = try SoundCode.baseline(
      .poisson(floorDecibels: -60, spikesPerSecond: 100, seed: 1), channels: SoundCode.inputs
    ).encoder()
    let sound = Self.sound(1, frequency: 700)
    let first = try coder.encode(sound, index: 0)
    #expect(try coder.encode(sound, index: 0) == first)
    #expect(try coder.encode(sound, index: 1) != first)
  }

  private func task(threads: Int) -> EncoderTask {
    func part(_ first: UInt64) -> ([[Float]], [Int]) {
      let targets = (0..<12).map { $0 % 2 }
      return (
        targets.enumerated().map { Self.sound(first + UInt64($0.offset), frequency: 300 + 900 * Double($0.element)) },
        targets
      )
    }
    let (train, validation, test) = (part(0), part(100), part(200))
    return EncoderTask(
      train: train.0, trainTargets: train.1, validation: validation.0, validationTargets: validation.1, test: test.0,
      testTargets: test.1, classes: 2, threads: threads)
  }

  @Test("two tones are told apart, the same way on any number of threads")
  func run() throws {
    func result(threads: Int) throws -> EncoderResult {
      let task = task(threads: threads)
      let choice = try task.choose(.spiketrum, spikesPerSecond: 300, seed: 9, epochs: 2)
      let heard = try task.hear(.spiketrum, try choice.code, spikesPerSecond: 300)
      var result = try heard.run(seed: 3, epochs: 12) { _ in }
      result.seconds = 0
      return result
    }
    let one = try result(threads: 1)
    #expect(try result(threads: 2) == one)
    #expect(one.accuracy == 1)
    #expect(one.validationAccuracies.count == 12)
    #expect(one.points.count == 24)
    #expect(abs(one.measuredSpikesPerSecond - 300) < 10)
    let data = try JSONEncoder().encode(one)
    #expect(try JSONDecoder().decode(EncoderResult.self, from: data) == one)
  }

  @Test("the setting that validates best is taken, the first of equals")
  func choice() throws {
    let codes = [-40.0, -60, -80].map { SoundCode.baseline(.directCurrent(floorDecibels: $0), channels: 120) }
    var choice = EncoderChoice(
      arm: .directCurrent, spikesPerSecond: nil, tried: codes, validationAccuracies: [0.7, 0.9, 0.9], seed: 1,
      epochs: 6)
    #expect(try choice.code == codes[1])
    choice.validationAccuracies = []
    #expect(throws: ExperimentError.self) { try choice.code }
  }
}
