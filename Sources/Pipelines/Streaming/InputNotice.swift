import EventFormats
import Events

/// Something that the user should know about a recording that was read.
public struct InputNotice: Sendable, Equatable, CustomStringConvertible {
  /// The recording's name.
  public var source: String
  public var text: String
  /// What was taken for granted, where that is what the notice is about.
  public var guess: ReadingGuess?

  public init(source: String, text: String) {
    self.source = source
    self.text = text
  }

  public init(source: String, guess: ReadingGuess) {
    self.init(source: source, text: guess.description)
    self.guess = guess
  }

  public var description: String { "\(source): \(text)" }
}

/// Tells what is taken for granted of a list of recordings once for each kind: with the first recording of the kind, and
/// their number at the end.
public struct GuessLedger: Sendable {
  private struct Kind: Hashable {
    var subject: ReadingSubject
    var value: String
  }

  private var counts: [Kind: Int] = [:]
  /// In the order in which they came.
  private var kinds: [(kind: Kind, first: InputNotice)] = []

  public init() {}

  /// Whether a notice is to be told now; that of a guess of a kind that is known is only counted.
  public mutating func isNew(_ notice: InputNotice) -> Bool {
    guard let guess = notice.guess else { return true }
    let kind = Self.kind(of: guess)
    counts[kind, default: 0] += 1
    guard counts[kind] == 1 else { return false }
    kinds.append((kind, notice))
    return true
  }

  /// What is left to tell when all recordings are through, one line each.
  public var summary: [String] {
    kinds.compactMap { kind, first in
      guard let count = counts[kind], count > 1 else { return nil }
      return "\(kind.subject.name) guessed in the same way for \(count) recordings: \(first)"
    }
  }

  /// Where strays stand is another time in each recording, and yet the same guess.
  private static func kind(of guess: ReadingGuess) -> Kind {
    let isPlace = guess.subject == .origin && guess.value.contains { $0.isNumber }
    return Kind(subject: guess.subject, value: isPlace ? "" : guess.value)
  }
}
