import EventFormats
import Synchronization

/// Gathers what readers of many recordings took for granted, so that it can be told once.
public final class ReadingNotes: Sendable {
  private let counts = Mutex<[String: (count: Int, first: String)]>([:])

  public init() {}

  /// Notes the guesses of one recording.
  public func add(_ guesses: [ReadingGuess], of path: String) { add(notices: guesses.map(\.description), of: path) }

  /// Notes what is to be said of one recording, one line each.
  public func add(notices: [String], of path: String) {
    guard !notices.isEmpty else { return }
    counts.withLock { counts in
      for notice in notices {
        let known = counts[notice]
        counts[notice] = ((known?.count ?? 0) + 1, min(known?.first ?? path, path))
      }
    }
  }

  /// One line a guess, the most frequent first.
  public var lines: [String] {
    counts.withLock { counts in
      counts.sorted { ($1.value.count, $0.value.first) < ($0.value.count, $1.value.first) }.map { guess, found in
        found.count == 1 ? "\(found.first): \(guess)" : "\(found.count) recordings (\(found.first) …): \(guess)"
      }
    }
  }
}
