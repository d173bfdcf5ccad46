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
