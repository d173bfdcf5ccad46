import Settings
import SoundEncoders

/// Settings of the spiketrum encoder; see `SpiketrumConfiguration`. A starting price that is not given is measured on the
/// training data.
public struct SpiketrumOptions: SoundEncodingOptions {
  /// What it says so far.
  public var configuration: SpiketrumConfiguration
  /// Levels whose edges part the spikes of the training data evenly; 0 keeps the configuration's edges.
  public var evenLevels: Int

  enum CodingKeys: String, CodingKey, CaseIterable {
    case sampleRate, channels, lowestFrequency, highestFrequency, spikesPerSecond, silenceThreshold, binMicroseconds
    case countClip, levelEdges, evenLevels, peakDecay, dropBelowPeak, lookAheadMicroseconds, startingPrice
    case dynamicRange, highPassFrequency
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let rate = try values.required(.sampleRate, Bounds<Int>.from(1_000, to: 768_000))
    let nyquist = Double(rate) / 2
    var made = SpiketrumConfiguration(
      sampleRate: rate, channelCount: try values.number(.channels, .from(1, to: 1_024), or: 40))
    made.highestFrequency = try values.number(.highestFrequency, .over(0, under: nyquist), or: made.highestFrequency)
    made.lowestFrequency = try values.number(
      .lowestFrequency, .over(0, to: made.highestFrequency), or: min(made.lowestFrequency, made.highestFrequency))
    // 0 leaves the sound as it is, as encoders before did.
    let highPass = try values.number(
      .highPassFrequency, .from(0, under: nyquist), or: SpiketrumConfiguration.usualHighPassFrequency)
    made.highPassFrequency = highPass == 0 ? nil : highPass
    made.spikesPerSecond = try values.number(
      .spikesPerSecond, .over(0, to: Double(rate)), or: made.spikesPerSecond)
    made.silenceThreshold = try values.number(.silenceThreshold, .over(0, to: 1), or: made.silenceThreshold)
    made.binMicroseconds = try values.number(.binMicroseconds, .from(100, to: 10_000_000), or: made.binMicroseconds)
    made.countClip = try values.number(.countClip, .over(0, to: 1_000_000), or: made.countClip)
    made.levelEdges = try values.numbers(.levelEdges, .from(-200, to: 0), count: 0...63, or: made.levelEdges)
    guard zip(made.levelEdges, made.levelEdges.dropFirst()).allSatisfy(<) else {
      throw values.refusal(.levelEdges, "edges rise from one to the next, these do not: \(made.levelEdges)")
    }
    made.lookAheadMicroseconds = try values.number(.lookAheadMicroseconds, .from(0, to: 60_000_000))
    made.dynamicRangeDecibels = try values.number(.dynamicRange, .over(0, to: 120))
    made.startingPrice = try values.number(.startingPrice, .over(0, to: 1))
    made.dropBelowPeakDecibels = try values.number(.dropBelowPeak, .over(0, to: 200))
    made.levelReference = .runningPeak(
      decayDecibelsPerSecond: try values.number(.peakDecay, .from(0, to: 1_000), or: 20))
    configuration = made
    evenLevels = try values.number(.evenLevels, .from(0, to: 64), or: 0)
    guard evenLevels == 0 || !values.contains(.levelEdges) else {
      throw values.refusal(.evenLevels, "evenLevels measures the edges that levelEdges gives; take one of them out")
    }
  }

  public var axes: [Int] { [configuration.channelCount, evenLevels > 0 ? evenLevels : configuration.levels] }

  public var needsCalibration: Bool { evenLevels > 0 || configuration.startingPrice == nil }

  /// Edges that the recipe gives are no measurement.
  public var measuredSettings: Set<String> { evenLevels > 0 ? ["startingPrice", "levelEdges"] : ["startingPrice"] }

  public mutating func calibrate(on clips: [[Float]]) throws(EncoderError) {
    configuration = try configuration.withStartingPrice(from: clips)
    guard evenLevels > 0 else { return }
    configuration = try configuration.withEvenLevels(evenLevels, from: clips)
    evenLevels = 0
  }

  public func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
  }
}
