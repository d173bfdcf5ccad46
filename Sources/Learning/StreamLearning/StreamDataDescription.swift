import Settings

/// What streams are composed of: folders of sound files, or lists (`.txt`) that name files and folders, all of them relative
/// to the data folder.
public struct StreamDataDescription: Codable, Sendable, Equatable {
  /// Recordings of each word, one of it in each.
  public var words: [String: [String]]
  /// Speech without the words. Each entry is a set of its own.
  public var speech: [String]
  /// Noise and music.
  public var noise: [String]
  /// List of files and folders kept for choosing thresholds, and of those that are not used at all.
  public var validationList: String?
  public var testList: String?
  /// Where there are no lists: the share of all files that is kept for choosing thresholds, drawn by their names.
  public var validationShare: Double

  enum CodingKeys: String, CodingKey, CaseIterable {
    case words, speech, noise, validationList, testList, validationShare
  }

  public init(words: [String: [String]], speech: [String], noise: [String] = []) {
    self.words = words
    self.speech = speech
    self.noise = noise
    validationShare = 0.15
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    words = try values.required(.words)
    guard !words.isEmpty else { throw values.refusal(.words, "names no word, as {computer: [recordings/computer]}") }
    for (label, paths) in words.sorted(by: { $0.key < $1.key }) where paths.isEmpty || paths.contains("") {
      throw values.refusal(at: ["words", OptionPlace(stringValue: label)], "names no folder or list of recordings")
    }
    speech = try values.texts(.speech) ?? []
    guard !speech.isEmpty else {
      throw values.refusal(.speech, "names no speech without the words; without it everything wakes the model")
    }
    noise = try values.texts(.noise) ?? []
    validationList = try values.text(.validationList)
    testList = try values.text(.testList)
    validationShare = try values.number(.validationShare, .over(0, under: 1), or: 0.15)
  }

  /// The words in alphabetical order, as the network's outputs stand.
  public var labels: [String] { words.keys.sorted() }
}

/// How streams are composed; the standard values are those of the measurements in `Samples/results/wake-words.md`.
public struct CompositionOptions: Codable, Sendable, Equatable {
  /// Copies of each recording of a word at other speeds, through other microphones and rooms, beside the recording itself.
  public var variants: Int
  /// Largest relative change of speed of those copies.
  public var speed: Double
  /// Chance of an item to be a word where words are as dense as can be.
  public var wordChance: Double
  /// The same for the first or last part of a word, which is none.
  public var partChance: Double
  /// Chance of a chunk to have noise, and the decibels by which speech is above it.
  public var noiseChance: Double
  public var noiseDecibels: [Double]
  /// Range of the whole chunk's level about speech at −26 dB of full scale, decibels.
  public var gain: [Double]

  enum CodingKeys: String, CodingKey, CaseIterable {
    case variants, speed, wordChance, partChance, noiseChance, noiseDecibels, gain
  }

  public init() {
    variants = 12
    speed = 0.2
    wordChance = 0.2
    partChance = 0.08
    noiseChance = 0.8
    noiseDecibels = [-3, 20]
    gain = [-20, 12]
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    self.init()
    variants = try values.number(.variants, .from(0, to: 1_000), or: variants)
    speed = try values.number(.speed, .from(0, to: 0.9), or: speed)
    wordChance = try values.number(.wordChance, .over(0, to: 0.5), or: wordChance)
    partChance = try values.number(.partChance, .from(0, to: 0.5), or: partChance)
    noiseChance = try values.number(.noiseChance, .from(0, to: 1), or: noiseChance)
    noiseDecibels = try values.numbers(.noiseDecibels, .from(-40, to: 100), count: 2...2, or: noiseDecibels)
    gain = try values.numbers(.gain, .from(-60, to: 60), count: 2...2, or: gain)
    for (key, range) in [(CodingKeys.noiseDecibels, noiseDecibels), (.gain, gain)] where range[0] > range[1] {
      throw values.refusal(key, "the lower bound, \(range[0]), is above the upper one")
    }
  }
}
