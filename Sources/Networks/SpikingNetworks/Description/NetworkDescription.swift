import Settings

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

  /// The layer at an index, or inside residual layers at an index in each (those of the shortcut behind the others); nil
  /// where there is none.
  public func layer(at path: [Int]) -> LayerDescription? {
    var found: LayerDescription?
    var inside = layers
    for index in path {
      guard inside.indices.contains(index) else { return nil }
      found = inside[index]
      if case .residual(let residual) = inside[index] { inside = residual.inner } else { inside = [] }
    }
    return found
  }

  /// Steps of the input for one step of the output.
  public var timeStride: Int { Self.timeStride(layers) }

  private static func timeStride(_ layers: [LayerDescription]) -> Int {
    layers.reduce(1) { stride, layer in
      switch layer {
      case .frames(let frames): stride * frames.stride
      case .residual(let residual): stride * Self.timeStride(residual.layers)
      default: stride
      }
    }
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case input, layers }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    input = try values.numbers(.input, .from(1, to: 1 << 20), count: 1...4, or: [])
    if input.isEmpty { throw values.refusal("'input' is missing; it is the extent of a step's input, as [40, 3]") }
    // Four extents in range may still be more inputs than a spike's number can tell apart, or than fit a word.
    var inputs = 1
    for extent in input where inputs <= Int(UInt32.max) { inputs *= extent }
    guard inputs <= Int(UInt32.max) else {
      throw values.refusal(.input, "\(input) is more inputs than \(UInt32.max)")
    }
    layers = try values.required(.layers)
  }

  /// Whether each layer can take what the one before it gives.
  ///
  /// - Returns: extent of the last layer's output.
  /// - Throws: `NetworkError` for the first layer that cannot.
  public func check() throws(NetworkError) -> [Int] {
    let layers: [any Layer<Float>] = try LayerBuilder.build(self)
    return layers.last?.outputShape ?? []
  }
}

/// One layer. In a recipe it is a map with a single key, the layer's kind: `dense: {units: 128}`.
public enum LayerDescription: Sendable, Equatable {
  case dense(DenseDescription)
  case batchNorm(BatchNormDescription)
  case neurons(NeuronDescription)
  case dropout(DropoutDescription)
  case channelsLast
  case conv(ConvDescription)
  case conv1d(ConvDescription)
  case pool(PoolDescription)
  case flatten
  case convLSTM(ConvLSTMDescription)
  case delay(DelayDescription)
  case frames(FramesDescription)
  case residual(ResidualDescription)
  case context(ContextDescription)
  /// Rectified linear units: a layer of a network that does not spike, such as a teacher.
  case relu
  case union(UnionDescription)
}

extension LayerDescription: Codable {
  enum Kind: String, CodingKey, CaseIterable {
    case dense, batchNorm, neurons, dropout, channelsLast, conv, conv1d, pool, flatten, convLSTM, delay, frames,
      residual,
      context, relu, union
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, Kind.self, "layer")
    let container = try decoder.container(keyedBy: Kind.self)
    guard container.allKeys.count == 1, let kind = container.allKeys.first else {
      let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw values.refusal(
        "a layer is a map with one of \(kinds), as dense: {units: 10}; this one has \(container.allKeys.count)")
    }
    self =
      switch kind {
      case .dense: .dense(try container.decode(DenseDescription.self, forKey: kind))
      case .batchNorm: .batchNorm(try container.decode(BatchNormDescription.self, forKey: kind))
      case .neurons: .neurons(try container.decode(NeuronDescription.self, forKey: kind))
      case .dropout: .dropout(try container.decode(DropoutDescription.self, forKey: kind))
      case .channelsLast: try Self.withoutOptions(.channelsLast, container.superDecoder(forKey: kind))
      case .conv: .conv(try container.decode(ConvDescription.self, forKey: kind))
      case .conv1d: .conv1d(try container.decode(ConvDescription.self, forKey: kind))
      case .delay: .delay(try container.decode(DelayDescription.self, forKey: kind))
      case .frames: .frames(try container.decode(FramesDescription.self, forKey: kind))
      case .residual: .residual(try container.decode(ResidualDescription.self, forKey: kind))
      case .context: .context(try container.decode(ContextDescription.self, forKey: kind))
      case .pool: .pool(try container.decode(PoolDescription.self, forKey: kind))
      case .flatten: try Self.withoutOptions(.flatten, container.superDecoder(forKey: kind))
      case .relu: try Self.withoutOptions(.relu, container.superDecoder(forKey: kind))
      case .union: .union(try container.decode(UnionDescription.self, forKey: kind))
      case .convLSTM: .convLSTM(try container.decode(ConvLSTMDescription.self, forKey: kind))
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Kind.self)
    switch self {
    case .dense(let description): try container.encode(description, forKey: .dense)
    case .batchNorm(let description): try container.encode(description, forKey: .batchNorm)
    case .neurons(let description): try container.encode(description, forKey: .neurons)
    case .dropout(let description): try container.encode(description, forKey: .dropout)
    case .channelsLast: try container.encode(NoOptions(), forKey: .channelsLast)
    case .conv(let description): try container.encode(description, forKey: .conv)
    case .conv1d(let description): try container.encode(description, forKey: .conv1d)
    case .delay(let description): try container.encode(description, forKey: .delay)
    case .frames(let description): try container.encode(description, forKey: .frames)
    case .residual(let description): try container.encode(description, forKey: .residual)
    case .context(let description): try container.encode(description, forKey: .context)
    case .pool(let description): try container.encode(description, forKey: .pool)
    case .flatten: try container.encode(NoOptions(), forKey: .flatten)
    case .relu: try container.encode(NoOptions(), forKey: .relu)
    case .union(let description): try container.encode(description, forKey: .union)
    case .convLSTM(let description): try container.encode(description, forKey: .convLSTM)
    }
  }

  /// A layer that has no options is written `flatten: {}`.
  private struct NoOptions: Codable {
    enum CodingKeys: CodingKey, CaseIterable {}
    init() {}
    init(from decoder: any Decoder) throws { _ = try OptionMap(decoder, CodingKeys.self) }
  }

  private static func withoutOptions(_ layer: Self, _ decoder: any Decoder) throws -> Self {
    _ = try NoOptions(from: decoder)
    return layer
  }
}
