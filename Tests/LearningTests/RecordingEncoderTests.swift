import Foundation
import Learning
import Spiketrum
import Testing

@Suite("Encoding recordings to learn from")
struct RecordingEncoderTests {
  @Test("the lead before a variant is heard by the encoder and left out of what is learnt, also where it is noisy")
  func lead() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Samples/recordings/digits/five-lucas.wav").standardizedFileURL.path
    let encoder = RecordingEncoder(spiketrum: try SpiketrumEncoder(SpiketrumConfiguration(sampleRate: 8000)))
    let recording = Recording(path: path, label: 5, group: "lucas")
    let whole = try encoder.encodeWhole(recording)
    var augmentation = SoundAugmentation()
    augmentation.variants = 6
    augmentation.leadMicroseconds = 1_500_000
    augmentation.noiseChance = 1
    augmentation.noiseDecibels = [0, 0]
    let sequences = try encoder.encode(recording, augmentation: augmentation, noise: [], seed: 1, index: 0)
    #expect(sequences.count == 7)
    for sequence in sequences {
      // Two steps more where lead and recording do not end on a step.
      #expect(sequence.steps > whole.steps / 2 && sequence.steps <= whole.steps + 2)
    }
    #expect(Set(sequences.map(\.channels)).count == 7)
  }
}
