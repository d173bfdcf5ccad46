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

/// The last `steps` inputs as one, `[steps, …]` with the oldest first, every `stride` steps: at the steps stride − 1,
/// 2 stride − 1, … of a stream. What lies before its beginning is zero.
///
/// It is the one layer that changes the rate: everything behind it goes one step where the layer goes `stride`. With `dense`
/// behind it is a convolution over time with that stride, with `channels` and `conv` one over time and space, which sees what
/// moves and where to; `steps: 1` leaves steps out.
public struct FramesDescription: Codable, Sendable, Equatable {
  public var steps: Int
  public var stride: Int
  /// Whether an input `[bands]` becomes a map `[steps, bands, 1]`, for convolutions over time and frequency.
  public var map: Bool
  /// Whether the frames of a map `[height, width, channels]` become its channels, `[height, width, steps · channels]`.
  public var channels: Bool

  public init(steps: Int, stride: Int = 1, map: Bool = false, channels: Bool = false) {
    self.steps = steps
    self.stride = stride
    self.map = map
    self.channels = channels
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case steps, stride, map, channels }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    steps = try values.required(.steps, .from(1, to: 1_000))
    stride = try values.number(.stride, .from(1, to: 1_000), or: 1)
    map = try values.flag(.map, or: false)
    channels = try values.flag(.channels, or: false)
  }

  /// Writes `channels` only where it is on, so that programs which do not know it read the rest.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(steps, forKey: .steps)
    try values.encode(stride, forKey: .stride)
    try values.encode(map, forKey: .map)
    if channels { try values.encode(channels, forKey: .channels) }
  }
}

/// Layers with a way around them: `y = x + layers(x)`, where the layers keep the shape, or `y = shortcut(x) + layers(x)`
/// for any shapes that agree. Neurons may stand at the end of the layers, or behind, where they fire for the sum.
///
/// Strides of `frames` are the same on both ways.
public struct ResidualDescription: Codable, Sendable, Equatable {
  public var layers: [LayerDescription]
  /// Layers on the way around; none where the input itself is added.
  public var shortcut: [LayerDescription]

  public init(layers: [LayerDescription], shortcut: [LayerDescription] = []) {
    self.layers = layers
    self.shortcut = shortcut
  }

  /// All that stands inside: the layers, then those of the shortcut, as paths to layers number them.
  public var inner: [LayerDescription] { layers + shortcut }

  enum CodingKeys: String, CodingKey, CaseIterable { case layers, shortcut }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    layers = try values.required(.layers)
    shortcut = try values.value(.shortcut, or: [])
  }

  /// Writes a shortcut only where there is one, so that programs which know none read the rest.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(layers, forKey: .layers)
    if !shortcut.isEmpty { try values.encode(shortcut, forKey: .shortcut) }
  }
}
