import Learning
import Settings
import SpikingNetworks

/// How long and by what a network learns on streams.
public struct StreamTrainingOptions: Codable, Sendable, Equatable {
  /// Chunks that the network hears in all; what counts most.
  public var chunks: Int
  public var chunkSeconds: Double
  public var batch: Int
  public var seed: UInt64
  /// Weight of the past in the running average of the weights that is kept.
  public var averaging: Double
  public var loss: StreamLossOptions
  public var optimiser: OptimiserDescription
  public var mining: MiningOptions
  /// Minutes of the stream on which progress is measured, and hours of the one on which thresholds are chosen.
  public var progressMinutes: Double
  public var validationHours: Double
  /// Bits of each weight in the model, 8 or 32; with 8 its file has a quarter of the bytes.
  public var weightBits: Int

  enum CodingKeys: String, CodingKey, CaseIterable {
    case chunks, chunkSeconds, batch, seed, averaging, loss, optimiser, mining, progressMinutes, validationHours
    case weightBits
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    chunks = try values.required(.chunks, .from(1, to: 100_000_000))
    chunkSeconds = try values.number(.chunkSeconds, .from(2, to: 120), or: 8)
    batch = try values.number(.batch, .from(1, to: 10_000), or: 16)
    seed = try values.number(.seed, .from(0, to: .max), or: 1)
    averaging = try values.number(.averaging, .from(0, under: 1), or: 0.998)
    loss = try values.value(.loss, or: StreamLossOptions())
    optimiser = try values.required(.optimiser)
    mining = try values.value(.mining, or: MiningOptions())
    progressMinutes = try values.number(.progressMinutes, .from(1, to: 600), or: 20)
    validationHours = try values.number(.validationHours, .over(0, to: 100), or: 6)
    weightBits = try values.number(.weightBits, .from(8, to: 32), or: 8)
    guard [8, 32].contains(weightBits) else { throw values.refusal(.weightBits, "is \(weightBits); it is 8 or 32") }
  }

  /// Batches in all.
  public var steps: Int { (chunks + batch - 1) / batch }
}

/// How far scores are from what they should be in a stream.
///
/// `L = mean over words of softplus(−max z)` from 60 ms before a word's end to 300 ms after, plus `others` times the mean over
/// windows of 0.4 s outside words of `softplus(max z)`, plus `tail` times the mean of the worst `tailShare` of these windows.
public struct StreamLossOptions: Codable, Sendable, Equatable {
  public var others: Double
  public var tail: Double
  public var tailShare: Double
  /// For what lasts, as gestures do: so long after its start it should be told, and until its end, with a loss of its own (see
  /// `StreamLoss.applyLasting`). A word is told at its end, and this is absent.
  public var onsetSeconds: Double?
  /// A loss on how often neurons fire; none when absent.
  public var rates: RateRegularisation?

  enum CodingKeys: String, CodingKey, CaseIterable { case others, tail, tailShare, onsetSeconds, rates }

  public init() {
    others = 8
    tail = 1
    tailShare = 0.02
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init()
    others = try values.number(.others, .over(0, to: 1_000), or: others)
    tail = try values.number(.tail, .from(0, to: 1_000), or: tail)
    tailShare = try values.number(.tailShare, .over(0, to: 1), or: tailShare)
    onsetSeconds = try values.number(.onsetSeconds, .from(0, to: 60))
    rates = try values.value(.rates, or: nil)
  }
}

/// Speech that fooled the network, found and used again.
public struct MiningOptions: Codable, Sendable, Equatable {
  /// Shares of the training after which it is looked for, ascending; empty for never.
  public var after: [Double]
  /// Share of the speech that is listened to each time, and of its seconds that are kept.
  public var heard: Double
  public var kept: Double
  /// Chance of an item of background to be one of them.
  public var chance: Double

  enum CodingKeys: String, CodingKey, CaseIterable { case after, heard, kept, chance }

  public init() {
    after = [0.1, 0.25, 0.4, 0.55, 0.7, 0.85]
    heard = 0.35
    kept = 0.017
    chance = 0.3
  }

  /// What looks for nothing.
  static var none: MiningOptions {
    var options = MiningOptions()
    options.after = []
    options.chance = 0
    return options
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init()
    after = try values.numbers(.after, .over(0, under: 1), count: 0...100, or: after)
    guard zip(after, after.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw values.refusal(.after, "shares of the training ascend")
    }
    heard = try values.number(.heard, .over(0, to: 1), or: heard)
    kept = try values.number(.kept, .over(0, to: 1), or: kept)
    chance = try values.number(.chance, .from(0, to: 1), or: chance)
  }
}
