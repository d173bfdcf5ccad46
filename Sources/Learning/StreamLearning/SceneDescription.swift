import Events
import Scenes
import Settings

/// Simulated scenes of which streams of gestures are made; see `Scene`.
public struct SceneDescription: Codable, Sendable, Equatable {
  /// The gestures that are told, one for each output of the network, in this order.
  public var gestures: [Gesture]
  /// Those of them that are hard to tell: made twice as often where the network learns, as often as others where it is tried.
  public var often: [Gesture]
  /// Chance of a movement to be a gesture.
  public var gestureChance: Double
  /// Chance of each thing that distracts.
  public var distraction: Double
  /// Sizes of the sensors that look on; each is taken as often.
  public var sensors: [SensorGeometry]
  /// Frames a second that are drawn.
  public var framesPerSecond: Int
  /// How often each scene is learnt from, seen anew each time: mirrored, shifted, with pixels lost.
  public var views: Int

  enum CodingKeys: String, CodingKey, CaseIterable {
    case gestures, often, gestureChance, distraction, sensors, framesPerSecond, views
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    gestures = try Self.gestures(values, .gestures) ?? Gesture.allCases
    guard !gestures.isEmpty else { throw values.refusal(.gestures, "names no gesture") }
    often = try Self.gestures(values, .often) ?? []
    for other in often where !gestures.contains(other) {
      throw values.refusal(.often, "names \(other.rawValue), which is none of the gestures")
    }
    gestureChance = try values.number(.gestureChance, .over(0, to: 1), or: 0.5)
    distraction = try values.number(.distraction, .from(0, to: 1), or: 0.08)
    sensors = []
    for text in try values.texts(.sensors) ?? ["128x128"] {
      guard let sensor = SensorGeometry(text), sensor.pixelCount <= 1 << 22 else {
        throw values.refusal(.sensors, "'\(text)' is no size of a sensor, as 128x128, of at most 2^22 pixels")
      }
      sensors.append(sensor)
    }
    guard !sensors.isEmpty else { throw values.refusal(.sensors, "names no sensor") }
    framesPerSecond = try values.number(.framesPerSecond, .from(20, to: 2_000), or: 200)
    views = try values.number(.views, .from(1, to: 1_000), or: 1)
  }

  private static func gestures(_ values: OptionMap<CodingKeys>, _ key: CodingKeys) throws -> [Gesture]? {
    guard let names = try values.texts(key) else { return nil }
    var gestures: [Gesture] = []
    for name in names {
      guard let gesture = Gesture(rawValue: name) else {
        throw values.refusal(key, unknownName(name, what: "gesture", known: Gesture.allCases.map(\.rawValue)))
      }
      guard !gestures.contains(gesture) else { throw values.refusal(key, "names \(name) twice") }
      gestures.append(gesture)
    }
    return gestures
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(gestures.map(\.rawValue), forKey: .gestures)
    if !often.isEmpty { try values.encode(often.map(\.rawValue), forKey: .often) }
    try values.encode(gestureChance, forKey: .gestureChance)
    try values.encode(distraction, forKey: .distraction)
    try values.encode(sensors.map(\.description), forKey: .sensors)
    try values.encode(framesPerSecond, forKey: .framesPerSecond)
    try values.encode(views, forKey: .views)
  }

  /// The labels, one for each output of the network.
  public var labels: [String] { gestures.map(\.rawValue) }

  /// The scenes that the network learns from.
  var lessons: SceneOptions {
    var options = options
    options.gestures += often
    return options
  }

  /// The scenes that it is tried on.
  var options: SceneOptions {
    var options = SceneOptions()
    options.gestures = gestures
    options.gestureChance = gestureChance
    options.distraction = distraction
    return options
  }
}
