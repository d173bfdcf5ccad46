import Settings

/// Delays of axons, learned: each input reaches the next layer `d` steps late.
///
/// `y[t] = (1 − f) x[t − ⌊d⌋] + f x[t − ⌊d⌋ − 1]` with `f = d − ⌊d⌋` and `d = maximum · sigmoid(p)` for a learned `p` of
/// each input; a spike between two steps is shared by both.
public struct DelayDescription: Codable, Sendable, Equatable {
  /// Longest delay in steps.
  public var maximum: Int

  public init(maximum: Int) {
    self.maximum = maximum
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case maximum }

  public init(from decoder: any Decoder) throws {
    maximum = try OptionMap(decoder, CodingKeys.self).required(.maximum, LayerBounds.steps)
  }
}

/// Layers with a way around them: `y = x + layers(x)`; the layers keep the shape.
public struct ResidualDescription: Codable, Sendable, Equatable {
  public var layers: [LayerDescription]

  public init(layers: [LayerDescription]) {
    self.layers = layers
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case layers }

  public init(from decoder: any Decoder) throws {
    layers = try OptionMap(decoder, CodingKeys.self).required(.layers)
  }
}
