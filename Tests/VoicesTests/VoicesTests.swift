import Audio
import Foundation
import Testing

@testable import Voices

struct NearMissTests {
  @Test func partsAndChangedSoundsAreNeverThePhraseItself() {
    let made = NearMisses.words(like: "hey computer", count: 40, seed: 1)
    #expect(made.count == 40)
    #expect(Set(made).count == 40)
    #expect(!made.contains("hey computer"))
    // Its words alone, and the first and the last part of the long one.
    #expect(made.prefix(4) == ["hey", "computer", "compu", "puter"])
    #expect(made == NearMisses.words(like: "Hey Computer", count: 40, seed: 1))
    #expect(made != NearMisses.words(like: "hey computer", count: 40, seed: 2))
  }

  @Test func phonemesChangeByThirds() {
    let made = NearMisses.phonemes(like: "k@mpj'u:t3", count: 30, seed: 1)
    #expect(made.count == 30 && Set(made).count == 30)
    #expect(!made.contains("k@mpj'u:t3"))
    // A long vowel is one sound, which is taken for another as a whole; what is none is left.
    #expect(made.contains { $0.contains("'oU") || $0.contains("'U") })
    #expect(made.allSatisfy { $0.contains("@") && $0.contains("'") })
    #expect(NearMisses.phonemes(like: "@", count: 3, seed: 1).isEmpty)
  }

  @Test func sentencesAreManyAndDiffer() {
    #expect(Sentences.all.count == Set(Sentences.all).count)
    #expect(Sentences.all.count >= 90)
    #expect(Sentences.all.allSatisfy { $0.count > 20 && $0.count < 80 })
  }
}

struct SpokenCorpusTests {
  /// A voice that says nothing but its number.
  private struct Counter: VoiceEngine {
    static let name = "counter"
    static let remedy = "none"
    static func find() -> Counter? { nil }
    let voices = (0..<20).map { "voice\($0)" }

    func speak(_ text: SpokenText, to path: String) throws(VoiceError) {
      guard FileManager.default.createFile(atPath: path, contents: Data("\(text)".utf8)) else {
        throw VoiceError(engine: Self.name, reason: "cannot write")
      }
    }
    func phonemes(of phrase: String) -> String? { "k@mpj'u:t3" }
  }

  @Test func aModelOfManySpeakersIsAsManyVoices() throws {
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try "{\"num_speakers\": 3, \"audio\": {}}".write(
      toFile: folder + "/a.onnx.json", atomically: true, encoding: .utf8)
    #expect(PiperVoices.speakers(of: folder + "/a.onnx") == 3)
    #expect(PiperVoices.speakers(of: folder + "/b.onnx") == 1)
  }

  private func folder() -> String { NSTemporaryDirectory() + "ganglion-voices-\(UUID().uuidString)" }

  @Test func whatWasSpokenIsKeptAndTheRestIsSpoken() throws {
    let folder = folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let corpus = SpokenCorpus("computer", engines: [Counter()], folder: folder, count: 40, seed: 1)
    #expect(corpus.count("words") == 40 && corpus.count("near") == 8 && corpus.count("sentences") == 40)
    try corpus.speak(threads: 2) { _, _ in }
    let words = try FileManager.default.contentsOfDirectory(atPath: folder + "/words")
    #expect(words.count == 40)
    try "mine".write(toFile: folder + "/words/counter-3.wav", atomically: true, encoding: .utf8)
    try FileManager.default.removeItem(atPath: folder + "/words/counter-4.wav")
    try SpokenCorpus("computer", engines: [Counter()], folder: folder, count: 40, seed: 1).speak(threads: 1) { _, _ in }
    #expect(try String(contentsOfFile: folder + "/words/counter-3.wav", encoding: .utf8) == "mine")
    #expect(FileManager.default.fileExists(atPath: folder + "/words/counter-4.wav"))
  }

  @Test func thresholdsAreChosenOnVoicesThatNothingIsLearntFrom() {
    let corpus = SpokenCorpus("computer", engines: [Counter()], folder: "/", count: 200, seed: 1)
    let voices = { (isKept: Bool) in Set(corpus.items.filter { $0.isKept == isKept }.map(\.text.voice)) }
    #expect(voices(true).isDisjoint(with: voices(false)))
    #expect((1...8).contains(voices(true).count))
    let kept = corpus.items.filter { $0.isKept && !$0.name.hasPrefix("near/") }
    #expect(Set(corpus.kept) == Set(kept.map(\.name)) && !kept.isEmpty)
    // No sentence has the word in it.
    let said = corpus.items.filter { $0.name.hasPrefix("sentences") }
    #expect(!said.contains { "\($0.text.form)".lowercased().contains("computer") })
  }
}

/// What the engines on this machine say; where there are none there is nothing to try.
@Suite(.enabled(if: !VoiceEngines.found().isEmpty))
struct InstalledVoiceTests {
  @Test func everyEngineSpeaksAWordThatCanBeHeard() throws {
    for engine in VoiceEngines.found() {
      let path = NSTemporaryDirectory() + "ganglion-voice-\(UUID().uuidString).wav"
      defer { try? FileManager.default.removeItem(atPath: path) }
      try engine.speak(SpokenText(.words("computer"), voice: engine.voices[0]), to: path)
      let samples = try SoundStream.samples(ofFile: path, sampleRate: 16_000)
      #expect((4_000...48_000).contains(samples.count), "\(engine.name)")
      #expect((samples.map(\.magnitude).max() ?? 0) > 0.02, "\(engine.name)")
      // Slower takes longer; statistical voices of Festival do not know how.
      try engine.speak(SpokenText(.words("computer"), voice: engine.voices[0], speed: 0.7), to: path)
      let slower = try SoundStream.samples(ofFile: path, sampleRate: 16_000).count
      #expect(slower > samples.count || engine.name == "festival", "\(engine.name)")
    }
  }

  @Test func phonemesAreSpokenAsThePhraseIs() throws {
    guard let engine = VoiceEngines.found().first(where: { $0.phonemes(of: "computer") != nil }),
      let phonemes = engine.phonemes(of: "computer")
    else { return }
    let path = NSTemporaryDirectory() + "ganglion-voice-\(UUID().uuidString).wav"
    defer { try? FileManager.default.removeItem(atPath: path) }
    func spoken(_ form: SpokenText.Form) throws -> [Float] {
      try engine.speak(SpokenText(form, voice: "en-us"), to: path)
      return try SoundStream.samples(ofFile: path, sampleRate: 16_000)
    }
    #expect(try spoken(.phonemes(phonemes)).count == spoken(.words("computer")).count)
  }
}
