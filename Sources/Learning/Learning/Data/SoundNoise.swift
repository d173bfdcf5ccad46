import Foundation
import Numerics

/// Noise to mix into recordings: of recordings of noise, made by a filter of any slope, or of people who talk at once.
public struct SoundNoise: Sendable {
  /// A recording of the training part that can talk in the background of the others.
  struct Voice: Sendable {
    /// Its number among the recordings.
    var index: Int
    var samples: [Float]
  }

  /// Recordings of noise at the encoder's rate.
  public let recordings: [[Float]]
  private let voices: [Voice]

  /// - Parameters:
  ///   - recordings: of noise, at the encoder's rate; noise between white and pink is made where there are none.
  ///   - voices: recordings of the training part, by their number there.
  public init(recordings: [[Float]] = [], voices: [Int: [Float]] = [:]) {
    self.recordings = recordings
    self.voices = voices.sorted { $0.key < $1.key }.filter { $0.value.contains { $0 != 0 } }
      .map { Voice(index: $0.key, samples: $0.value) }
  }

  /// A random stretch of the recordings, or noise between white and pink where there are none.
  func stretch(count: Int, random: inout RandomStream) -> [Float] {
    let long = recordings.filter { $0.count > count }
    guard !long.isEmpty else {
      var brown = 0.0
      let colour = random.uniform()
      return (0..<count).map { _ in
        let white = random.normal()
        brown = 0.95 * brown + 0.3 * white
        return Float((1 - colour) * white + colour * brown)
      }
    }
    let recording = long[random.integer(below: long.count)]
    let start = random.integer(below: recording.count - count)
    return Array(recording[start..<start + count])
  }

  /// Noise whose power falls as frequency to the power of −`slope`, 0 (white) to 2 (brown), from 20 Hz on.
  ///
  /// White noise goes through a chain of first-order filters, one an octave, each of which falls between its pole and its
  /// zero.
  static func coloured(slope: Double, count: Int, sampleRate: Int, random: inout RandomStream) -> [Float] {
    var noise = (0..<count).map { _ in random.normal() }
    var frequency = 20.0
    while frequency < Double(sampleRate) / 2 {
      let pole = exp(-2 * Double.pi * frequency / Double(sampleRate))
      let zero = exp(-2 * Double.pi * frequency * exp2(slope / 2) / Double(sampleRate))
      var (input, output) = (0.0, 0.0)
      for index in noise.indices {
        output = noise[index] - zero * input + pole * output
        input = noise[index]
        noise[index] = output
      }
      frequency *= 2
    }
    return noise.map { Float($0) }
  }

  /// So many voices at once, equally loud, each of recordings in a row that begin somewhere in one.
  ///
  /// - Parameter own: the number of the recording that is talked over, which is none of them.
  /// - Returns: nil where there is no other recording.
  func babble(voices number: Int, count: Int, over own: Int?, random: inout RandomStream) -> [Float]? {
    let others = voices.filter { $0.index != own }
    guard !others.isEmpty else { return nil }
    var sum = [Float](repeating: 0, count: count)
    for _ in 0..<number {
      var voice: [Float] = []
      while voice.count < count {
        let samples = others[random.integer(below: others.count)].samples
        voice += voice.isEmpty ? samples.dropFirst(random.integer(below: samples.count)) : samples[...]
      }
      let power = voice.prefix(count).reduce(0.0) { $0 + Double($1 * $1) }
      guard power > 0 else { continue }
      let factor = Float((Double(count) / power).squareRoot())
      for index in sum.indices { sum[index] += factor * voice[index] }
    }
    return sum
  }

  /// Adds noise so many decibels under a recording; the ratio holds for the recording itself, after its lead.
  static func mix(_ noise: [Float], into samples: inout [Float], after lead: Int, decibels: Double) {
    let signalPower = samples[lead...].reduce(0.0) { $0 + Double($1 * $1) }
    let noisePower = noise[lead...].reduce(0.0) { $0 + Double($1 * $1) }
    guard signalPower > 0, noisePower > 0 else { return }
    let factor = Float((signalPower / noisePower / pow(10, decibels / 10)).squareRoot())
    for index in samples.indices { samples[index] += factor * noise[index] }
  }
}

/// Noise at one distance under every recording, or an early end of it, to measure what a model hears then.
public struct SoundDisturbance: Sendable {
  /// Recordings of noise at the model's rate; noise between white and pink where there are none.
  public var noise: [[Float]]
  /// Power of each recording over that of the noise, decibels; no noise where it is absent.
  public var decibels: Double?
  public var seed: UInt64
  /// Share of each recording that is heard, from its beginning.
  public var share: Double

  public init(noise: [[Float]], decibels: Double?, seed: UInt64, share: Double = 1) {
    self.noise = noise
    self.decibels = decibels
    self.seed = seed
    self.share = share
  }

  /// Ends a recording early and mixes a stretch of noise into it; which depends on the seed and the recording's number.
  public func apply(to samples: inout [Float], index: Int) {
    if share < 1 { samples.removeLast(samples.count - Int(share * Double(samples.count))) }
    guard let decibels else { return }
    var random = RandomStream(seed: seed, purpose: "disturbance", index: index)
    let stretch = SoundNoise(recordings: noise).stretch(count: samples.count, random: &random)
    SoundNoise.mix(stretch, into: &samples, after: 0, decibels: decibels)
  }
}
