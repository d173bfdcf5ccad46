import Events
import Failures
import Foundation
import Pipelines
import Recognition
import Spiketrum
import SpikingNetworks
import Yams

/// Everything that makes a model: data, encoder, network, training and decisions, in one YAML file.
public struct Recipe: Codable, Sendable, Equatable {
  public var name: String
  public var data: DataDescription
  public var encoder: EncoderOptions
  public var sound: SoundAugmentation
  public var spikes: SpikeAugmentation
  public var network: NetworkDescription
  public var training: TrainingOptions
  public var decision: DecisionOptions

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, data, encoder, sound, spikes, network, training, decision
  }

  public init(from decoder: any Decoder) throws {
    let values = try Options(decoder, CodingKeys.self)
    name = try values.required(.name)
    data = try values.required(.data)
    encoder = try values.required(.encoder)
    sound = try values.value(.sound, or: SoundAugmentation())
    spikes = try values.value(.spikes, or: SpikeAugmentation())
    network = try values.required(.network)
    training = try values.required(.training)
    decision = try values.value(.decision, or: DecisionOptions())
    do {
      try training.checkWindows(network)
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath + [CodingKeys.training], debugDescription: "\(error)"))
    }
  }

  /// - Throws: `RecipeError` with the place in the file where that is known.
  public init(yaml: String, path: String) throws {
    do {
      self = try YAMLDecoder().decode(Recipe.self, from: yaml.withoutByteOrderMark)
    } catch let error as DecodingError {
      throw RecipeError(path: path, reason: Self.explain(error))
    } catch {
      throw RecipeError(path: path, reason: "\(error)")
    }
  }

  private static func explain(_ error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      "line \(mark.line), column \(mark.column): \(problem)"
    case .duplicatedKeysInMapping(let duplicates, let context):
      "line \(context.mark.line): key given twice: \(duplicates.map { "\($0)" }.sorted().joined(separator: ", "))"
    default: "\(error)"
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
      return keys.isEmpty ? "" : keys.joined(separator: ".") + ": "
    }
    switch error {
    case .keyNotFound(let key, let context): return place(context) + "'\(key.stringValue)' is missing"
    case .typeMismatch(let type, let context): return place(context) + "expected \(type)"
    case .valueNotFound(let type, let context): return place(context) + "expected \(type), found nothing"
    case .dataCorrupted(let context):
      if let yaml = context.underlyingError as? YamlError { return explain(yaml) }
      let underlying = context.underlyingError.map { ": \($0)" } ?? ""
      return place(context) + context.debugDescription + underlying
    @unknown default: return "\(error)"
    }
  }
}

/// A recipe that cannot be read.
public struct RecipeError: ReportedError, Equatable {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var kind: FailureKind { .configuration }
  public var description: String { "\(path): \(reason)" }
}

/// How a recording becomes spikes: a map with the key `spiketrum` or `events`.
public enum EncoderOptions: Codable, Sendable, Equatable {
  case spiketrum(SpiketrumOptions)
  case events(EventOptions)

  enum CodingKeys: String, CodingKey, CaseIterable { case spiketrum, events }

  public init(from decoder: any Decoder) throws {
    let values = try Options(decoder, CodingKeys.self)
    if let options = try values.value(.spiketrum, or: SpiketrumOptions?.none) {
      self = .spiketrum(options)
    } else if let options = try values.value(.events, or: EventOptions?.none) {
      self = .events(options)
    } else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "an encoder is a map with 'spiketrum' or 'events'"))
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
    let values = try Options(decoder, CodingKeys.self)
    var made = SpiketrumConfiguration(
      sampleRate: try values.required(.sampleRate), channelCount: try values.value(.channels, or: 40))
    made.lowestFrequency = try values.value(.lowestFrequency, or: made.lowestFrequency)
    // 0 leaves the sound as it is, as encoders before did.
    let highPass = try values.value(.highPassFrequency, or: SpiketrumConfiguration.usualHighPassFrequency)
    made.highPassFrequency = highPass == 0 ? nil : highPass
    made.highestFrequency = try values.value(.highestFrequency, or: made.highestFrequency)
    made.spikesPerSecond = try values.value(.spikesPerSecond, or: made.spikesPerSecond)
    made.silenceThreshold = try values.value(.silenceThreshold, or: made.silenceThreshold)
    made.binMicroseconds = try values.value(.binMicroseconds, or: made.binMicroseconds)
    made.countClip = try values.value(.countClip, or: made.countClip)
    made.levelEdges = try values.value(.levelEdges, or: made.levelEdges)
    made.lookAheadMicroseconds = try values.value(.lookAheadMicroseconds, or: nil)
    made.dynamicRangeDecibels = try values.value(.dynamicRange, or: nil)
    made.startingPrice = try values.value(.startingPrice, or: nil)
    made.dropBelowPeakDecibels = try values.value(.dropBelowPeak, or: nil)
    made.levelReference = .runningPeak(decayDecibelsPerSecond: try values.value(.peakDecay, or: 20))
    configuration = made
    evenLevels = try values.value(.evenLevels, or: 0)
  }

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
    let values = try Options(decoder, CodingKeys.self)
    configuration = EventBinningConfiguration(
      sensor: SensorGeometry(width: try values.required(.width), height: try values.required(.height)),
      binMicroseconds: try values.required(.binMicroseconds), downsampling: try values.value(.downsampling, or: 1),
      mode: try values.value(.mode, or: .counts), maximumCount: try values.value(.maximumCount, or: nil))
  }

  public func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
  }
}

