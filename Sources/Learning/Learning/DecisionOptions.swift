import Recognition
import Settings

/// Settings of the recogniser that goes into the model; see `DecisionConfiguration`.
public struct DecisionOptions: Codable, Sendable, Equatable {
  public var configuration: DecisionConfiguration

  enum CodingKeys: String, CodingKey, CaseIterable {
    case windowMicroseconds, gapMicroseconds, threshold, backgroundLabels, patienceSteps
  }

  public init() {
    configuration = DecisionConfiguration()
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init()
    let duration = Bounds<Int64>.from(1, to: 1 << 48)
    configuration.windowMicroseconds = try values.number(
      .windowMicroseconds, duration, or: configuration.windowMicroseconds)
    configuration.gapMicroseconds = try values.number(.gapMicroseconds, duration, or: configuration.gapMicroseconds)
    configuration.defaultThreshold = try values.number(
      .threshold, .from(0, to: 1), or: configuration.defaultThreshold)
    configuration.patienceSteps = try values.number(
      .patienceSteps, .from(1, to: 10_000), or: configuration.patienceSteps)
    configuration.backgroundLabels = try values.texts(.backgroundLabels) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
  }
}
