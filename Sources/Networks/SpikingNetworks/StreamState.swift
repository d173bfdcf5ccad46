import Numerics

/// A counter that goes round, in the place of one scalar of a layer's state: 0 where a stream begins.
struct CyclicCounter {
  // Not a number of the layer's own kind: converting one costs as much as a small layer's step.
  private let memory: UnsafeMutableRawPointer

  @inline(__always)
  init(_ scalar: UnsafeMutablePointer<some Real>) { memory = UnsafeMutableRawPointer(scalar) }

  @inline(__always)
  var value: Int { Int(memory.load(as: Int32.self)) }

  /// Goes on by one, and from the last of `count` to 0; returns where it is then.
  @inline(__always)
  func advance(of count: Int) -> Int {
    let next = value + 1 == count ? 0 : value + 1
    memory.storeBytes(of: Int32(truncatingIfNeeded: next), as: Int32.self)
    return next
  }
}

/// Whether a stream has begun, in the place of one scalar of a layer's state: what a layer derives from its parameters it
/// derives once, at the first step.
struct StreamBeginning {
  private let hasBegun: CyclicCounter

  @inline(__always)
  init(_ scalar: UnsafeMutablePointer<some Real>) { hasBegun = CyclicCounter(scalar) }

  /// Whether this is the first step; no other is.
  @inline(__always)
  func take() -> Bool {
    guard hasBegun.value == 0 else { return false }
    _ = hasBegun.advance(of: 2)
    return true
  }
}
