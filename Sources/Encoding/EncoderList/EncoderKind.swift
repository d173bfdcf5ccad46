import BandEncoders
import SoundEncoders
import Spiketrum

/// The encoders that there are, by the names recipes and models call them.
public enum EncoderKind: CodingKey, CaseIterable, Sendable {
  case sound(any SoundEncoding.Type)
  case events

  /// Every encoder of sound. A new one is a folder and a line here.
  private static let sounds: [any SoundEncoding.Type] = [
    SpiketrumConfiguration.self, MelConfiguration.self, SpiketrumBandConfiguration.self,
  ]

  public static var allCases: [Self] { sounds.map { .sound($0) } + [.events] }

  public var stringValue: String {
    switch self {
    case .sound(let encoding): encoding.kind
    case .events: "events"
    }
  }

  public init?(stringValue: String) {
    guard let kind = Self.allCases.first(where: { $0.stringValue == stringValue }) else { return nil }
    self = kind
  }

  public var intValue: Int? { nil }
  public init?(intValue: Int) { nil }
}
