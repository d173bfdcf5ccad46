import Audio
import BandEncoders
import Foundation
import Learning
import Numerics

/// What the streams of one part are composed of, as energies in bands at one level.
struct StreamMaterial: Sendable {
  /// A recording of a word with its copies; the first is the recording itself.
  struct Word: Sendable {
    let label: Int
    /// Which of the label's folders and lists it comes from; each is drawn as often.
    var set = 0
    var variants: [BandClip]
    /// Speed of each over the recording's.
    var speeds: [Double]
    /// Where the word stands in the recording, in steps; empty where nothing was found.
    var span: Range<Int>

    /// Where it stands in one of the variants.
    func span(of variant: Int) -> Range<Int> {
      let speed = speeds[variant]
      let last = variants[variant].frames
      let lower = min(last, Int((Double(span.lowerBound) / speed).rounded()))
      return lower..<max(lower, min(last, Int((Double(span.upperBound) / speed).rounded())))
    }
  }

  var words: [Word]
  /// Sets of speech, each of pieces longer than a word and of short ones.
  var speech: [[BandClip]]
  var noise: [BandClip]
  /// White noise, of which coloured noise is made.
  var white: BandClip
  let bands: MelConfiguration

  /// Steps of which a piece of speech has more than a word.
  static let longPiece = 150

  /// Seconds of speech without the words.
  var speechSeconds: Double {
    Double(speech.reduce(0) { $0 + $1.reduce(0) { $0 + $1.frames } }) * Double(bands.stepMicroseconds) / 1e6
  }

  /// The energy of steps in which somebody speaks at −26 dB of full scale.
  static func level(_ bands: MelConfiguration) -> Float {
    var random = RandomStream(seed: 26, purpose: "level")
    let sound = (0..<bands.sampleRate).map { _ in Float(0.05 * random.normal()) }
    return (try? BandClip(bands: bands.bands, energies: bands.energies(of: sound)).meanEnergy) ?? 1
  }

  /// Reads and analyses the files of a part.
  ///
  /// - Parameter copies: whether there are variants of words beside the recordings; of speech there is one of each always.
  static func read(
    _ files: StreamFiles, bands: MelConfiguration, composition: CompositionOptions, copies: Bool, seed: UInt64,
    threads: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws -> StreamMaterial {
    enum Kind {
      case word(Int, set: Int)
      case speech(Int)
      case noise
    }
    let jobs: [(kind: Kind, path: String)] =
      files.words.enumerated().flatMap { label, entries in entries.map { (.word(label, set: $0.set), $0.path) } }
      + files.speech.enumerated().flatMap { set, entries in entries.map { (.speech(set), $0.path) } }
      + files.noise.map { (.noise, $0.path) }
    let level = level(bands)
    let reader = ClipReader(bands: bands, composition: composition, level: level)
    enum Made {
      case word(Word)
      case speech(Int, [BandClip])
      case noise(BandClip)
    }
    let made: [Made] = try encodeAll(jobs, threads: threads, progress: progress) { index, job in
      var random = RandomStream(seed: seed, purpose: "copies", index: index)
      let samples = try SoundStream.samples(ofFile: job.path, sampleRate: bands.sampleRate)
      switch job.kind {
      case .word(let label, let set):
        var word = try reader.word(samples, label: label, copies: copies ? composition.variants : 0, &random)
        word.set = set
        return .word(word)
      case .speech(let set): return .speech(set, try reader.speech(samples, &random))
      case .noise: return .noise(try reader.noise(samples))
      }
    }
    var random = RandomStream(seed: seed, purpose: "white noise")
    let hiss = (0..<30 * bands.sampleRate).map { _ in Float(0.05 * random.normal()) }
    var material = StreamMaterial(
      words: [], speech: files.speech.map { _ in [] }, noise: [], white: try reader.noise(hiss), bands: bands)
    for clip in made {
      switch clip {
      case .word(let word): if !word.span.isEmpty { material.words.append(word) }
      case .speech(let set, let clips): material.speech[set] += clips.filter { $0.frames > 0 }
      case .noise(let noise): if noise.meanEnergy > 0 { material.noise.append(noise) }
      }
    }
    material.speech.removeAll(where: \.isEmpty)
    return material
  }
}

/// Makes clips of samples.
private struct ClipReader: Sendable {
  let bands: MelConfiguration
  let composition: CompositionOptions
  let level: Float

