import Events
import ModelFiles
import Settings
import Spiketrum

/// How a recording becomes spikes: a map with the key `spiketrum` or `events`.
public enum EncoderOptions: Codable, Sendable, Equatable {
  case spiketrum(SpiketrumOptions)
  case events(EventOptions)

  enum CodingKeys: String, CodingKey, CaseIterable { case spiketrum, events }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self, "encoder")
    switch (values.contains(.spiketrum), values.contains(.events)) {
    case (true, false): self = .spiketrum(try values.required(.spiketrum))
    case (false, true): self = .events(try values.required(.events))
    default: throw values.refusal("an encoder is a map with either spiketrum, for sound, or events")
    }
  }

  /// Extent of the frames it makes, see `EncoderConfiguration.shape`.
  public var shape: [Int] {
    switch self {
    case .spiketrum(let options): [options.configuration.channelCount * options.levels]
    case .events(let options): options.configuration.shape
    }
  }

  /// Inputs that belong to one frequency channel of sound; 1 for events.
  public var levels: Int {
    switch self {
    case .spiketrum(let options): options.levels
    case .events: 1
    }
  }

  /// The same as a model keeps it.
  var configuration: EncoderConfiguration {
    switch self {
    case .spiketrum(let options): .spiketrum(options.configuration)
    case .events(let options): .events(options.configuration)
    }
  }

  /// Extent of the frames it makes with channels and levels apart.
  var axes: [Int] {
    switch self {
    case .spiketrum(let options): [options.configuration.channelCount, options.levels]
    case .events(let options): options.configuration.shape
    }
  }

  /// What it perceives.
  public var sense: Sense {
    switch self {
    case .spiketrum: .sound
    case .events: .events
    }
  }
}

/// Settings of the spiketrum encoder; see `SpiketrumConfiguration`. A starting price that is not given is measured on the
/// training data.
public struct SpiketrumOptions: Codable, Sendable, Equatable {
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

  /// Intensity levels of each channel.
  public var levels: Int { evenLevels > 0 ? evenLevels : configuration.levels }

  public func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
  }
}

/// Settings of event binning; see `EventBinningConfiguration`.
public struct EventOptions: Codable, Sendable, Equatable {
  public var configuration: EventBinningConfiguration

  enum CodingKeys: String, CodingKey, CaseIterable {
    case width, height, binMicroseconds, downsampling, mode, maximumCount
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let extent = Bounds.from(1, to: 65_536)
    configuration = EventBinningConfiguration(
      sensor: SensorGeometry(
        width: try values.required(.width, extent), height: try values.required(.height, extent)),
      binMicroseconds: try values.required(.binMicroseconds, .from(1, to: 60_000_000)),
      downsampling: try values.number(.downsampling, extent, or: 1), mode: try values.choice(.mode, or: .counts),
      maximumCount: try values.number(.maximumCount, .from(1, to: 1_000_000)))
    if let problem = configuration.problem { throw values.refusal(problem) }
  }

  public func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
  }
}
