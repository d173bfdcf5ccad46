import EventFormats
import Synchronization

/// Gathers what readers of many recordings took for granted, so that it can be told once for each kind.
public final class ReadingNotes: Sendable {
  private struct Kind: Hashable {
    /// Nil for what is no guess.
    var subject: ReadingSubject?
    var value: String
  }

  private struct Found {
    /// A recording of several clips is one.
    var paths: Set<String>
    /// The first recording by name, and what was said of it.
    var path: String
    var text: String
  }

  private let found = Mutex<[Kind: Found]>([:])
  /// What filters took out of all recordings, in the order they stand in.
  private let filtered = Mutex<[(name: String, removed: Int64)]>([])

  private let name: @Sendable (String) -> String

  /// - Parameter name: what to call the recording at a path; by its path where it stands for itself.
  public init(name: @escaping @Sendable (String) -> String = { $0 }) { self.name = name }

  /// Notes the guesses of one recording.
  public func add(_ guesses: [ReadingGuess], of path: String) {
    for guess in guesses { add(Self.kind(of: guess), guess.description, of: path) }
  }

  /// Notes what is broken in one recording, and what fills it, each once; where it is cut off is told elsewhere.
  public func add(_ accounting: EventAccounting, of path: String) {
    for (kind, text) in accounting.findings { add(Kind(subject: nil, value: kind.name), text, of: path) }
    if let padding = accounting.skipped[.padding] {
      let name = SkippedContent.padding.name
      add(Kind(subject: nil, value: name), "\(padding) x \(name)", of: path)
    }
  }

  /// Notes what is to be said of one recording, one line each.
  public func add(notices: [String], of path: String) {
    for notice in notices { add(Kind(subject: nil, value: notice), notice, of: path) }
  }

  /// Adds what filters took out of one recording.
  package func add(filtered figures: [(name: String, removed: Int64)]) {
    filtered.withLock { filtered in
      for (name, removed) in figures {
        if let place = filtered.firstIndex(where: { $0.name == name }) {
          filtered[place].removed += removed
        } else {
          filtered.append((name, removed))
        }
      }
    }
  }

  private var filterLines: [String] {
    filtered.withLock { $0.map { "filter \($0.name) took out \($0.removed) events" } }
  }

  /// One line a kind, the most frequent first.
  public var lines: [String] { lines { _ in true } + filterLines }

  /// Those of guesses alone.
  public var guesses: [String] { lines { $0.subject != nil } }

  /// Those of what is odd about the recordings themselves.
  public var findings: [String] { lines { $0.subject == nil } + filterLines }

  private func lines(of isWanted: (Kind) -> Bool) -> [String] {
    found.withLock { found in
      found.filter { isWanted($0.key) }.values
        .sorted { ($1.paths.count, $0.path, $0.text) < ($0.paths.count, $1.path, $1.text) }.map { found in
          found.paths.count == 1
            ? "\(name(found.path)): \(found.text)"
            : "\(found.paths.count) recordings (\(name(found.path)) …): \(found.text)"
        }
    }
  }

  private func add(_ kind: Kind, _ text: String, of path: String) {
    found.withLock { found in
      guard var known = found[kind] else {
        found[kind] = Found(paths: [path], path: path, text: text)
        return
      }
      known.paths.insert(path)
      if (path, text) < (known.path, known.text) { (known.path, known.text) = (path, text) }
      found[kind] = known
    }
  }

  /// Where strays stand is another time in each recording, and yet the same guess.
  private static func kind(of guess: ReadingGuess) -> Kind {
    let isPlace = guess.subject == .origin && guess.value.contains { $0.isNumber }
    return Kind(subject: guess.subject, value: isPlace ? "" : guess.value)
  }
}
