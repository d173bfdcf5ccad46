import Settings

/// Synapses of a two-dimensional convolution over a map `[height, width, channels]`.
///
/// Weights are `[height, width, inputs, channels]` of the kernel (with groups `[groups, height, width, inputs / groups,
/// channels / groups]`), so that a spike adds contiguous runs of output channels. As many groups as channels convolve each
/// channel alone (depthwise); a kernel of 1 mixes channels (pointwise). A recording of events is channel-first;
/// put `channelsLast` before the first convolution. As `conv1d` it runs along a row `[length, channels]` (or `[length]`,
/// one channel), with one extent of the kernel less.
public struct ConvDescription: Codable, Sendable, Equatable {
  /// Output channels.
  public var channels: Int
  public var kernel: MapExtent
  public var stride: MapExtent
  /// Zeros around the map; by default as many as keep its extent at stride 1 with an odd kernel.
  public var padding: MapExtent
  /// Blocks of channels that are convolved apart.
  public var groups: Int
  public var bias: Bool

  public init(
    channels: Int, kernel: Int = 3, stride: Int = 1, padding: Int? = nil, groups: Int = 1, bias: Bool = false
  ) {
    self.init(
      channels: channels, kernel: MapExtent(kernel), stride: MapExtent(stride), padding: padding.map { MapExtent($0) },
      groups: groups, bias: bias)
  }

  /// A convolution that need not be the same along height and width.
  public init(
    channels: Int, kernel: MapExtent, stride: MapExtent = 1, padding: MapExtent? = nil, groups: Int = 1,
    bias: Bool = false
  ) {
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding ?? Self.padding(keeping: kernel)
    self.groups = groups
    self.bias = bias
  }

  private static func padding(keeping kernel: MapExtent) -> MapExtent {
    MapExtent(height: kernel.height / 2, width: kernel.width / 2)
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case channels, kernel, stride, padding, groups, bias }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    channels = try values.required(.channels, LayerBounds.width)
    kernel = try values.extent(.kernel, LayerBounds.places, or: 3)
    stride = try values.extent(.stride, LayerBounds.places, or: 1)
    padding = try values.extent(.padding, .from(0, to: 10_000), or: Self.padding(keeping: kernel))
    groups = try values.number(.groups, LayerBounds.width, or: 1)
    bias = try values.flag(.bias, or: false)
  }
}

/// Pooling of a map `[height, width, channels]` over rectangles, or of a row `[length, channels]` or `[length]` over pieces
/// of it; a rest at the border that fills none is left out.
public struct PoolDescription: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable { case average, sum, max }

  public var kind: Kind
  /// Extent of a rectangle.
  public var size: MapExtent
  /// Distance between two of them; by default their extent.
  public var stride: MapExtent

  public init(kind: Kind = .average, size: Int = 2, stride: Int? = nil) {
    self.init(kind: kind, size: MapExtent(size), stride: stride.map { MapExtent($0) })
  }

  /// Rectangles that need not be squares.
  public init(kind: Kind = .average, size: MapExtent, stride: MapExtent? = nil) {
    self.kind = kind
    self.size = size
    self.stride = stride ?? size
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case kind, size, stride }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    kind = try values.choice(.kind, or: .average)
    size = try values.extent(.size, LayerBounds.places, or: 2)
    stride = try values.extent(.stride, LayerBounds.places, or: size)
  }
}

/// A convolutional LSTM whose memory is recalled through attention, and that speaks in spikes (SRNN-SCBAM: Xu et al.,
/// "Enhancing Adaptive History Reserving by Spiking Convolutional Block Attention Module in Recurrent Neural Networks",
/// NeurIPS 2023).
///
/// ```
/// [i f o g] = W ∗ x[t] + V ∗ h[t−1] + b;   i, f, o = sigmoid;   g = tanh
/// f' = attention(f);   c[t] = f' · c[t−1] + i · g;   h[t] = o · tanh(c[t]);   s[t] = 1 if h[t] ≥ threshold
/// ```
/// The backward pass puts the surrogate's slope in place of ds/dh.
public struct ConvLSTMDescription: Codable, Sendable, Equatable {
  public enum Output: String, Codable, Sendable, CaseIterable { case spikes, hidden }

