import Foundation
import Learning
import Numerics

/// A piece of the speech, by its place in the material.
struct SpeechPiece: Sendable, Equatable, Codable {
  var set: Int
  var clip: Int
  var start: Int
  var count: Int
}

/// Composes pieces of streams: words, speech and noise at levels, in rooms and through microphones that are drawn anew for each.
struct ChunkComposer: Sendable {
  enum Noise: Sendable {
    /// Some, or none, as the options have it.
    case drawn
    case none
    /// A clip so many decibels below speech.
    case under(BandClip, decibels: Double)
  }

  var material: StreamMaterial
  var options: CompositionOptions
  let frames: Int
  let mining: MiningOptions
  /// What fooled the network.
  var mined: [SpeechPiece] = []
  /// Sums of the roots of the sets' lengths, by which sets are drawn.
  private let setSums: [Double]
  /// Places of each set's long and short clips.
  private let long: [[Int]]
  private let short: [[Int]]
  /// Places of the recordings of each label's sets.
  private let recordings: [[[Int]]]

  /// Whether words and speech are left as they were spoken, and the microphone as it is: what thresholds are tried on.
  var isPlain = false
  /// Steps after a word in which no other begins.
  var pauseAfterWord = 0
  /// What decides how full of words a chunk is; nil draws it.
  var density: Double?
  /// What is laid under the whole chunk.
  var noise = Noise.drawn

  init(_ material: StreamMaterial, _ options: CompositionOptions, frames: Int, mining: MiningOptions) {
    self.material = material
    self.options = options
    self.frames = frames
    self.mining = mining
    var sums: [Double] = []
    for set in material.speech {
      sums.append((sums.last ?? 0) + Double(set.reduce(0) { $0 + $1.frames }).squareRoot())
    }
    setSums = sums
    long = material.speech.map { set in set.indices.filter { set[$0].frames >= StreamMaterial.longPiece } }
    short = material.speech.map { set in set.indices.filter { set[$0].frames < StreamMaterial.longPiece } }
    recordings = Set(material.words.map(\.label)).sorted().map { label in
      let own = material.words.indices.filter { material.words[$0].label == label }
      return Set(own.map { material.words[$0].set }).sorted().map { set in
        own.filter { material.words[$0].set == set }
      }
    }
  }

  /// The energies of a chunk, step after step, and the words in it.
  func compose(_ random: inout RandomStream) -> (energies: [Float], words: [ChunkWord]) {
    let bands = material.bands.bands
    var clip = BandClip(bands: bands, energies: [Float](repeating: 0, count: frames * bands))
    let words = speak(into: &clip, &random)
    if random.uniform() < 0.3 { Room.drawn(&random, stepSeconds: stepSeconds).apply(to: &clip) }
    addNoise(to: &clip, &random)
    recordAgain(&clip, &random)
    return (clip.energies, words)
  }

  private var stepSeconds: Double { Double(material.bands.stepMicroseconds) / 1e6 }
  private func steps(_ seconds: Double) -> Int { Int(seconds / stepSeconds) }

  private func decibels(_ range: ClosedRange<Double>, _ random: inout RandomStream) -> Float {
    Float(pow(10, random.uniform(in: range) / 10))
  }

  /// Words and other speech one after another, until the chunk is full.
  private func speak(into clip: inout BandClip, _ random: inout RandomStream) -> [ChunkWord] {
    let density = self.density ?? [0.3, 1, 2][random.integer(below: 3)]
    var words: [ChunkWord] = []
    var place = 0
    while place < frames {
      // Where a word would come too soon, something else is said.
      let isTooSoon = words.last.map { place < $0.end + pauseAfterWord } ?? false
      let draw = isTooSoon ? 1 : random.uniform()
      if !material.words.isEmpty && draw < options.wordChance * density {
        place +=
          random.uniform() < 0.5
          ? steps(random.uniform(in: 0.05...0.4)) : steps(random.uniform(in: 0.4...1.5))
        guard let word = say(into: &clip, at: place, whole: true, &random) else { break }
        if word.end <= frames { words.append(word) }
        place = word.end
      } else if !material.words.isEmpty && draw < (options.wordChance + options.partChance) * density {
        place += steps(random.uniform(in: 0.05...1))
        guard let part = say(into: &clip, at: place, whole: false, &random) else { break }
        place = part.end
      } else {
        place +=
          random.uniform() < 0.5
          ? steps(random.uniform(in: 0.02...0.4)) : steps(random.uniform(in: 0.4...2))
        place = talk(into: &clip, at: place, &random)
      }
    }
    return words
  }

