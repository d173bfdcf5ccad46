import BandEncoders
import Events
import Learning
import Recognition
import Settings
import SoundEncoders
import SpikingNetworks

/// Everything that makes a model which finds words or gestures in a stream: a recipe with a section `stream`, for sound, or
/// `scenes`, for simulated people, in place of `data`.
public struct StreamRecipe: Codable, Sendable, Equatable {
  /// What streams are made of.
  public enum Material: Sendable, Equatable {
    case sound(StreamDataDescription)
    case scenes(SceneDescription)
  }

  public var name: String
  public var material: Material
  public var encoder: EncoderOptions
  public var composition: CompositionOptions
  public var network: NetworkDescription
  public var training: StreamTrainingOptions
  public var decision: StreamDecisionOptions

  enum CodingKeys: String, CodingKey, CaseIterable {
    case name, stream, scenes, encoder, composition, network, training, decision
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    name = try values.modelName(.name)
    guard values.contains(.stream) != values.contains(.scenes) else {
      throw values.refusal("a recipe for streams has either a section stream or a section scenes")
    }
    material = values.contains(.stream) ? .sound(try values.required(.stream)) : .scenes(try values.required(.scenes))
    encoder = try values.required(.encoder)
    composition = try values.value(.composition, or: CompositionOptions())
    network = try values.required(.network)
    training = try values.required(.training)
    decision = try values.value(.decision, or: StreamDecisionOptions())
    try check(values)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    switch material {
    case .sound(let stream): try values.encode(stream, forKey: .stream)
    case .scenes(let scenes): try values.encode(scenes, forKey: .scenes)
    }
    try values.encode(self.encoder, forKey: .encoder)
    try values.encode(composition, forKey: .composition)
    try values.encode(network, forKey: .network)
    try values.encode(training, forKey: .training)
    try values.encode(decision, forKey: .decision)
  }

  /// Reads a recipe and checks everything in it that needs no data.
  ///
  /// - Throws: `RecipeError` with the option's path and the place in the file.
  public init(yaml: String, path: String) throws(RecipeError) {
    self = try RecipeDocument(yaml: yaml, path: path).decode(StreamRecipe.self)
  }

  /// The labels, one for each output of the network.
  public var labels: [String] {
    switch material {
    case .sound(let stream): stream.labels
    case .scenes(let scenes): scenes.labels
    }
  }

  /// The bands whose energies streams are composed of.
  package var bands: MelConfiguration {
    guard case .sound(let options) = encoder, let bands = options.configuration as? MelConfiguration else {
      preconditionFailure("a recipe for streams that was read has mel bands")
    }
    return bands
  }

  /// How the events of scenes become the network's input.
  package var binning: EventBinningConfiguration {
    guard case .events(let options) = encoder else {
      preconditionFailure("a recipe for scenes that was read has events")
    }
    return options.configuration
  }

  private func check(_ values: OptionMap<CodingKeys>) throws {
    switch material {
    case .sound:
      guard case .sound(let options) = encoder, let bands = options.configuration as? MelConfiguration else {
        throw values.refusal(.encoder, "streams are composed of energies in bands: it takes mel")
      }
      guard bands.silenceThreshold == 0 else {
        throw values.refusal(
          at: ["encoder", "mel", "silenceThreshold"], "is \(bands.silenceThreshold); in a stream every step counts: 0")
      }
    case .scenes:
      if values.contains(.composition) {
        throw values.refusal(.composition, "does nothing beside scenes, which are simulated")
      }
      guard case .events = encoder else {
        throw values.refusal(.encoder, "scenes are seen by cameras: it takes events")
      }
      guard training.loss.onsetSeconds != nil else {
        throw values.refusal(
          at: ["training", "loss", "onsetSeconds"], "is left out; gestures are told while they last, from so long on")
      }
    }
    guard network.input.reduce(1, *) == encoder.shape.reduce(1, *) else {
      throw values.refusal(
        at: ["network", "input"], "\(network.input) is not what the encoder makes: \(encoder.shape)")
    }
    let outputs: Int
    do throws(NetworkError) {
      outputs = try network.check().reduce(1, *)
    } catch {
      throw values.refusal(at: ["network"], error.description)
    }
    guard outputs == labels.count else {
      throw values.refusal(at: ["network"], "has \(outputs) outputs for \(labels.count) labels")
    }
    let warmUp = Double(decision.configuration.warmUpMicroseconds) / 1e6
    guard warmUp + 1 <= training.chunkSeconds else {
      throw values.refusal(
        at: ["decision", "warmUpMicroseconds"], "leaves nothing of chunks of \(training.chunkSeconds) s")
    }
  }
}

/// How detections are made of the scores; see `StreamDecision`.
public struct StreamDecisionOptions: Codable, Sendable, Equatable {
  public var configuration = StreamDecision()

  enum CodingKeys: String, CodingKey, CaseIterable {
    case scoreMicroseconds, restMicroseconds, warmUpMicroseconds, exclusive, releaseShare
  }

  public init() {}

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    configuration.scoreMicroseconds = try values.number(
      .scoreMicroseconds, .from(1, to: 10_000_000), or: configuration.scoreMicroseconds)
    configuration.restMicroseconds = try values.number(
      .restMicroseconds, .from(0, to: 3_600_000_000), or: configuration.restMicroseconds)
    configuration.warmUpMicroseconds = try values.number(
      .warmUpMicroseconds, .from(0, to: 60_000_000), or: configuration.warmUpMicroseconds)
    configuration.isExclusive = values.contains(.exclusive) ? try values.flag(.exclusive, or: false) : nil
    configuration.releaseShare = try values.number(.releaseShare, .from(0, to: 1))
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(configuration.scoreMicroseconds, forKey: .scoreMicroseconds)
    try values.encode(configuration.restMicroseconds, forKey: .restMicroseconds)
    try values.encode(configuration.warmUpMicroseconds, forKey: .warmUpMicroseconds)
    try values.encodeIfPresent(configuration.isExclusive, forKey: .exclusive)
    try values.encodeIfPresent(configuration.releaseShare, forKey: .releaseShare)
  }
}
