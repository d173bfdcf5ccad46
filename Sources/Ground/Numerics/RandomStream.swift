/// A small reproducible generator (SplitMix64): the same seed gives the same numbers on every machine.
public struct RandomStream: RandomNumberGenerator, Sendable, Codable, Equatable {
  /// The whole state; saving and restoring it continues the stream.
  public var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  /// An independent stream for a named purpose, so that adding one consumer does not shift another.
  public init(seed: UInt64, purpose: String, index: Int = 0) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = seed ^ hash
    _ = next()
    state ^= UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15
    _ = next()
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// Uniform in `0 ..< 1`.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Uniform in the range.
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// Uniform whole number in `0 ..< bound`.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "the bound of a random number is positive")
    return Int(uniform() * Double(bound))
  }

  /// Standard normal: the sum of twelve uniforms less six, exact on every machine as no transcendental function is used.
  public mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return sum
  }

  /// Shuffles in place (Fisher–Yates).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, integer(below: last + 1))
    }
  }
}
