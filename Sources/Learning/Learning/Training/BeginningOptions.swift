import Settings

/// What weights are before the first batch, other than drawn at random.
public struct BeginningOptions: Codable, Sendable, Equatable {
  /// Path of a model, relative to the recipe, whose weights are taken over by the layers of the same kind and shape that
  /// stand in the same order; one that does not spike is converted first.
  public var model: String?
  /// Spikes a step that every layer of neurons is to begin with: the synapses in front of it are scaled until it does, on
  /// some training recordings. Layers with a normalisation in front stay as they are.
  public var firingRate: Double?

  enum CodingKeys: String, CodingKey, CaseIterable { case model, firingRate }

  public init(model: String? = nil, firingRate: Double? = nil) {
    self.model = model
    self.firingRate = firingRate
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    model = try values.text(.model)
    firingRate = try values.number(.firingRate, .over(0, under: 1))
  }
}
