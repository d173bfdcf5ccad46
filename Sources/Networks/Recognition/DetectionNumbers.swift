/// Numbers decisions so that all that is told about one detection has the same number, and nothing else has it.
public struct DetectionNumbers: Codable, Equatable, Sendable {
  /// Numbers given so far; they count from 1.
  public private(set) var last: Int
  /// Whether the last one belongs to a detection that has started and not ended.
  private var isOpen = false

  /// - Parameter last: numbers given before.
  public init(last: Int = 0) {
    self.last = last
  }

  /// The number of a decision; to be asked for each of them, in order.
  public mutating func number(of decision: Decision) -> Int {
    let continues = isOpen && (decision.phase == .update || decision.phase == .end)
    if !continues { last += 1 }
    isOpen = decision.phase == .start || decision.phase == .update
    return last
  }
}
