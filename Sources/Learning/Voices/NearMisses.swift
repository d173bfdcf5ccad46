import Numerics

/// What sounds like a phrase and is not it: what a model must not wake at.
public enum NearMisses {
  /// Sounds that are taken for each other, in letters.
  private static let letters: [String: [String]] = [
    "b": ["p", "d"], "p": ["b", "t"], "d": ["t", "g"], "t": ["d", "k"], "g": ["k", "d"], "k": ["g", "t"],
    "c": ["g", "t"], "f": ["v", "th"], "v": ["f", "b"], "s": ["sh", "z"], "z": ["s", "j"], "m": ["n", "b"],
    "n": ["m", "l"], "l": ["r", "n"], "r": ["l", "w"], "w": ["r", "v"], "j": ["ch", "y"], "h": ["", "f"],
    "y": ["w", "j"], "x": ["s", "ck"], "q": ["g", "t"], "a": ["o", "e", "i"], "e": ["i", "a", "o"],
    "i": ["e", "a", "u"], "o": ["a", "u", "e"], "u": ["o", "a", "i"],
  ]

  /// The same in eSpeak's writing of English phonemes, the longest first where one begins like another.
  private static let phonemes: [(String, [String])] = [
    ("tS", ["dZ", "S"]), ("dZ", ["tS", "Z"]), ("aI", ["eI", "aU"]), ("eI", ["aI", "E"]), ("oU", ["aU", "O:"]),
    ("aU", ["oU", "aI"]), ("OI", ["aI", "oU"]), ("i:", ["I", "eI"]), ("u:", ["U", "oU"]), ("A:", ["O:", "V"]),
    ("O:", ["A:", "oU"]), ("3:", ["A:", "E"]), ("b", ["p", "d"]), ("p", ["b", "t"]), ("d", ["t", "g"]),
    ("t", ["d", "k"]), ("g", ["k", "d"]), ("k", ["g", "t"]), ("f", ["v", "T"]), ("v", ["f", "b"]), ("s", ["S", "z"]),
    ("z", ["s", "Z"]), ("S", ["s", "tS"]), ("Z", ["z", "dZ"]), ("T", ["f", "s"]), ("D", ["v", "z"]), ("m", ["n", "b"]),
    ("n", ["m", "l"]), ("l", ["r", "n"]), ("r", ["l", "w"]), ("w", ["r", "v"]), ("j", ["w", "l"]), ("h", ["f", "k"]),
    ("I", ["E", "i:"]), ("E", ["I", "a"]), ("a", ["E", "V"]), ("V", ["a", "U"]), ("U", ["V", "u:"]),
    ("0", ["O:", "V"]),
  ]

  /// Phrases in letters: each word alone, the first and the last part, and the phrase with about a third of its sounds
  /// changed.
  public static func words(like phrase: String, count: Int, seed: UInt64) -> [String] {
    let words = phrase.lowercased().split(separator: " ").map(String.init)
    var made: [String] = words.count > 1 ? words : []
    if words.count > 2 {
      made.append(words.dropLast().joined(separator: " "))
      made.append(words.dropFirst().joined(separator: " "))
    }
    for word in words where word.count >= 6 {
      made.append(String(word.prefix(word.count / 2 + 1)))
      made.append(String(word.suffix(word.count / 2 + 1)))
    }
    var random = RandomStream(seed: seed, purpose: "near misses")
    var seen = Set(made + [words.joined(separator: " ")])
    for attempt in 0..<40 * count where made.count < count {
      var changed = words
      for _ in 0..<changes(attempt, words.reduce(0) { $0 + $1.count }) {
        let word = random.integer(below: changed.count)
        let characters = changed[word].map(String.init)
        guard !characters.isEmpty else { continue }
        let place = random.integer(below: characters.count)
        guard let others = letters[characters[place]] else { continue }
        var next = characters
        next[place] = others[random.integer(below: others.count)]
        changed[word] = next.joined()
      }
      let text = changed.joined(separator: " ")
      if !text.isEmpty && seen.insert(text).inserted { made.append(text) }
    }
    return Array(made.prefix(count))
  }

  /// Sounds to change: enough that nobody takes it for the phrase.
  private static func changes(_ attempt: Int, _ sounds: Int) -> Int { max(1, sounds / 3) + attempt % 2 }

  /// The phonemes of a phrase in eSpeak's writing with about a third of them changed.
  public static func phonemes(like phrase: String, count: Int, seed: UInt64) -> [String] {
    var parts: [String] = []
    var rest = phrase[...]
    while !rest.isEmpty {
      let found = phonemes.first { rest.hasPrefix($0.0) }?.0 ?? String(rest.prefix(1))
      parts.append(found)
      rest = rest.dropFirst(found.count)
    }
    let places = parts.indices.filter { place in phonemes.contains { $0.0 == parts[place] } }
    guard !places.isEmpty else { return [] }
    var random = RandomStream(seed: seed, purpose: "near phonemes")
    var made: [String] = []
    var seen: Set<String> = [phrase]
    for attempt in 0..<40 * count where made.count < count {
      var changed = parts
      for _ in 0..<changes(attempt, places.count) {
        let place = places[random.integer(below: places.count)]
        let others = phonemes.first { $0.0 == parts[place] }?.1 ?? []
        changed[place] = others[random.integer(below: others.count)]
      }
      let text = changed.joined()
      if seen.insert(text).inserted { made.append(text) }
    }
    return made
  }
}
