import Audio
import Foundation
import Numerics
import Settings

/// Changes to a waveform that leave the class as it is; a set number of variants is made once, before training.
public struct SoundAugmentation: Codable, Sendable, Equatable {
  /// Variants of each recording beside the recording itself.
  public var variants: Int
  /// Largest relative change of speed (and pitch with it).
  public var speed: Double
  /// Largest change of level, decibels.
  public var gain: Double
  /// Largest coefficient of the filter y[n] = x[n] - c x[n-1], drawn from both signs, which tilts the spectrum as another
  /// microphone or room would: 0.5 lifts one end of it over the other by up to 9.5 dB. The level stays.
  public var tilt: Double
  /// Chance that noise is mixed in, and the range of its signal-to-noise ratio, decibels.
  public var noiseChance: Double
  public var noiseDecibels: [Double]
  /// Folder with noise recordings, relative to the recipe; white and pink noise are made where there is none.
  public var noiseFolder: String?
  /// Largest shift in time, microseconds; silence takes the place of what moves in.
  public var shiftMicroseconds: Int64
  /// Longest silence that the encoder hears before the recording, microseconds: the network then learns the spikes that a
  /// word has in a stream, not only those at the beginning of one. Noise goes on through it.
  public var leadMicroseconds: Int64

  public init() {
    variants = 0
    speed = 0
    gain = 0
    tilt = 0
    noiseChance = 0
    noiseDecibels = [5, 30]
    noiseFolder = nil
    shiftMicroseconds = 0
    leadMicroseconds = 0
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case variants, speed, gain, tilt, noiseChance, noiseDecibels, noiseFolder, shiftMicroseconds, leadMicroseconds
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init()
    variants = try values.number(.variants, .from(0, to: 1_000), or: 0)
    speed = try values.number(.speed, .from(0, to: 0.9), or: 0)
    gain = try values.number(.gain, .from(0, to: 60), or: 0)
    tilt = try values.number(.tilt, .from(0, under: 1), or: 0)
    noiseChance = try values.number(.noiseChance, .from(0, to: 1), or: 0)
    noiseDecibels = try values.numbers(.noiseDecibels, .from(-40, to: 100), count: 2...2, or: noiseDecibels)
    guard noiseDecibels[0] <= noiseDecibels[1] else {
      throw values.refusal(.noiseDecibels, "the lower bound, \(noiseDecibels[0]), is above the upper one")
    }
    noiseFolder = try values.text(.noiseFolder)
    shiftMicroseconds = try values.number(.shiftMicroseconds, .from(0, to: 10_000_000), or: 0)
    leadMicroseconds = try values.number(.leadMicroseconds, .from(0, to: 60_000_000), or: 0)
  }

  /// A changed copy of the samples at `sampleRate` Hz, and how many samples of it are lead.
  public func apply(
    _ samples: [Float], sampleRate: Int, noise: [[Float]], random: inout RandomStream
  ) throws -> (samples: [Float], lead: Int) {
    var changed = samples
    if speed > 0 {
      let factor = 1 + random.uniform(in: -speed...speed)
      // Playing at another rate is resampling from it; whole hertz are fine enough.
      let resampler = try Resampler(
        inputRate: Int(Double(sampleRate) * factor), outputRate: sampleRate, source: "augmentation")
      changed = try resampler.push(changed) + resampler.finish()
    }
    if tilt > 0 { Self.tilt(&changed, by: Float(random.uniform(in: -tilt...tilt))) }
    let level = Float(pow(10, random.uniform(in: -gain...gain) / 20))
    for index in changed.indices { changed[index] *= level }
    if shiftMicroseconds > 0 {
      let bound = Int(shiftMicroseconds) * sampleRate / 1_000_000
      let shift = random.integer(below: 2 * bound + 1) - bound
      let silence = [Float](repeating: 0, count: min(abs(shift), changed.count))
      changed = shift >= 0 ? silence + changed.dropLast(silence.count) : changed.dropFirst(silence.count) + silence
    }
    var lead = 0
    if leadMicroseconds > 0 {
      lead = random.integer(below: Int(leadMicroseconds) * sampleRate / 1_000_000 + 1)
      changed = [Float](repeating: 0, count: lead) + changed
    }
    if random.uniform() < noiseChance {
      let decibels = random.uniform(in: noiseDecibels[0]...noiseDecibels[1])
      Self.mix(
        Self.stretch(of: noise, count: changed.count, random: &random), into: &changed, after: lead, decibels: decibels)
    }
    return (changed, lead)
  }

  private static func tilt(_ samples: inout [Float], by coefficient: Float) {
    let power = samples.reduce(0) { $0 + $1 * $1 }
    var before: Float = 0
    for index in samples.indices {
      let sample = samples[index]
      samples[index] = sample - coefficient * before
      before = sample
    }
    let tilted = samples.reduce(0) { $0 + $1 * $1 }
    guard tilted > 0 else { return }
    let factor = (power / tilted).squareRoot()
    for index in samples.indices { samples[index] *= factor }
  }

  /// The ratio holds for the recording itself, after the lead.
  fileprivate static func mix(_ noise: [Float], into samples: inout [Float], after lead: Int, decibels: Double) {
    let signalPower = samples[lead...].reduce(0.0) { $0 + Double($1 * $1) }
    let noisePower = noise[lead...].reduce(0.0) { $0 + Double($1 * $1) }
    guard signalPower > 0, noisePower > 0 else { return }
    let factor = Float((signalPower / noisePower / pow(10, decibels / 10)).squareRoot())
    for index in samples.indices { samples[index] += factor * noise[index] }
  }

  /// A random stretch of the recordings, or noise between white and pink where there are none.
  fileprivate static func stretch(of noise: [[Float]], count: Int, random: inout RandomStream) -> [Float] {
    let long = noise.filter { $0.count > count }
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
}

/// Noise at one distance under every recording, to measure what a model hears in it.
public struct SoundDisturbance: Sendable {
  /// Recordings of noise at the model's rate; noise between white and pink where there are none.
  public var noise: [[Float]]
  /// Power of each recording over that of the noise, decibels.
  public var decibels: Double
  public var seed: UInt64

  public init(noise: [[Float]], decibels: Double, seed: UInt64) {
    self.noise = noise
    self.decibels = decibels
    self.seed = seed
  }

  /// Mixes a stretch of noise into a recording; which depends on the seed and the recording's number.
  public func apply(to samples: inout [Float], index: Int) {
    var random = RandomStream(seed: seed, purpose: "disturbance", index: index)
    let stretch = SoundAugmentation.stretch(of: noise, count: samples.count, random: &random)
    SoundAugmentation.mix(stretch, into: &samples, after: 0, decibels: decibels)
  }
}