/// Settings of training.
public struct TrainingOptions: Codable, Sendable, Equatable {
  public var epochs: Int
  public var batch: Int
  public var seed: UInt64
  public var loss: LossDescription
  public var optimiser: OptimiserDescription
  /// Weight of the past in the running average of the weights that is validated and kept; 0 for none.
  public var averaging: Double
  /// Pieces of time in which long sequences are taken back through the network; whole sequences when absent.
  public var window: TimeWindows?
  /// Few connections that change places; all there are when absent.
  public var structure: StructureOptions?
  /// Channels that are taken out while the network learns; none when absent.
  public var channels: ChannelOptions?
  /// A teacher; none when absent.
  public var distillation: DistillationOptions?
  /// What the weights are before the first batch; drawn at random when absent.
  public var beginning: BeginningOptions?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case epochs, batch, seed, loss, optimiser, averaging, window, structure, channels, distillation, beginning
  }

  public init(epochs: Int, batch: Int = 32, seed: UInt64 = 1, optimiser: OptimiserDescription) {
    self.epochs = epochs
    self.batch = batch
    self.seed = seed
    self.optimiser = optimiser
    loss = LossDescription()
    averaging = 0
  }

  public init(from decoder: any Decoder) throws {
    let values = try Options(decoder, CodingKeys.self)
    epochs = try values.required(.epochs)
    batch = try values.value(.batch, or: 32)
    seed = try values.value(.seed, or: 1)
    loss = try values.value(.loss, or: LossDescription())
    optimiser = try values.value(.optimiser, or: OptimiserDescription())
    averaging = try values.value(.averaging, or: 0)
    window = try values.value(.window, or: nil)
    structure = try values.value(.structure, or: nil)
    channels = try values.value(.channels, or: nil)
    distillation = try values.value(.distillation, or: nil)
    beginning = try values.value(.beginning, or: nil)
    guard structure == nil || channels == nil else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "structure and channels are two trainings: take the channels out first and go on from that "
            + "model with beginning"))
    }
    guard epochs > 0, batch > 0, (0..<1).contains(averaging) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "epochs and batch must be positive, averaging within 0..<1"))
    }
  }
}

/// Settings of the recogniser that goes into the model; see `DecisionConfiguration`.
public struct DecisionOptions: Codable, Sendable, Equatable {
  public var configuration: DecisionConfiguration

  enum CodingKeys: String, CodingKey, CaseIterable {
    case windowMicroseconds, gapMicroseconds, threshold, backgroundLabels
  }

  public init() {
    configuration = DecisionConfiguration()
  }

  public init(from decoder: any Decoder) throws {
    let values = try Options(decoder, CodingKeys.self)
    self.init()
    configuration.windowMicroseconds = try values.value(.windowMicroseconds, or: configuration.windowMicroseconds)
    configuration.gapMicroseconds = try values.value(.gapMicroseconds, or: configuration.gapMicroseconds)
    configuration.defaultThreshold = try values.value(.threshold, or: configuration.defaultThreshold)
    configuration.backgroundLabels = try values.value(.backgroundLabels, or: [])
  }

  public func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
  }
}
