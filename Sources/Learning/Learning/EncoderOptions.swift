import EncoderList
import Events
import Settings
import SoundEncoders

/// How a recording becomes frames: a map with the name of an encoder of sound, or `events`.
public enum EncoderOptions: Codable, Sendable, Equatable {
  case sound(any SoundEncodingOptions)
  case events(EventOptions)

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, EncoderKind.self, "encoder")
    let container = try decoder.container(keyedBy: EncoderKind.self)
    guard container.allKeys.count == 1, let key = container.allKeys.first else {
      throw values.refusal(
        "an encoder is a map with one of \(EncoderKind.allCases.map(\.stringValue).joined(separator: ", "))")
    }
    switch key {
    case .events: self = .events(try values.required(key))
    case .sound(let encoding): self = .sound(try Self.options(of: encoding, container, key))
    }
  }

  private static func options<Encoding: SoundEncoding>(
    of encoding: Encoding.Type, _ container: KeyedDecodingContainer<EncoderKind>, _ key: EncoderKind
  ) throws -> any SoundEncodingOptions {
    try container.decode(Encoding.Options.self, forKey: key)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: EncoderKind.self)
    switch self {
    case .sound(let options):
      try container.encode(options, forKey: .sound(type(of: options.configuration as any SoundEncoding)))
    case .events(let options): try container.encode(options, forKey: .events)
    }
  }

  public static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.sound(let left), .sound(let right)): left.isEqual(to: right)
    case (.events(let left), .events(let right)): left == right
    default: false
    }
  }

  /// Extent of the frames it makes, see `EncoderConfiguration.shape`.
  public var shape: [Int] {
    switch self {
    case .sound(let options): [options.axes.reduce(1, *)]
    case .events(let options): options.configuration.shape
    }
  }

  /// Inputs that belong to one frequency channel of sound; 1 for events.
  public var levels: Int {
    switch self {
    case .sound(let options): options.axes[1]
    case .events: 1
    }
  }

  /// The same as a model keeps it.
  public var configuration: EncoderConfiguration {
    switch self {
    case .sound(let options): .sound(options.configuration)
    case .events(let options): .events(options.configuration)
    }
  }

  /// Extent of the frames it makes with channels and levels apart.
  var axes: [Int] {
    switch self {
    case .sound(let options): options.axes
    case .events(let options): options.configuration.shape
    }
  }

  /// What it perceives.
  public var sense: Sense { configuration.sense }
}

/// Settings of event binning; see `EventBinningConfiguration`.
public struct EventOptions: Codable, Sendable, Equatable {
  public var configuration: EventBinningConfiguration

  enum CodingKeys: String, CodingKey, CaseIterable {
    case width, height, binMicroseconds, downsampling, mode, maximumCount
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let extent = Bounds.from(1, to: 65_536)
    configuration = EventBinningConfiguration(
      sensor: SensorGeometry(
        width: try values.required(.width, extent), height: try values.required(.height, extent)),
      binMicroseconds: try values.required(.binMicroseconds, .from(1, to: 60_000_000)),
      downsampling: try values.number(.downsampling, extent, or: 1), mode: try values.choice(.mode, or: .counts),
      maximumCount: try values.number(.maximumCount, .from(1, to: 1_000_000)))
    if let problem = configuration.problem { throw values.refusal(problem) }
  }

  public func encode(to encoder: any Encoder) throws {
    try configuration.encode(to: encoder)
  }
}
