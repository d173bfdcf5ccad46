import Foundation
import Settings

/// Training that takes whole channels out of a network and now and then brings one back (spiking channel activity, SCA,
/// Li et al. 2024; the schedule and the constants are ours). At the end what is left becomes a smaller network.
public struct ChannelOptions: Codable, Sendable, Equatable {
  /// What a channel is judged by, over some training recordings.
  public enum Score: String, Codable, Sendable, CaseIterable {
    /// Mean of the membrane potential's absolute value: the paper's.
    case membrane
    /// Mean of the membrane potential where it is above rest: strongly inhibited neurons count for nothing.
    case excitation
    /// Spikes a step.
    case rate
    /// Chance: a control.
    case random
    /// The busiest go first: another.
    case leastActive
  }

  /// Share of the channels that stays, `0 ... 1`.
  public var keep: Double
  public var score: Score
  /// Share of the kept channels that is exchanged for lost ones the first time; falls to zero as a cosine.
  public var regrow: Double
  /// Epochs between two changes.
  public var interval: Int
  /// Share of the training after which the channels stay.
  public var until: Double
  /// Recordings that a score is the mean of.
  public var recordings: Int

  enum CodingKeys: String, CodingKey, CaseIterable { case keep, score, regrow, interval, until, recordings }

  public init(keep: Double, score: Score = .membrane, regrow: Double = 0.25) {
    self.keep = keep
    self.score = score
    self.regrow = regrow
    interval = 2
    until = 0.6
    recordings = 256
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init(keep: try values.required(.keep, .over(0, to: 1)))
    score = try values.choice(.score, or: score)
    regrow = try values.number(.regrow, .from(0, under: 1), or: regrow)
    interval = try values.number(.interval, .from(1, to: 1_000_000), or: interval)
    until = try values.number(.until, .over(0, to: 1), or: until)
    recordings = try values.number(.recordings, .from(1, to: 1_000_000), or: recordings)
  }

  /// Share of the channels that stays after an epoch: falls as a cube.
  func keep(afterEpoch epoch: Int, of epochs: Int) -> Double {
    let rest = max(0, 1 - Double(epoch) / (until * Double(epochs)))
    return keep + (1 - keep) * rest * rest * rest
  }

  /// Share of the kept channels that is exchanged after an epoch.
  func regrow(afterEpoch epoch: Int, of epochs: Int) -> Double {
    let place = Double(epoch) / (until * Double(epochs))
    return place >= 1 ? 0 : regrow / 2 * (1 + cos(.pi * place))
  }
}
