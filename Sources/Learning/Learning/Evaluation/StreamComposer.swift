import Numerics

/// Makes a long recording of labelled words, other speech and changing noise: the same seed gives the same samples.
///
/// Clips follow one another with pauses, each as often as any other of its kind, in random order and at their own level.
/// Below them lies noise in stretches of ten to forty seconds, each from one recording and at a signal-to-noise ratio of
/// its own, held against the mean power of the labelled clips; some stretches are quiet.
public struct StreamComposer: Sendable {
  /// What there is to choose from, as samples at one rate.
  public struct Material: Sendable {
    /// Labelled clips.
    public var words: [(label: String, samples: [Float])] = []
    /// Speech without any of the words; nothing of it is labelled.
    public var others: [[Float]] = []
    public var noises: [[Float]] = []

    public init() {}
  }

  /// Hz.
  public var sampleRate: Int
  public var seconds: Int
  /// Shortest and longest pause after a clip, seconds.
  public var pauseSeconds = 0.7...3.0
  /// Chance that other speech comes next, where there is any.
  public var otherShare = 0.25
  /// Range of the signal-to-noise ratio, decibels.
  public var noiseDecibels = 5.0...25.0
  /// Chance that a stretch is without noise.
  public var quietShare = 0.25
  public var seed: UInt64 = 1

  public init(sampleRate: Int, seconds: Int) {
    self.sampleRate = sampleRate
    self.seconds = seconds
  }

  /// The recording and its labels.
  public func compose(_ material: Material) -> (samples: [Float], words: [LabelledWord]) {
    var samples = [Float](repeating: 0, count: sampleRate * seconds)
    let words = speak(material, into: &samples)
    addNoise(material, to: &samples)
    return (samples, words)
  }

  private func speak(_ material: Material, into samples: inout [Float]) -> [LabelledWord] {
    var random = RandomStream(seed: seed, purpose: "words")
    var wordDeck = Deck(count: material.words.count)
    var otherDeck = Deck(count: material.others.count)
    var words: [LabelledWord] = []
    func pause() -> Int { Int(random.uniform(in: pauseSeconds) * Double(sampleRate)) }
    var place = pause()
    while true {
      var label: String?
      var clip: [Float]
      let isOther = random.uniform() < otherShare
      if !material.others.isEmpty && (isOther || material.words.isEmpty) {
        clip = material.others[otherDeck.draw(&random)]
      } else if !material.words.isEmpty {
        let word = material.words[wordDeck.draw(&random)]
        (label, clip) = (word.label, word.samples)
      } else {
        return []
      }
      guard place + clip.count <= samples.count else { return words }
      for index in clip.indices { samples[place + index] = clip[index] }
      if let label {
        words.append(
          LabelledWord(
            label: label, startMicroseconds: microseconds(place), endMicroseconds: microseconds(place + clip.count)))
      }
      place += clip.count + pause()
    }
  }

  private func addNoise(_ material: Material, to samples: inout [Float]) {
    let noises = material.noises.filter { Self.power($0) > 0 }
    let speech = material.words.map { Self.power($0.samples) }
    guard !noises.isEmpty, !speech.isEmpty else { return }
    let speechPower = speech.reduce(0, +) / Double(speech.count)
    var random = RandomStream(seed: seed, purpose: "noise")
    var deck = Deck(count: noises.count)
    // A twentieth of a second of fading keeps joints from being sounds of their own.
    let fade = sampleRate / 20
    var place = 0
    while place < samples.count {
      let count = min(Int(random.uniform(in: 10...40) * Double(sampleRate)), samples.count - place)
      let isQuiet = random.uniform() < quietShare
      let noise = noises[deck.draw(&random)]
      let decibels = random.uniform(in: noiseDecibels)
      let offset = random.integer(below: noise.count)
      if !isQuiet {
        let ratio = speechPower / Self.power(noise) / Decibels.power(decibels)
        let factor = Float(ratio.squareRoot())
        for index in 0..<count {
          let edge = min(1, Float(min(index, count - 1 - index)) / Float(fade))
          samples[place + index] += factor * edge * noise[(offset + index) % noise.count]
        }
      }
      place += count
    }
  }

  private func microseconds(_ sample: Int) -> Int64 { Int64(sample) * 1_000_000 / Int64(sampleRate) }

  /// Mean square.
  private static func power(_ samples: [Float]) -> Double {
    samples.isEmpty ? 0 : samples.reduce(0.0) { $0 + Double($1 * $1) } / Double(samples.count)
  }
}

/// Places of a list in random order, all of them before any comes again.
struct Deck {
  private let count: Int
  private var rest: [Int] = []

  init(count: Int) { self.count = count }

  mutating func draw(_ random: inout RandomStream) -> Int {
    if rest.isEmpty {
      rest = Array(0..<count)
      random.shuffle(&rest)
    }
    return rest.removeLast()
  }
}
