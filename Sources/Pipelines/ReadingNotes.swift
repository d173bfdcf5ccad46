import EventFormats
import Synchronization

/// Gathers what readers of many recordings took for granted, so that it can be told once.
public final class ReadingNotes: Sendable {
  private let counts = Mutex<[ReadingGuess: (count: Int, first: String)]>([:])

  public init() {}

  /// Notes the guesses of one recording.
  public func add(_ guesses: [ReadingGuess], of path: String) {
    guard !guesses.isEmpty else { return }
    counts.withLock { counts in
      for guess in guesses {
        let known = counts[guess]
        counts[guess] = ((known?.count ?? 0) + 1, min(known?.first ?? path, path))
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
