import SoundEncoders
import TestSupport
import Testing

@testable import Spiketrum

@Suite struct MultichannelPursuitTests {
  let dictionary: GammatoneDictionary

  init() throws {
    dictionary = try GammatoneDictionary(.init(sampleRate: 8000, channelCount: 12, lowestFrequency: 200))
  }

  @Test(arguments: [1, 50, 1000, 9000])
  func eachMicrophoneIsHeardAsIfItWereAlone(chunk: Int) throws {
    let sounds = (1...3).map { voice(samples: 9000, sampleRate: 8000, seed: $0, loudness: 0.1 * Double($0)) }
    let settings = MatchingPursuit.Settings(
      budget: .spikesPerSecond(300), threshold: 1e-4, lookAhead: dictionary.longest)
    var array = try MultichannelPursuit(dictionary: dictionary, settings: settings, microphones: 3)
    var found: [MicrophoneSpike] = []
    for start in stride(from: 0, to: 9000, by: chunk) {
      let frames = (start..<min(start + chunk, 9000)).flatMap { index in sounds.map { $0[index] } }
      array.push(frames.span) { found.append($0) }
    }
    array.finish { found.append($0) }
    for (microphone, sound) in sounds.enumerated() {
      let alone = spikes(try MatchingPursuit(dictionary: dictionary, settings: settings), sound, chunk: 640)
      #expect(alone.count == 337)
      #expect(found.filter { $0.microphone == microphone }.map(\.spike) == alone)
    }
    // One stream: in time, and of one time by microphone.
    for (a, b) in zip(found, found.dropFirst()) {
      #expect((a.spike.sample, a.microphone) <= (b.spike.sample, b.microphone))
    }
  }

  @Test func noMicrophoneIsRefused() throws {
    let settings = MatchingPursuit.Settings(budget: .threshold, threshold: 0.1, lookAhead: 0)
    #expect(throws: EncoderError.self) {
      try MultichannelPursuit(dictionary: dictionary, settings: settings, microphones: 0)
    }
  }
}
