/// Where a source stands between two stretches of its feed, and what it has to tell while it waits for the next.
struct StretchGate {
  private var isOpen = false
  /// Whether the source was told to be absent.
  private var isAbsent = false
  /// Whether what is there now cannot be read, so that something else has to come in its place.
  private var isUseless = false

  /// Waits for the next stretch where none is open; nil once there is something to read.
  mutating func pass<Block>(_ feed: ByteFeed) -> Arrival<Block>? {
    if isOpen { return nil }
    switch feed.begin(passingOver: isUseless) {
    case .absent(let why):
      isAbsent = true
      return .absent("\(feed.path): \(why)")
    case .over: return .end
    case .begun:
      defer { (isOpen, isAbsent, isUseless) = (true, false, false) }
      return isAbsent ? .quiet : nil
    }
  }

  /// The stretch is over.
  ///
  /// - Parameter isUseless: whether because it cannot be read.
  mutating func leave(isUseless: Bool) { (isOpen, self.isUseless) = (false, isUseless) }
}
