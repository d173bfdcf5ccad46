import Settings

/// Synapses from every input to every unit, over the present step and, with `taps`, over earlier ones.
///
/// `y[t] = b + Σₖ W[k]ᵀ x[t − k · dilation]` for `k` in `0 ..< taps`: with more than one tap this is a causal
/// convolution over time, a bank of fixed axonal delays.
public struct DenseDescription: Codable, Sendable, Equatable {
  public var units: Int
  public var taps: Int
  /// Steps between two taps.
  public var dilation: Int
  public var bias: Bool

  public init(units: Int, taps: Int = 1, dilation: Int = 1, bias: Bool = false) {
    self.units = units
    self.taps = taps
    self.dilation = dilation
    self.bias = bias
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case units, taps, dilation, bias }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    units = try values.required(.units, LayerBounds.width)
    taps = try values.number(.taps, LayerBounds.steps, or: 1)
    dilation = try values.number(.dilation, LayerBounds.steps, or: 1)
    bias = try values.flag(.bias, or: false)
  }
}

/// Normalisation of each channel over batch, time and space while training; a fixed scale and shift afterwards.
///
/// With `threshold` the normalised current is scaled to the firing threshold (threshold-dependent batch normalisation,
/// Zheng et al. 2021).
public struct BatchNormDescription: Codable, Sendable, Equatable {
  /// Weight of a new batch in the running statistics.
  public var momentum: Double
  public var epsilon: Double
  /// Initial gain, the firing threshold for threshold-dependent normalisation.
  public var gain: Double

  public init(momentum: Double = 0.1, epsilon: Double = 1e-5, gain: Double = 1) {
    self.momentum = momentum
    self.epsilon = epsilon
    self.gain = gain
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case momentum, epsilon, gain }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    momentum = try values.number(.momentum, .from(0, to: 1), or: 0.1)
    epsilon = try values.number(.epsilon, .over(0, to: 1), or: 1e-5)
    gain = try values.number(.gain, .from(0, to: 1_000), or: 1)
  }
}

/// Drops inputs at random while training, the same ones in every step of a sample.
public struct DropoutDescription: Codable, Sendable, Equatable {
  /// Chance of an input to be dropped, `0 ..< 1`.
  public var rate: Double

  public init(rate: Double) {
    self.rate = rate
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case rate }

  public init(from decoder: any Decoder) throws {
    rate = try OptionMap(decoder, CodingKeys.self).required(.rate, .from(0, under: 1))
  }
}

/// Labels that are made of several outputs: `y = log Σ exp(x)` over the outputs of a label, so that its probability is the sum
/// of theirs. A label that stands for many words is learnt better word by word.
public struct UnionDescription: Codable, Sendable, Equatable {
  /// Of each label in turn, how many outputs are its parts.
  public var sizes: [Int]

  public init(sizes: [Int]) {
    self.sizes = sizes
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case sizes }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    sizes = try values.numbers(.sizes, LayerBounds.width, count: 1...100_000, or: [])
    if sizes.isEmpty { throw values.refusal(.sizes, "names of how many outputs each label is made, as [1, 1, 5]") }
  }
}

/// What extents of layers may be, in all of them alike.
enum LayerBounds {
  /// Units or channels of a layer.
  static let width = Bounds.from(1, to: 1_000_000)
  /// Steps of time.
  static let steps = Bounds.from(1, to: 100_000)
  /// Extents of kernels and pools, and how far they move, in places of a map.
  static let places = Bounds.from(1, to: 10_000)
  static let surrogateWidth = Bounds.over(0.0, to: 1_000)
}
