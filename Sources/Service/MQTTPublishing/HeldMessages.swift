/// Messages on their way to a broker that may be away: a value on times it is given.
///
/// Kept in order, for so long and so many. What goes is told in its place, as on the socket: by a `dropped` that bears the
/// number of the last message that is missing. What the broker has not confirmed when a connection ends is sent again on
/// the next, so a message may come twice, but none goes in silence.
package struct HeldMessages: Sendable {
  /// Names a message from when it is sent until it is confirmed.
  package typealias Token = Int

  private enum Entry: Sendable {
    case message(EventMessage)
    case hole(last: Int64, count: Int)
  }

  /// Messages that may be on their way at once.
  package static let window = 64

  private let topics: HomeTopics
  private let limit: Int
  private let keptMilliseconds: Int64
  private var waiting: [Entry] = []
  private var sent: [(token: Token, entry: Entry)] = []
  private var lastToken = 0
  /// Messages that wait or are on their way.
  package private(set) var count = 0
  /// Messages that were confirmed, and those that were given up.
  package private(set) var delivered = 0
  package private(set) var lost = 0

  package init(topics: HomeTopics, limit: Int, keptMilliseconds: Int64) {
    precondition(limit >= 1, "a message at least is kept")
    self.topics = topics
    self.limit = limit
    self.keptMilliseconds = keptMilliseconds
  }

  package var isEmpty: Bool { waiting.isEmpty && sent.isEmpty }
  /// Whether there is something that may be sent now.
  package var isReady: Bool { !waiting.isEmpty && sent.count < Self.window }

  /// Puts a message at the end; where there is no room for it, the oldest of the least valuable goes.
  package mutating func append(_ message: EventMessage) {
    expire(now: message.born)
    waiting.append(.message(message))
    count += 1
    if count > limit { dropOne() }
  }

  /// Drops what has waited for too long.
  package mutating func expire(now: Int64) {
    let old = waiting.prefix {
      guard case .message(let message) = $0 else { return true }
      return now - message.born > keptMilliseconds
    }
    // A hole alone is none to be made larger.
    guard old.contains(where: { if case .message = $0 { true } else { false } }) else { return }
    var hole: (last: Int64, count: Int) = (0, 0)
    for entry in old {
      switch entry {
      case .message(let message):
        hole = (message.sequence, hole.count + 1)
        count -= 1
        lost += 1
      case .hole(let last, let count): hole = (last, hole.count + count)
      }
    }
    waiting.replaceSubrange(..<old.endIndex, with: [.hole(last: hole.last, count: hole.count)])
  }

  /// The next message to send; it is on its way from here on.
  package mutating func take() -> (token: Token, message: EventMessage)? {
    guard isReady else { return nil }
    let entry = waiting.removeFirst()
    lastToken += 1
    sent.append((lastToken, entry))
    switch entry {
    case .message(let message): return (lastToken, message)
    case .hole(let last, let count): return (lastToken, .dropped(last, count: count, topics: topics))
    }
  }

  /// The broker has a message.
  package mutating func confirm(_ token: Token) {
    guard let index = sent.firstIndex(where: { $0.token == token }) else { return }
    if case .message = sent.remove(at: index).entry {
      count -= 1
      delivered += 1
    }
  }

  /// A message that no broker will ever take.
  package mutating func giveUp(_ token: Token) {
    guard let index = sent.firstIndex(where: { $0.token == token }) else { return }
    if case .message = sent.remove(at: index).entry {
      count -= 1
      lost += 1
    }
  }

  /// The connection has ended: what was not confirmed waits again, before everything else.
  package mutating func disconnect() {
    waiting.insert(contentsOf: sent.map(\.entry), at: 0)
    sent = []
  }

  private mutating func dropOne() {
    for rank in EventMessage.Rank.allCases {
      for index in waiting.indices {
        guard case .message(let message) = waiting[index], message.rank == rank else { continue }
        count -= 1
        lost += 1
        return putHole(at: index, last: message.sequence)
      }
    }
  }

  /// Puts a hole in the place of a message, and makes one of it and its neighbours.
  private mutating func putHole(at index: Int, last: Int64) {
    var (range, hole) = (index..<index + 1, (last: last, count: 1))
    if index > 0, case .hole(_, let count) = waiting[index - 1] {
      hole.count += count
      range = index - 1..<range.upperBound
    }
    if index + 1 < waiting.count, case .hole(let last, let count) = waiting[index + 1] {
      hole = (last, hole.count + count)
      range = range.lowerBound..<index + 2
    }
    waiting.replaceSubrange(range, with: [.hole(last: hole.last, count: hole.count)])
  }
}
