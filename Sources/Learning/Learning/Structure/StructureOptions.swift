import Foundation
import Settings

/// Training with few connections from the first step on, which change places while the network learns (evolutionary
/// structure learning, ESL-SNN, Shen et al. 2023; the rules after SET, Mocanu et al. 2018, RigL, Evci et al. 2020, and
/// sparse momentum, Dettmers and Zettlemoyer 2019).
public struct StructureOptions: Codable, Sendable, Equatable {
  /// How the connections that there may be are shared between layers.
  public enum Layout: String, Codable, Sendable, CaseIterable {
    /// The same share of every layer.
    case uniform
    /// A layer's share falls with its size: `ε (inputs + outputs) / weights`.
    case erdosRenyi
    /// The same with the extents of the kernel: `ε (inputs + outputs + kernel extents) / weights`.
    case erdosRenyiKernel
  }

  /// Which connections go: those with the smallest weight, or whose loss would change least, `|weight · gradient|`.
  public enum Pruning: String, Codable, Sendable, CaseIterable { case magnitude, gradient }

  /// Which come in their place: none (the structure stays as it was drawn), any, those with the largest gradient of this
  /// batch, or of its running mean.
  public enum Growth: String, Codable, Sendable, CaseIterable { case none, random, gradient, momentum }

  /// Share of the weights that exist, `0 ... 1`.
  public var density: Double
  public var layout: Layout
  /// Neighbouring targets of one input that are connected together or not at all: 8 fill the vectors that a step adds, so
  /// that few connections are also quick.
  public var block: Int
  public var pruning: Pruning
  public var growth: Growth
  /// Share of a layer's connections that change places the first time; falls to zero as a cosine.
  public var fraction: Double
  /// Batches between two changes.
  public var interval: Int
  /// Share of the training after which the structure stays.
  public var until: Double

  enum CodingKeys: String, CodingKey, CaseIterable {
    case density, layout, block, pruning, growth, fraction, interval, until
  }

  public init(density: Double, growth: Growth = .gradient) {
    self.density = density
    self.growth = growth
    layout = .erdosRenyiKernel
    block = 1
    pruning = .magnitude
    fraction = 0.3
    interval = 20
    until = 0.75
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init(density: try values.required(.density, .from(0.001, to: 1)))
    layout = try values.choice(.layout, or: layout)
    block = try values.number(.block, .from(1, to: 1_024), or: block)
    pruning = try values.choice(.pruning, or: pruning)
    growth = try values.choice(.growth, or: growth)
    fraction = try values.number(.fraction, .from(0, to: 1), or: fraction)
    interval = try values.number(.interval, .from(1, to: 1_000_000), or: interval)
    until = try values.number(.until, .from(0, to: 1), or: until)
  }

  /// Share of a layer's connections that change places at a step of `total`.
  public func fraction(atStep step: Int, of total: Int) -> Double {
    let end = until * Double(total)
    guard growth != .none, Double(step) < end else { return 0 }
    return fraction / 2 * (1 + cos(.pi * Double(step) / end))
  }
}
