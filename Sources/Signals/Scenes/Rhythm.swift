import Foundation
import Numerics

/// A beat as people keep it: nearly even, and faster on one half than on the other.
struct Beat: Sendable {
  let hertz: Double
  private let start: Double
  private let unevenness: Double
  private let drift: Double
  private let skew: Double

  init(_ hertz: ClosedRange<Double>, _ random: inout RandomStream) {
    // As many slow ones as fast ones by ratio.
    self.hertz = exp(random.uniform(in: log(hertz.lowerBound)...log(hertz.upperBound)))
    start = random.uniform(in: 0...2 * .pi)
    unevenness = random.uniform(in: 0...0.06)
    drift = random.uniform(in: 0...2 * .pi)
    skew = random.uniform(in: -0.55...0.55)
  }

  /// Angle at a time in seconds, radians.
  func angle(_ time: Double) -> Double {
    2 * .pi * (hertz * time + unevenness * sin(2 * .pi * 0.5 * time + drift)) + start
  }

  /// −1 to 1.
  func swing(_ time: Double, later: Double = 0) -> Double {
    let angle = angle(time) - later
    return sin(angle + skew * sin(angle))
  }

  /// How much of a cycle is over, 0 to 1.
  func part(_ time: Double) -> Double {
    let cycles = angle(time) / (2 * .pi)
    return cycles - cycles.rounded(.down)
  }
}

/// A slow movement that nobody intends.
struct Sway: Sendable {
  private let amount: Double
  private let first: (rate: Double, phase: Double)
  private let second: (rate: Double, phase: Double)

  init(_ amount: Double, hertz: Double, _ random: inout RandomStream) {
    self.amount = amount
    first = (2 * .pi * hertz * random.uniform(in: 0.7...1.3), random.uniform(in: 0...2 * .pi))
    second = (2 * .pi * hertz * 1.9, random.uniform(in: 0...2 * .pi))
  }

  func at(_ time: Double) -> Double {
    amount * (sin(first.rate * time + first.phase) + 0.5 * sin(second.rate * time + second.phase))
  }
}

/// From 0 at 0 to 1 at 1, beginning and ending at rest.
func smoothStep(_ value: Double) -> Double {
  let clipped = min(1, max(0, value))
  return clipped * clipped * (3 - 2 * clipped)
}