  func word(
    _ samples: [Float], label: Int, copies: Int, _ random: inout RandomStream
  ) throws -> StreamMaterial.Word {
    let own = try levelled(samples)
    var word = StreamMaterial.Word(label: label, variants: [own], speeds: [1], span: own.wordSpan())
    for _ in 0..<copies {
      let speed = exp(random.uniform(in: -composition.speed...composition.speed))
      var changed = try resampled(samples, speed: speed)
      if random.uniform() < 0.5 { Self.tilt(&changed, by: Float(random.uniform(in: -0.5...0.5))) }
      var clip = try levelled(changed)
      if random.uniform() < 0.5 { Room.drawn(&random).apply(to: &clip) }
      if random.uniform() < 0.2 { telephone(&clip) }
      word.variants.append(clip.scaled(to: level, from: clip.activeEnergy))
      word.speeds.append(speed)
    }
    return word
  }

  func speech(_ samples: [Float], _ random: inout RandomStream) throws -> [BandClip] {
    [try levelled(samples), try levelled(resampled(samples, speed: random.uniform(in: 0.88...1.14)))]
  }

  func noise(_ samples: [Float]) throws -> BandClip {
    let clip = BandClip(bands: bands.bands, energies: try bands.energies(of: samples))
    return clip.scaled(to: level, from: clip.meanEnergy)
  }

  private func levelled(_ samples: [Float]) throws -> BandClip {
    let clip = BandClip(bands: bands.bands, energies: try bands.energies(of: samples))
    return clip.scaled(to: level, from: clip.activeEnergy)
  }

  private func resampled(_ samples: [Float], speed: Double) throws -> [Float] {
    // Playing at another rate is resampling from it; whole hertz are fine enough.
    let resampler = try Resampler(
      inputRate: Int(Double(bands.sampleRate) * speed), outputRate: bands.sampleRate, source: "augmentation")
    return try resampler.push(samples) + resampler.finish()
  }

  private static func tilt(_ samples: inout [Float], by coefficient: Float) {
    var before: Float = 0
    for index in samples.indices {
      let sample = samples[index]
      samples[index] = sample - coefficient * before
      before = sample
    }
  }

  /// What a telephone leaves: 300 to 3,300 Hz.
  private func telephone(_ clip: inout BandClip) {
    let filters = bands.centreFrequencies
    for frame in 0..<clip.frames {
      for (band, frequency) in filters.enumerated() where !(300...3_300).contains(frequency) {
        clip.energies[frame * bands.bands + band] *= 0.001
      }
    }
  }
}

/// What a room adds to a sound: energy that dies away after it.
struct Room {
  /// Share of the energy that is left after a step.
  let decay: Float
  /// Energy of the tail over that of the sound.
  let gain: Float

  /// A room that takes 0.15 to 0.7 s for 60 dB, in which the tail is 10 dB below to 2 dB above the sound.
  static func drawn(_ random: inout RandomStream, stepSeconds: Double = 0.01) -> Room {
    Room(
      decay: Float(pow(10, -6 * stepSeconds / random.uniform(in: 0.15...0.7))),
      gain: Float(pow(10, random.uniform(in: -10...2) / 10)))
  }

  /// `E[t] += gain (1 − decay) Σ decayᵏ E[t − 1 − k]`.
  func apply(to clip: inout BandClip) {
    var tail = [Float](repeating: 0, count: clip.bands)
    for frame in 0..<clip.frames {
      for band in 0..<clip.bands {
        let index = frame * clip.bands + band
        let own = clip.energies[index]
        clip.energies[index] = own + gain * (1 - decay) * tail[band]
        tail[band] = own + decay * tail[band]
      }
    }
  }
}