  /// Lays a word, or its first or last part, at a place; nil beyond the end.
  private func say(
    into clip: inout BandClip, at place: Int, whole: Bool, _ random: inout RandomStream
  ) -> ChunkWord? {
    guard place < frames, let word = recording(&random) else { return nil }
    let variant = random.integer(below: word.variants.count)
    let sound = word.variants[variant]
    var span = word.span(of: variant)
    var placement = Placement(gain: decibels(-4...4, &random))
    if !isPlain && random.uniform() < 0.6 {
      placement.stretch = exp(random.uniform(in: -0.15...0.15))
      placement.shift = random.uniform(in: -1.6...1.6)
    }
    if !whole {
      let kept = max(1, Int(Double(span.count) * random.uniform(in: 0.35...0.65)))
      span =
        random.uniform() < 0.5
        ? span.lowerBound..<span.lowerBound + kept : span.upperBound - kept..<span.upperBound
      placement.add(sound, span, to: &clip.energies, at: place)
      return ChunkWord(label: word.label, start: place, end: place + placement.frames(of: span.count))
    }
    // A little of what surrounds it comes along, so that its edges are those of a recording.
    let lead = min(span.lowerBound, steps(0.1), Int(Double(place) / placement.stretch))
    let rest = min(sound.frames - span.upperBound, steps(0.15))
    let range = span.lowerBound - lead..<span.upperBound + rest
    let before = Int((Double(lead) * placement.stretch).rounded())
    placement.add(sound, range, to: &clip.energies, at: max(0, place - before))
    return ChunkWord(label: word.label, start: place, end: place + placement.frames(of: span.count))
  }

  /// A recording of a word whose place in it is known: each label as often, and of it each set.
  private func recording(_ random: inout RandomStream) -> StreamMaterial.Word? {
    for _ in 0..<100 {
      let sets = recordings[random.integer(below: recordings.count)]
      let own = sets[sets.count > 1 ? random.integer(below: sets.count) : 0]
      let word = material.words[own[random.integer(below: own.count)]]
      if !word.span.isEmpty { return word }
    }
    return nil
  }

  /// Lays a piece of other speech at a place and returns where it ends.
  private func talk(into clip: inout BandClip, at place: Int, _ random: inout RandomStream) -> Int {
    let piece = drawn(&random)
    guard place < frames, let piece else { return frames }
    var placement = Placement(gain: decibels(-3...3, &random))
    if !isPlain && random.uniform() < 0.25 { placement.shift = random.uniform(in: -1.6...1.6) }
    let sound = material.speech[piece.set][piece.clip]
    placement.add(sound, piece.start..<piece.start + piece.count, to: &clip.energies, at: place)
    return place + placement.frames(of: piece.count)
  }

  /// A piece of speech: what fooled the network, a short clip, or 1 to 6 s of a long one.
  func drawn(_ random: inout RandomStream) -> SpeechPiece? {
    if !mined.isEmpty && random.uniform() < mining.chance { return mined[random.integer(below: mined.count)] }
    guard let total = setSums.last, total > 0 else { return nil }
    let at = random.uniform() * total
    let set = setSums.firstIndex { $0 > at } ?? setSums.count - 1
    let isShort = long[set].isEmpty || (!short[set].isEmpty && random.uniform() < 0.35)
    let choice = isShort ? short[set] : long[set]
    let clip = choice[random.integer(below: choice.count)]
    let length = material.speech[set][clip].frames
    guard !isShort else { return SpeechPiece(set: set, clip: clip, start: 0, count: length) }
    let count = min(length, steps(random.uniform(in: 1...6)))
    return SpeechPiece(set: set, clip: clip, start: random.integer(below: length - count + 1), count: count)
  }