  public var channels: Int
  /// Odd extent of both convolutions; the map keeps its extent.
  public var kernel: MapExtent
  public var attention: AttentionDescription
  /// Hidden state at which a unit fires; it lies within −1...1.
  public var threshold: Double
  public var surrogate: NeuronDescription.Surrogate
  public var surrogateWidth: Double
  /// Bias with which the forget gate begins.
  public var forgetBias: Double
  /// What the next layer sees: spikes, or the hidden state itself.
  public var output: Output

  public init(
    channels: Int, kernel: MapExtent = 3, attention: AttentionDescription = .init(), threshold: Double = 0.5,
    surrogate: NeuronDescription.Surrogate = .triangle, surrogateWidth: Double = 1, forgetBias: Double = 1,
    output: Output = .spikes
  ) {
    self.channels = channels
    self.kernel = kernel
    self.attention = attention
    self.threshold = threshold
    self.surrogate = surrogate
    self.surrogateWidth = surrogateWidth
    self.forgetBias = forgetBias
    self.output = output
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case channels, kernel, attention, threshold, surrogate, surrogateWidth, forgetBias, output
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init(channels: try values.required(.channels, LayerBounds.width))
    kernel = try values.extent(.kernel, LayerBounds.places, or: kernel)
    attention = try values.value(.attention, or: attention)
    threshold = try values.number(.threshold, .over(-1, under: 1), or: threshold)
    surrogate = try values.choice(.surrogate, or: surrogate)
    surrogateWidth = try values.number(.surrogateWidth, LayerBounds.surrogateWidth, or: surrogateWidth)
    forgetBias = try values.number(.forgetBias, .from(-100, to: 100), or: forgetBias)
    output = try values.choice(.output, or: output)
  }
}

/// Channel attention, then spatial attention, over a map m (the block of Woo et al. 2018 with spiking units).
///
/// ```
/// a_c = S(W₁ S(W₀ mean_hw m + b₀) + W₁ S(W₀ max_hw m + b₀) + b₁);   m' = a_c · m
/// a_s = S(W_s ∗ [mean_c m' ; max_c m'] + b_s);   m'' = a_s · m'
/// ```
/// S is a spike for `binary` and `lif`: inner units fire at 0, units of a map at a membrane of 1. With `lif` that membrane
/// is u[t] = decay · (1 − a[t−1]) u[t−1] + drive, with `binary` the drive alone. For `soft`, inner units are rectified
/// and the maps are sigmoids. b₁ and b_s begin at 1.5, so that memory is kept at first: an attention that begins off
/// erases it, and no gradient returns through what is erased. (Where the paper's text is not at hand, these are the
/// choices made here.)
public struct AttentionDescription: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable, CaseIterable { case none, channel, spatial, both }
  public enum Placement: String, Codable, Sendable, CaseIterable { case forgetGate, input, hidden }
  public enum Output: String, Codable, Sendable, CaseIterable { case binary, lif, soft }

  public var kind: Kind
  /// Which map is attended: the forget gate, the input, or the hidden state on its way back in.
  public var placement: Placement
  public var output: Output
  /// Channels for each inner unit of the channel attention.
  public var reduction: Int
  /// Odd extent of the spatial convolution.
  public var kernel: Int
  /// Decay of a map's membranes by a step, for `lif`.
  public var decay: Double

  public init(
    kind: Kind = .both, placement: Placement = .forgetGate, output: Output = .binary, reduction: Int = 2,
    kernel: Int = 3, decay: Double = 0.5
  ) {
    self.kind = kind
    self.placement = placement
    self.output = output
    self.reduction = reduction
    self.kernel = kernel
    self.decay = decay
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case kind, placement, output, reduction, kernel, decay }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init()
    kind = try values.choice(.kind, or: kind)
    placement = try values.choice(.placement, or: placement)
    output = try values.choice(.output, or: output)
    reduction = try values.number(.reduction, LayerBounds.width, or: reduction)
    kernel = try values.number(.kernel, LayerBounds.places, or: kernel)
    decay = try values.number(.decay, .from(0, under: 1), or: decay)
  }
}
