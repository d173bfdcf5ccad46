import Foundation
import Learning
import Numerics
import OutputFiles

/// Recordings of synthetic voices in a folder: a phrase, what sounds like it, and other sentences.
///
/// What stands there already is kept, so that it goes on where it was stopped; the same phrase, seed and voices give the same
/// recordings.
public struct SpokenCorpus: Sendable {
  /// Something to be said into a file.
  struct Item: Sendable {
    let engine: any VoiceEngine
    let text: SpokenText
    /// Path below the folder.
    let name: String
    /// Whether the voice is kept for choosing thresholds.
    let isKept: Bool
  }

  public let folder: String
  let items: [Item]

  /// Names of the files whose voices the model is not to learn from. Near misses are no talk: false accepts are not counted on
  /// them, so they are all learnt from.
  public var kept: [String] { items.filter { $0.isKept && !$0.name.hasPrefix("near/") }.map(\.name) }
  public func count(_ kind: String) -> Int { items.count { $0.name.hasPrefix(kind + "/") } }

  /// - Parameters:
  ///   - phrase: words or a phrase in English.
  ///   - count: recordings of the phrase; there are as many of near misses, and of sentences.
  public init(_ phrase: String, engines: [any VoiceEngine], folder: String, count: Int, seed: UInt64) {
    self.folder = folder
    var random = RandomStream(seed: seed, purpose: "voices")
    var items: [Item] = []
    // Engines with many voices are drawn more often, but not as often as they have more.
    let weights = engines.map { pow(Double($0.voices.count), 0.35) }
    func drawn(_ form: SpokenText.Form, _ kind: String, _ number: Int) -> Item {
      var at = random.uniform() * weights.reduce(0, +)
      var place = 0
      while place < engines.count - 1 && at >= weights[place] {
        at -= weights[place]
        place += 1
      }
      var engine = engines[place]
      if case .phonemes = form, let other = engines.first(where: { $0.phonemes(of: "a") != nil }) { engine = other }
      let voice = engine.voices[random.integer(below: engine.voices.count)]
      let text = SpokenText(
        form, voice: voice, speed: random.uniform(in: 0.8...1.25), pitch: random.uniform(in: 0.75...1.3))
      // Voices rather than recordings are kept, so that what thresholds are chosen on was spoken by others.
      var fate = RandomStream(seed: seed, purpose: "kept \(engine.name) \(voice)")
      return Item(
        engine: engine, text: text, name: "\(kind)/\(engine.name)-\(number).wav", isKept: fate.uniform() < 0.2)
    }
    for number in 0..<count { items.append(drawn(.words(phrase), "words", number)) }
    // A few: a network that is held to tell them all apart takes other people's way of saying the phrase for one of them.
    let near = NearMisses.words(like: phrase, count: count / 10, seed: seed).map { SpokenText.Form.words($0) }
    let spelled = engines.lazy.compactMap { $0.phonemes(of: phrase) }.first
    let sounds = spelled.map { NearMisses.phonemes(like: $0, count: count / 10, seed: seed) } ?? []
    for (number, form) in (near + sounds.map { .phonemes($0) }).enumerated() {
      items.append(drawn(form, "near", number))
    }
    let words = Set(phrase.lowercased().split(separator: " "))
    let sentences = Sentences.all.filter { sentence in
      !sentence.lowercased().split { !$0.isLetter }.contains { words.contains($0) && $0.count > 3 }
    }
    for number in 0..<count {
      items.append(drawn(.words(sentences[number % sentences.count]), "sentences", number))
    }
    self.items = items
  }

  /// Speaks what is not there yet.
  public func speak(threads: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void) throws {
    for kind in ["words", "near", "sentences"] {
      try makeFolder("\(folder)/\(kind)")
    }
    let folder = folder
    _ = try encodeAll(items, threads: threads, progress: progress) { _, item in
      let path = "\(folder)/\(item.name)"
      if FileManager.default.fileExists(atPath: path) { return }
      try item.engine.speak(item.text, to: path + ".part")
      guard rename(path + ".part", path) == 0 else {
        throw VoiceError(engine: item.engine.name, reason: "left no recording at \(path)")
      }
    }
  }
}
