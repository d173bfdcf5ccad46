import Settings

/// Context (task) units that add a current to the neurons behind: each channel, the last dimension, gets
/// `y = x + Wᵀ c` in every step, at every place of a map, so that a task finds some neurons ready and others shut (Shen et
/// al. 2024; Flesch et al. 2023).
///
/// The context `c` is not part of the input: a stream's lies in its state (`NetworkState.setContext`), a batch's is given
/// for each sample (`BatchRunner.contexts`). It is zero until it is set. Put the layer in front of neurons; local
/// plasticity of `W` is in the room of learning.
public struct ContextDescription: Codable, Sendable, Equatable {
  /// Number of context units.
  public var units: Int
  /// Standard deviation of the weights at the beginning.
  public var deviation: Double

  public init(units: Int, deviation: Double = 0.05) {
    self.units = units
    self.deviation = deviation
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case units, deviation }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init(units: try values.required(.units, .from(1, to: 1_024)))
    deviation = try values.number(.deviation, .from(0, to: 1_000), or: deviation)
  }
}
