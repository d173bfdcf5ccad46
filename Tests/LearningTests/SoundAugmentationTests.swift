import Foundation
import Learning
import Numerics
import Testing

@Suite("Augmentation of sound")
struct SoundAugmentationTests {
  private let samples = (0..<800).map { Float(($0 * 37) % 101) / 101 - 0.5 }

  private func apply(_ augmentation: SoundAugmentation, seed: UInt64) throws -> (samples: [Float], lead: Int) {
    var random = RandomStream(seed: seed)
    return try augmentation.apply(samples, sampleRate: 8000, noise: SoundNoise(), random: &random)
  }

  @Test("a lead is silence before the recording, of a length that differs and stays within its bound")
  func lead() throws {
    var augmentation = SoundAugmentation()
    augmentation.leadMicroseconds = 50_000
    var lengths: Set<Int> = []
    for seed in 0..<50 {
      let (changed, lead) = try apply(augmentation, seed: UInt64(seed))
      #expect(changed == [Float](repeating: 0, count: lead) + samples)
      lengths.insert(lead)
    }
    #expect(lengths.count > 25)
    #expect(lengths.allSatisfy { (0...400).contains($0) })
  }

  @Test("noise has the ratio asked for over the recording itself, and goes on through the lead")
  func noise() throws {
    var augmentation = SoundAugmentation()
    augmentation.leadMicroseconds = 50_000
    augmentation.noiseChance = 1
    augmentation.noiseDecibels = [20, 20]
    let (changed, lead) = try apply(augmentation, seed: 3)
    #expect(lead > 100)
    #expect(changed[..<lead].contains { $0 != 0 })
    let signal = samples.reduce(0) { $0 + $1 * $1 }
    let noise = zip(changed[lead...], samples).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(abs(signal / noise - 100) < 0.1)
  }

  @Test("a tilt is the filter x[n] - c x[n-1] with the energy left as it was")
  func tilt() throws {
    var augmentation = SoundAugmentation()
    augmentation.tilt = 0.5
    let energy = samples.reduce(0) { $0 + $1 * $1 }
    var signs: Set<Bool> = []
    for seed in 0..<20 {
      let changed = try apply(augmentation, seed: UInt64(seed)).samples
      #expect(abs(changed.reduce(0) { $0 + $1 * $1 } / energy - 1) < 1e-4)
      // The first two samples give gain and coefficient; the rest must follow from them.
      let gain = changed[0] / samples[0]
      let coefficient = (samples[1] - changed[1] / gain) / samples[0]
      #expect(abs(coefficient) <= 0.5)
      for index in 1..<samples.count {
        #expect(abs(changed[index] - gain * (samples[index] - coefficient * samples[index - 1])) < 1e-4)
      }
      signs.insert(coefficient > 0)
    }
    #expect(signs.count == 2)
  }

  @Test("a shift moves the recording either way, and silence comes in")
  func shift() throws {
    var augmentation = SoundAugmentation()
    augmentation.shiftMicroseconds = 10_000
    var shifts: Set<Int> = []
    for seed in 0..<40 {
      let changed = try apply(augmentation, seed: UInt64(seed)).samples
      let shift = (-80...80).first { shift in
        changed == samples.indices.map { samples.indices.contains($0 - shift) ? samples[$0 - shift] : 0 }
      }
      shifts.insert(try #require(shift))
    }
    #expect(shifts.count > 25 && shifts.contains { $0 > 20 } && shifts.contains { $0 < -20 })
  }

  @Test("a recording in noise stands as far above it as is asked for, in the same noise every time")
  func disturbance() {
    let clip = (0..<4_000).map { (index: Int) -> Float in 0.2 * sin(0.3 * Float(index)) }
    let noise = [(0..<9_000).map { (index: Int) -> Float in Float(index * index % 911) / 911 - 0.5 }]
    func heard(_ index: Int, decibels: Double, seed: UInt64 = 4) -> [Float] {
      var samples = clip
      SoundDisturbance(noise: noise, decibels: decibels, seed: seed).apply(to: &samples, index: index)
      return samples
    }
    func power(_ samples: [Float]) -> Double { samples.reduce(0) { $0 + Double($1 * $1) } }
    for decibels in [-5.0, 0, 10] {
      let added = zip(heard(0, decibels: decibels), clip).map { $0 - $1 }
      #expect(abs(10 * log10(power(clip) / power(added)) - decibels) < 0.01)
    }
    #expect(heard(1, decibels: 0) == heard(1, decibels: 0))
    #expect(heard(1, decibels: 0) != heard(2, decibels: 0))
    #expect(heard(1, decibels: 0) != heard(1, decibels: 0, seed: 5))
    var early = clip
    SoundDisturbance(noise: noise, decibels: nil, seed: 4, share: 0.6).apply(to: &early, index: 0)
    #expect(early == Array(clip[..<2_400]))
  }
}