  private func addNoise(to clip: inout BandClip, _ random: inout RandomStream) {
    switch noise {
    case .drawn: break
    case .none: return
    case .under(let noise, let decibels):
      lay(noise, decibels: decibels, over: &clip, &random)
      return
    }
    guard random.uniform() < options.noiseChance else { return }
    let range = options.noiseDecibels[0]...options.noiseDecibels[1]
    let draw = random.uniform()
    if draw < 0.2 || material.noise.isEmpty && draw < 0.7 {
      lay(coloured(&random), decibels: random.uniform(in: range), over: &clip, &random)
    } else if draw < 0.35 || material.noise.isEmpty {
      babble(of: 2 + random.integer(below: 5), decibels: random.uniform(in: range), over: &clip, &random)
    } else {
      for _ in 0..<(random.uniform() < 0.2 ? 2 : 1) {
        let noise = material.noise[random.integer(below: material.noise.count)]
        lay(noise, decibels: random.uniform(in: range), over: &clip, &random)
      }
    }
  }

  /// Lays noise under the chunk from a random place of it on, again and again.
  private func lay(
    _ noise: BandClip, decibels: Double, over clip: inout BandClip, _ random: inout RandomStream
  ) {
    let placement = Placement(gain: Float(pow(10, -decibels / 10)))
    var from = random.integer(below: noise.frames)
    var place = 0
    while place < frames {
      let count = min(noise.frames - from, frames - place)
      placement.add(noise, from..<from + count, to: &clip.energies, at: place)
      place += count
      from = 0
    }
  }

  /// White noise through a spectrum that falls or rises, with the level of noise.
  private func coloured(_ random: inout RandomStream) -> BandClip {
    let bands = material.bands.bands
    let slope = random.uniform(in: -30...12)
    var weights = (0..<bands).map { Float(pow(10, slope * (Double($0) / Double(bands) - 0.5) / 10)) }
    let first = material.white.energies[0..<bands]
    let ratio = first.reduce(0, +) / max(1e-20, zip(first, weights).reduce(0) { $0 + $1.0 * $1.1 })
    for band in weights.indices { weights[band] *= ratio }
    var noise = material.white
    for index in noise.energies.indices { noise.energies[index] *= weights[index % bands] }
    return noise
  }

  private func babble(
    of voices: Int, decibels: Double, over clip: inout BandClip, _ random: inout RandomStream
  ) {
    let gain = Float(pow(10, -decibels / 10)) / Float(voices)
    for _ in 0..<voices {
      var place = 0
      while place < frames, let piece = drawn(&random) {
        let sound = material.speech[piece.set][piece.clip]
        Placement(gain: gain).add(sound, piece.start..<piece.start + piece.count, to: &clip.energies, at: place)
        place += piece.count + steps(0.1)
      }
    }
  }

  /// Another microphone at another distance: a tilt, a cut at either end, a level.
  private func recordAgain(_ clip: inout BandClip, _ random: inout RandomStream) {
    let bands = clip.bands
    let tilt = isPlain ? 0 : random.uniform(in: -6...6)
    let gain = random.uniform(in: options.gain[0]...options.gain[1])
    var weights = (0..<bands).map { Float(pow(10, (gain + tilt * (2 * Double($0) / Double(bands) - 1)) / 10)) }
    if !isPlain && random.uniform() < 0.12 {
      for band in 0..<random.integer(below: bands / 4 + 1) { weights[band] *= 0.003 }
    }
    if !isPlain && random.uniform() < 0.12 {
      for band in bands - random.integer(below: bands / 3 + 1)..<bands { weights[band] *= 0.003 }
    }
    for frame in 0..<clip.frames {
      for band in 0..<bands { clip.energies[frame * bands + band] *= weights[band] }
    }
  }
}
