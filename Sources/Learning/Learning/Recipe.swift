import Settings
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
    let values = try OptionMap(decoder, CodingKeys.self)
    name = try values.modelName(.name)
    data = try values.required(.data)
    encoder = try values.required(.encoder)
    sound = try values.value(.sound, or: SoundAugmentation())
    spikes = try values.value(.spikes, or: SpikeAugmentation())
    network = try values.required(.network)
    training = try values.required(.training)
    decision = try values.value(.decision, or: DecisionOptions())
    try checkData(values)
    try checkNetwork(values)
    try checkWindows(values)
    try checkAugmentation(values)
    try checkLabels(values)
  }

  /// Reads a recipe and checks everything in it that needs neither data nor other models.
  ///
  /// - Throws: `RecipeError` with the option's path and the place in the file.
  public init(yaml: String, path: String) throws(RecipeError) {
    self = try RecipeDocument(yaml: yaml, path: path).decode(Recipe.self)
  }
}

extension OptionMap {
  /// What a recipe calls its model, which there must be.
  package func modelName(_ key: Key) throws -> String {
    guard let name = try text(key) else {
      throw refusal("'\(key.stringValue)' is missing; it is what the model is called")
    }
    guard !name.contains("/"), !name.contains(where: \.isNewline), name.utf8.count <= 200 else {
      throw refusal(key, "a name has up to 200 bytes and no '/', for the model's file bears it")
    }
    return name
  }
}
