/// A network as a recipe, a model file and the code all name it: an input shape and layers with sizes.
public struct NetworkDescription: Codable, Sendable, Equatable {
  /// Extent of the input of one step: `[channels]` for sound, `[polarities, height, width]` for events.
  public var input: [Int]
  /// Layers from the input to the logits.
  public var layers: [LayerDescription]

  public init(input: [Int], layers: [LayerDescription]) {
    self.input = input
    self.layers = layers
  }
}

/// One layer. In a recipe it is a map with a single key, the layer's kind: `dense: {units: 128}`.
public enum LayerDescription: Sendable, Equatable {
  case dense(DenseDescription)
  case batchNorm(BatchNormDescription)
  case neurons(NeuronDescription)
  case dropout(DropoutDescription)
}

extension LayerDescription: Codable {
  enum Kind: String, CodingKey, CaseIterable {
    case dense, batchNorm, neurons, dropout
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Kind.self)
    guard container.allKeys.count == 1, let kind = container.allKeys.first else {
      let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a layer is a map with exactly one of: \(kinds)"))
    }
    self =
      switch kind {
      case .dense: .dense(try container.decode(DenseDescription.self, forKey: kind))
      case .batchNorm: .batchNorm(try container.decode(BatchNormDescription.self, forKey: kind))
      case .neurons: .neurons(try container.decode(NeuronDescription.self, forKey: kind))
      case .dropout: .dropout(try container.decode(DropoutDescription.self, forKey: kind))
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Kind.self)
    switch self {
    case .dense(let description): try container.encode(description, forKey: .dense)
    case .batchNorm(let description): try container.encode(description, forKey: .batchNorm)
    case .neurons(let description): try container.encode(description, forKey: .neurons)
    case .dropout(let description): try container.encode(description, forKey: .dropout)
    }
  }
}
