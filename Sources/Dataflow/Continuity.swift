/// Watches that stretches of a stream follow each other and tells what is missing, from their positions alone: whatever
/// dropped them, nothing is counted twice and nothing forgotten.
public struct Continuity: Equatable, Sendable {
  /// Where the next stretch has to begin; nil before the first.
  public private(set) var expected: Int64?

  public init() {}

  /// Goes on by a stretch; returns how much is missing before it, 0 if it follows directly.
  ///
  /// A stretch that begins earlier than expected is a mistake of the source.
  public mutating func advance(from begin: Int64, count: Int64) -> Int64 {
    precondition(count >= 0 && begin >= expected ?? begin, "a stream does not go back")
    defer { expected = begin + count }
    return begin - (expected ?? begin)
  }
}
