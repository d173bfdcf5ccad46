import Events
import Foundation
import Learning
import Spiketrum
import StreamSources
import TestSupport
import Testing

@Suite("Encoding recordings to learn from")
struct RecordingEncoderTests {
  @Test("the lead before a variant is heard by the encoder and left out of what is learnt, also where it is noisy")
  func lead() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Samples/recordings/digits/five-lucas.wav").standardizedFileURL.path
    let encoder = try RecordingEncoder(sound: SpiketrumConfiguration(sampleRate: 8000))
    let recording = Recording(path: path, label: 5, group: "lucas")
    let whole = try encoder.encodeWhole(recording)
    var augmentation = SoundAugmentation()
    augmentation.variants = 6
    augmentation.leadMicroseconds = 1_500_000
    augmentation.noiseChance = 1
    augmentation.noiseDecibels = [0, 0]
    let sequences = try encoder.encode(recording, augmentation: augmentation, noise: SoundNoise(), seed: 1, index: 0)
    #expect(sequences.count == 7)
    for sequence in sequences {
      // Two steps more where lead and recording do not end on a step.
      #expect(sequence.steps > whole.steps / 2 && sequence.steps <= whole.steps + 2)
    }
    #expect(Set(sequences.map(\.channels)).count == 7)
  }

  @Test("what is broken in recordings of events, and what fills them, is told once a kind, with how many there are")
  func damage() throws {
    var encoder = RecordingEncoder(
      events: EventBinningConfiguration(sensor: SensorGeometry(width: 16, height: 16), binMicroseconds: 25_000))
    let notes = ReadingNotes()
    encoder.notes = notes
    let bar = TestModels.bar()
    // A record far outside the sensor stands in the middle.
    let middle = bar.count / 10 * 5
    let outside = bar[..<middle] + [200, 3] + bar[(middle + 2)...]
    let files = try [
      bar, bar + [UInt8](repeating: 0, count: 500), bar + [UInt8](repeating: 0, count: 250), Array(outside),
    ]
    .map { try TemporaryFile($0) }
    for file in files { _ = try encoder.encodeWhole(Recording(path: file.path, label: 0, group: "")) }
    let lines = notes.lines.filter { !$0.contains("N-MNIST") }
    #expect(lines.count == 2, "\(notes.lines)")
    #expect(lines.contains { $0.hasPrefix("2 recordings (") && $0.hasSuffix("x padding") }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix(files[3].path) && $0.contains("1 x address out of range") }, "\(lines)")
  }

  @Test("recordings of another sensor are filtered and fitted as in a stream, which is told once")
  func otherSensor() throws {
    let configuration = EventBinningConfiguration(
      sensor: SensorGeometry(width: 16, height: 16), binMicroseconds: 25_000)
    var encoder = RecordingEncoder(events: configuration)
    encoder.notes = ReadingNotes()
    for (setting, text) in [(RecordingOptions.Setting.sensor, "48x48"), (.filters, "polarity=on"), (.turn, "180")] {
      _ = encoder.reading.set(setting, to: text)
    }
    let files = try [TemporaryFile(TestModels.bar(width: 48)), TemporaryFile(TestModels.bar(width: 48, passes: 1))]
    let sequences = try files.map { try encoder.encodeWhole(Recording(path: $0.path, label: 0, group: "")) }
    // Of 3000 events that are brighter, each counts for a ninth; the last column comes first.
    #expect(abs(sequences[0].values.reduce(0, +) - Float(3_000) / 9) < 0.01)
    #expect(sequences[0].channels[sequences[0].range(ofStep: 0)].allSatisfy { $0 >= 256 && $0 % 16 >= 14 })
    let lines = try #require(encoder.notes).lines
    #expect(lines.contains { $0.hasPrefix("2 recordings (") && $0.contains("turned by 180 degrees, scaled to 16x16") })
    #expect(lines.last == "filter polarity=on took out 4500 events")
  }

  @Test("an event 60 ms before a recording changes nothing that is learnt, and is told")
  func strayEvent() throws {
    var encoder = RecordingEncoder(
      events: EventBinningConfiguration(sensor: SensorGeometry(width: 16, height: 16), binMicroseconds: 25_000))
    encoder.notes = ReadingNotes()
    let bar = TestModels.bar()
    let clean = try TemporaryFile(bar)
    // Five-byte records, all times but the first later.
    var later = [UInt8](repeating: 3, count: 2) + [0, 0, 0]
    for place in stride(from: 0, to: bar.count, by: 5) {
      let time = (Int(bar[place + 2] & 0x7F) << 16 | Int(bar[place + 3]) << 8 | Int(bar[place + 4])) + 60_000
      later += [bar[place], bar[place + 1], bar[place + 2] & 0x80 | UInt8(time >> 16)]
      later += [UInt8(time >> 8 & 0xFF), UInt8(time & 0xFF)]
    }
    let stray = try TemporaryFile(later)
    let expected = try encoder.encodeWhole(Recording(path: clean.path, label: 0, group: ""))
    let found = try encoder.encodeWhole(Recording(path: stray.path, label: 0, group: ""))
    #expect(found.steps == expected.steps && found.channels == expected.channels && found.values == expected.values)
    #expect(encoder.notes?.lines.contains { $0.contains("a single event stands 60000 us before") } == true)
  }
}
