import BandEncoders
import Foundation
import Learning
import Numerics
import Testing

@testable import StreamLearning

/// Material of four bands: a word that is loud in band 0, other speech in band 2, noise in all.
func toyMaterial(noise: Bool = true) -> StreamMaterial {
  let bands = MelConfiguration(sampleRate: 8_000, bands: 4, silenceThreshold: 0)
  let level = StreamMaterial.level(bands)
  func clip(_ frames: Int, _ loud: Range<Int>, band: Int) -> BandClip {
    var energies = [Float](repeating: level * 1e-6, count: frames * 4)
    for frame in loud { energies[frame * 4 + band] = level }
    return BandClip(bands: 4, energies: energies)
  }
  let word = clip(100, 30..<80, band: 0)
  return StreamMaterial(
    words: [StreamMaterial.Word(label: 0, variants: [word], speeds: [1], span: word.wordSpan())],
    speech: [[clip(400, 0..<400, band: 2), clip(60, 5..<55, band: 2)]],
    noise: noise ? [clip(50, 0..<50, band: 3)] : [], white: clip(50, 0..<50, band: 1), bands: bands)
}

struct CompositionTests {
  @Test func aWordIsFoundInItsRecordingAcrossAShortPause() {
    let material = toyMaterial()
    #expect(material.words[0].span == 30..<80)
    var clip = material.words[0].variants[0]
    for frame in 50..<60 { clip.energies[frame * 4] = 0 }
    #expect(clip.wordSpan() == 30..<80)
    // A long pause parts it; the louder part is the word.
    for frame in 45..<65 { clip.energies[frame * 4] = 0 }
    #expect(clip.wordSpan() == 30..<45 || clip.wordSpan() == 65..<80)
  }

  @Test func aVariantsSpanFollowsItsSpeed() {
    var word = toyMaterial().words[0]
    word.variants.append(word.variants[0].part(0..<50))
    word.speeds.append(2)
    #expect(word.span(of: 1) == 15..<40)
  }

  @Test func wordsStandWhereTheChunkSaysTheyDo() {
    var options = CompositionOptions()
    options.noiseChance = 0
    options.partChance = 0
    var composer = ChunkComposer(toyMaterial(), options, frames: 800, mining: .none)
    composer.density = 2
    var words = 0
    var loud = 0
    for index in 0..<40 {
      var random = RandomStream(seed: 3, purpose: "test", index: index)
      let chunk = composer.compose(&random)
      #expect(chunk.energies.count == 800 * 4)
      let loudness = (0..<800).map { frame in max(chunk.energies[frame * 4], chunk.energies[frame * 4 + 1]) }
      let highest = loudness.max() ?? 0
      for word in chunk.words {
        #expect(word.end <= 800 && (40...60).contains(word.end - word.start))
        if loudness[(word.start + word.end) / 2] > highest * 0.01 { loud += 1 }
        words += 1
      }
      #expect(zip(chunk.words, chunk.words.dropFirst()).allSatisfy { $0.end <= $1.start })
    }
    #expect(words > 40)
    // But for microphones that cut off the word's own band.
    #expect(loud > words * 8 / 10)
  }

  @Test func noWordComesInThePauseAfterAnother() {
    var composer = ChunkComposer(toyMaterial(), CompositionOptions(), frames: 6_000, mining: .none)
    composer.density = 2
    composer.pauseAfterWord = 300
    var random = RandomStream(seed: 2)
    let words = composer.compose(&random).words
    #expect(words.count > 5)
    #expect(zip(words, words.dropFirst()).allSatisfy { $1.start >= $0.end + 300 })
  }

  @Test func theSameChunkComesOfTheSameSeed() {
    let composer = ChunkComposer(toyMaterial(), CompositionOptions(), frames: 300, mining: .none)
    func chunk(_ index: Int) -> [Float] {
      var random = RandomStream(seed: 3, purpose: "chunk", index: index)
      return composer.compose(&random).energies
    }
    #expect(chunk(1) == chunk(1))
    #expect(chunk(1) != chunk(2))
  }

  @Test func noiseLiesSoManyDecibelsBelowSpeech() {
    var options = CompositionOptions()
    options.gain = [0, 0]
    var material = toyMaterial()
    material.words = []
    material.speech = [[BandClip(bands: 4, energies: [Float](repeating: 0, count: 1_600))]]
    var composer = ChunkComposer(material, options, frames: 500, mining: .none)
    composer.noise = .under(material.noise[0], decibels: 10)
    let level = StreamMaterial.level(material.bands)
    for index in 0..<20 {
      var random = RandomStream(seed: 5, purpose: "noise", index: index)
      let energies = composer.compose(&random).energies
      let noise = (0..<500).map { energies[$0 * 4 + 3] }
      // The tilt of a microphone moves a band by up to 6 dB, a cut takes it away.
      let decibels = 10 * log10(Double(noise.reduce(0, +)) / 500 / Double(level))
      #expect((-17 ... -3).contains(decibels) || decibels < -30)
    }
  }

  @Test func aPlacementStretchesAndShifts() {
    let clip = BandClip(bands: 3, energies: [1, 0, 0, 1, 0, 0, 4, 0, 0, 4, 0, 0])
    var plain = [Float](repeating: 0, count: 18)
    Placement(gain: 2).add(clip, 1..<3, to: &plain, at: 1)
    #expect(plain == [0, 0, 0, 2, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    var moved = [Float](repeating: 0, count: 18)
    Placement(gain: 1, stretch: 1.5, shift: 1.5).add(clip, 0..<4, to: &moved, at: 0)
    // A band and a half up: half in each of the two above.
    #expect(moved[0] == 0 && moved[1] == 0.5 && moved[2] == 0.5)
    #expect(Placement(gain: 1, stretch: 1.5).frames(of: 4) == 6)
    #expect(moved[15..<18].contains { $0 > 0 })
    // What reaches beyond the end is cut off.
    Placement(gain: 1).add(clip, 0..<4, to: &plain, at: 5)
    #expect(plain[15] == 1)
  }

  @Test func aRoomsTailDiesAwayByItsDecay() {
    var clip = BandClip(bands: 1, energies: [8, 0, 0, 0])
    Room(decay: 0.5, gain: 1).apply(to: &clip)
    #expect(clip.energies == [8, 4, 2, 1])
  }

  @Test func composedEnergiesBecomeTheEncodersFrames() throws {
    let bands = MelConfiguration(sampleRate: 8_000, bands: 8, silenceThreshold: 0)
    var random = RandomStream(seed: 1)
    let samples = (0..<16_000).map { Float(0.1 * random.normal() * sin(Double($0) / 900)) }
    let whole = try bands.makeEncoder().encode(samples)
    let energies = try bands.energies(of: samples)
    var compressor = StreamCompressor(bands.makeCompressor(), bands: 8)
    // In one piece or in two.
    let half = energies.count / 16 * 8
    var frames = compressor.following(Array(energies[..<half]))
    frames.append(contentsOf: compressor.following(Array(energies[half...])))
    #expect(frames == whole)
    // Warm, the frames are those of a stream that has heard the beginning before.
    let warm = StreamMaterial(
      words: [], speech: [], noise: [], white: BandClip(bands: 8, energies: energies), bands: bands
    ).frames(of: energies)
    var again = StreamCompressor(bands.makeCompressor(), bands: 8)
    _ = again.following(Array(energies[..<(50 * 8)]))
    let first = again.following(energies)
    #expect(first == warm)
  }
}
