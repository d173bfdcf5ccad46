import Events
import SoundEncoders

/// What a model perceives.
public enum Sense: String, Codable, Sendable, Equatable {
  case sound
  case events
}

/// How a stream becomes the spikes a model was trained on.
///
/// In JSON it is a map with a single key, as a network's layers are: `{"spiketrum": {…}}` or `{"events": {…}}`.
public enum EncoderConfiguration: Sendable, Equatable {
  case sound(any SoundEncoding)
  case events(EventBinningConfiguration)

  public var sense: Sense {
    switch self {
    case .sound: .sound
    case .events: .events
    }
  }

  /// Extent of the frames it makes: `[channels * levels]` or `[2, height, width]`.
  public var shape: [Int] {
    switch self {
    case .sound(let encoding): encoding.shape
    case .events(let configuration): configuration.shape
    }
  }

  /// Length of a network step.
  public var stepMicroseconds: Int64 {
    switch self {
    case .sound(let encoding): encoding.stepMicroseconds
    case .events(let configuration): configuration.binMicroseconds
    }
  }

  public static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.sound(let left), .sound(let right)): left.isEqual(to: right)
    case (.events(let left), .events(let right)): left == right
    default: false
    }
  }
}

extension EncoderConfiguration: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: EncoderKind.self)
    guard container.allKeys.count == 1, let kind = container.allKeys.first else {
      let kinds = EncoderKind.allCases.map(\.stringValue).joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "an encoder is a map with exactly one of: \(kinds)"))
    }
    switch kind {
    case .sound(let encoding): self = .sound(try container.decode(encoding, forKey: kind))
    case .events: self = .events(try container.decode(EventBinningConfiguration.self, forKey: kind))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: EncoderKind.self)
    switch self {
    case .sound(let encoding): try container.encode(encoding, forKey: .sound(type(of: encoding)))
    case .events(let configuration): try container.encode(configuration, forKey: .events)
    }
  }
}
