import Events
import Spiketrum

/// What a model perceives.
public enum Sense: String, Codable, Sendable, Equatable {
  case sound
  case events
}

/// How a stream becomes the spikes a model was trained on.
///
/// In JSON it is a map with a single key, as a network's layers are: `{"spiketrum": {…}}` or `{"events": {…}}`.
public enum EncoderConfiguration: Sendable, Equatable {
  case spiketrum(SpiketrumConfiguration)
  case events(EventBinningConfiguration)

  public var sense: Sense {
    switch self {
    case .spiketrum: .sound
    case .events: .events
    }
  }

  /// Extent of the frames it makes: `[channels * levels]` or `[2, height, width]`.
  public var shape: [Int] {
    switch self {
    case .spiketrum(let configuration): [configuration.channelCount * configuration.levels]
    case .events(let configuration): configuration.shape
    }
  }

  /// Length of a network step.
  public var stepMicroseconds: Int64 {
    switch self {
    case .spiketrum(let configuration): configuration.binMicroseconds
    case .events(let configuration): configuration.binMicroseconds
    }
  }
}

extension EncoderConfiguration: Codable {
  private enum Kind: String, CodingKey, CaseIterable {
    case spiketrum, events
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Kind.self)
    guard container.allKeys.count == 1, let kind = container.allKeys.first else {
      let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "an encoder is a map with exactly one of: \(kinds)"))
    }
    self =
      switch kind {
      case .spiketrum: .spiketrum(try container.decode(SpiketrumConfiguration.self, forKey: kind))
      case .events: .events(try container.decode(EventBinningConfiguration.self, forKey: kind))
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Kind.self)
    switch self {
    case .spiketrum(let configuration): try container.encode(configuration, forKey: .spiketrum)
    case .events(let configuration): try container.encode(configuration, forKey: .events)
    }
  }
}
