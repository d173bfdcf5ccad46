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
  /// Of the noise, the share that is made by a filter, and the range of its slope: power falls as frequency to the power
  /// of −slope, 0 is white, 1 pink, 2 brown.
  public var colouredChance: Double
  public var colourSlope: [Double]
  /// Of the noise, the share that is other recordings of the training part, so many of them at once.
  public var babbleChance: Double
  public var babbleVoices: [Int]
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
    colouredChance = 0
    colourSlope = [0, 2]
    babbleChance = 0
    babbleVoices = [2, 6]
    noiseFolder = nil
    shiftMicroseconds = 0
    leadMicroseconds = 0
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case variants, speed, gain, tilt, noiseChance, noiseDecibels, colouredChance, colourSlope, babbleChance
    case babbleVoices, noiseFolder, shiftMicroseconds, leadMicroseconds
  }

  /// Kinds of noise that are off are left out, so that a recipe's digest does not depend on what could have been asked for.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(variants, forKey: .variants)
    try values.encode(speed, forKey: .speed)
    try values.encode(gain, forKey: .gain)
    try values.encode(tilt, forKey: .tilt)
    try values.encode(noiseChance, forKey: .noiseChance)
    try values.encode(noiseDecibels, forKey: .noiseDecibels)
    if colouredChance > 0 {
      try values.encode(colouredChance, forKey: .colouredChance)
      try values.encode(colourSlope, forKey: .colourSlope)
    }
    if babbleChance > 0 {
      try values.encode(babbleChance, forKey: .babbleChance)
      try values.encode(babbleVoices, forKey: .babbleVoices)
    }
    try values.encodeIfPresent(noiseFolder, forKey: .noiseFolder)
    try values.encode(shiftMicroseconds, forKey: .shiftMicroseconds)
    try values.encode(leadMicroseconds, forKey: .leadMicroseconds)
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
    colouredChance = try values.number(.colouredChance, .from(0, to: 1), or: 0)
    colourSlope = try values.numbers(.colourSlope, .from(0, to: 2), count: 2...2, or: colourSlope)
    babbleChance = try values.number(.babbleChance, .from(0, to: 1), or: 0)
    babbleVoices = try values.numbers(.babbleVoices, .from(1, to: 100), count: 2...2, or: babbleVoices)
    guard colourSlope[0] <= colourSlope[1] else {
      throw values.refusal(.colourSlope, "the lower bound, \(colourSlope[0]), is above the upper one")
    }
    guard babbleVoices[0] <= babbleVoices[1] else {
      throw values.refusal(.babbleVoices, "the lower bound, \(babbleVoices[0]), is above the upper one")
    }
    guard colouredChance + babbleChance <= 1 + 1e-9 else {
      throw values.refusal(
        .babbleChance,
        "\(babbleChance) and colouredChance, \(colouredChance), are shares of the noise and over 1 together")
    }
    noiseFolder = try values.text(.noiseFolder)
    shiftMicroseconds = try values.number(.shiftMicroseconds, .from(0, to: 10_000_000), or: 0)
    leadMicroseconds = try values.number(.leadMicroseconds, .from(0, to: 60_000_000), or: 0)
  }

  /// Share of the noise that is recorded.
  var recordedChance: Double { max(0, 1 - colouredChance - babbleChance) }

  /// A changed copy of the samples at `sampleRate` Hz, and how many samples of it are lead.
  ///
  /// - Parameter index: the recording's number, by which it is kept from talking over itself.
  public func apply(
    _ samples: [Float], sampleRate: Int, noise: SoundNoise, index: Int? = nil, random: inout RandomStream
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
      let drawn = makeNoise(from: noise, count: changed.count, sampleRate: sampleRate, over: index, random: &random)
      SoundNoise.mix(drawn, into: &changed, after: lead, decibels: decibels)
    }
    return (changed, lead)
  }

  private func makeNoise(
    from noise: SoundNoise, count: Int, sampleRate: Int, over index: Int?, random: inout RandomStream
  ) -> [Float] {
    // Drawn only where there is a choice, so that recipes without one train as they did before there was.
    let kind = colouredChance + babbleChance > 0 ? random.uniform() : 1
    if kind < babbleChance {
      let voices = babbleVoices[0] + random.integer(below: babbleVoices[1] - babbleVoices[0] + 1)
      if let babble = noise.babble(voices: voices, count: count, over: index, random: &random) { return babble }
    }
    if kind < babbleChance + colouredChance {
      let slope = random.uniform(in: colourSlope[0]...colourSlope[1])
      return SoundNoise.coloured(slope: slope, count: count, sampleRate: sampleRate, random: &random)
    }
    return noise.stretch(count: count, random: &random)
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
}
