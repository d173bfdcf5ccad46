import Settings
import SpikingNetworks

/// Settings of training.
public struct TrainingOptions: Codable, Sendable, Equatable {
  public var epochs: Int
  public var batch: Int
  public var seed: UInt64
  public var loss: LossDescription
  public var optimiser: OptimiserDescription
  /// Weight of the past in the running average of the weights that is validated and kept; 0 for none.
  public var averaging: Double
  /// How far rare labels are drawn more often: each recording in proportion to its label's count to the power of −balance,
  /// as many as there are, with replacement; 0 takes every recording once an epoch.
  public var balance: Double
  /// Pieces of time in which long sequences are taken back through the network; whole sequences when absent.
  public var window: TimeWindows?
  /// Few connections that change places; all there are when absent.
  public var structure: StructureOptions?
  /// Channels that are taken out while the network learns; none when absent.
  public var channels: ChannelOptions?
  /// A teacher; none when absent.
  public var distillation: DistillationOptions?
  /// What the weights are before the first batch; drawn at random when absent.
  public var beginning: BeginningOptions?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case epochs, batch, seed, loss, optimiser, averaging, balance, window, structure, channels, distillation, beginning
  }

  public init(epochs: Int, batch: Int = 32, seed: UInt64 = 1, optimiser: OptimiserDescription) {
    self.epochs = epochs
    self.batch = batch
    self.seed = seed
    self.optimiser = optimiser
    loss = LossDescription()
    averaging = 0
    balance = 0
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    epochs = try values.required(.epochs, .from(1, to: 1_000_000))
    batch = try values.number(.batch, .from(1, to: 1_000_000), or: 32)
    seed = try values.number(.seed, .from(0, to: .max), or: 1)
    loss = try values.value(.loss, or: LossDescription())
    optimiser = try values.value(.optimiser, or: OptimiserDescription())
    averaging = try values.number(.averaging, .from(0, under: 1), or: 0)
    balance = try values.number(.balance, .from(0, to: 1), or: 0)
    window = try values.value(.window, or: nil)
    structure = try values.value(.structure, or: nil)
    channels = try values.value(.channels, or: nil)
    distillation = try values.value(.distillation, or: nil)
    beginning = try values.value(.beginning, or: nil)
    guard structure == nil || channels == nil else {
      throw values.refusal(
        "structure and channels are two trainings: take the channels out first and go on from that model with beginning"
      )
    }
    if window != nil, let distillation, !(distillation.features.isEmpty && distillation.attention.isEmpty) {
      throw values.refusal(.window, DistillationError.windows.description)
    }
  }

  /// Balance is written only where there is one, so that a recipe's digest does not depend on what could have been asked for.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(epochs, forKey: .epochs)
    try values.encode(batch, forKey: .batch)
    try values.encode(seed, forKey: .seed)
    try values.encode(loss, forKey: .loss)
    try values.encode(optimiser, forKey: .optimiser)
    try values.encode(averaging, forKey: .averaging)
    if balance > 0 { try values.encode(balance, forKey: .balance) }
    try values.encodeIfPresent(window, forKey: .window)
    try values.encodeIfPresent(structure, forKey: .structure)
    try values.encodeIfPresent(channels, forKey: .channels)
    try values.encodeIfPresent(distillation, forKey: .distillation)
    try values.encodeIfPresent(beginning, forKey: .beginning)
  }
}
