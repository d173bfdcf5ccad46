import EventFormats
import Events
import Foundation
import TestSupport
import Testing

/// `ganglion encode` and `ganglion decode` on spoken digits.
struct EncodeCommandTests {
  private static let digits = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Samples/recordings/digits").standardized.path
  private static let files = [
    "zero-george.wav", "three-jackson.wav", "five-lucas.wav", "seven-theo.wav", "nine-nicolas.wav",
  ]

  private struct Report: Decodable {
    var spikes: Int
    var seconds: Double
    var spikesPerSecond: Double
    var analogueDecibels: Double?
    var placeDecibels: Double?
    var latencyMicroseconds: Int?
  }

  private func report(_ line: String) throws -> Report {
    let outcome = try Program.shell("cd \(Self.digits) && \(line)")
    #expect(outcome.errors == "")
    return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
  }

  @Test func whatIsEncodedIsDecodedWithTheSameLoss() throws {
    let folder = NSTemporaryDirectory() + "ganglion-encode-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = Self.files[0]
    let encoded = try report("ganglion encode \(file) -o \(folder)/s.h5 --rate 1000 --picture \(folder)/s.png --json")
    let analogue = try report("ganglion decode \(folder)/s.h5 -o \(folder)/a.wav --reference \(file) --json")
    let place = try report("ganglion decode \(folder)/s.h5 -o \(folder)/p.wav --code place --reference \(file) --json")
    #expect(encoded.spikes == Int(encoded.seconds * 1000))
    #expect(analogue.spikes == encoded.spikes)
    #expect(abs(try #require(analogue.analogueDecibels) - (try #require(encoded.analogueDecibels))) < 1e-3)
    #expect(abs(try #require(place.placeDecibels) - (try #require(encoded.placeDecibels))) < 1e-3)
    #expect(try #require(encoded.analogueDecibels) > (try #require(encoded.placeDecibels)))
    // The sound that was written is the one that was measured: encoding it again finds the same energy.
    let again = try report("ganglion encode \(folder)/a.wav --rate 1000 --json")
    #expect(abs(again.seconds - encoded.seconds) < 1e-9)
    #expect(try #require(again.analogueDecibels) > (try #require(encoded.analogueDecibels)))
    let png = try Data(contentsOf: URL(fileURLWithPath: folder + "/s.png"))
    #expect(png.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let information = try Program.shell("ganglion info --no-digest \(folder)/s.h5")
    #expect(information.output.contains("events") && information.output.contains(" \(encoded.spikes) "))
  }

  @Test func aStreamLosesLessThanHalfADecibelAgainstTheWholeSound() throws {
    var losses: [Double] = []
    for file in Self.files {
      let stream = try report("ganglion encode \(file) --threshold 0.02 --json")
      #expect(stream.spikes > 40)
      #expect(try #require(stream.latencyMicroseconds) < 200_000)
      // As many spikes, picked with the whole sound at hand.
      let rate = (Double(stream.spikes) + 0.5) / stream.seconds
      let whole = try report("ganglion encode \(file) --whole --rate \(rate) --json")
      #expect(whole.spikes == stream.spikes)
      #expect(whole.latencyMicroseconds == nil)
      losses.append(try #require(whole.analogueDecibels) - (try #require(stream.analogueDecibels)))
    }
    #expect(losses.reduce(0, +) / Double(losses.count) < 0.5)
  }

  @Test func negativeCoefficientsHelpALittle() throws {
    for file in Self.files {
      let positive = try #require(try report("ganglion encode \(file) --whole --rate 500 --json").analogueDecibels)
      let signed = try #require(
        try report("ganglion encode \(file) --whole --signed --rate 500 --json").analogueDecibels)
      #expect(signed > positive - 0.3 && signed < positive + 1.2)
    }
  }

  @Test func aPipeIsEncodedLikeTheFile() throws {
    let file = Self.files[1]
    let direct = try Program.shell("cd \(Self.digits) && ganglion encode \(file) --rate 300")
    let piped = try Program.shell("cd \(Self.digits) && cat \(file) | ganglion encode - --rate 300")
    #expect(direct.code == 0)
    #expect(piped.output == direct.output)
  }

  @Test func picksStopWhereTheSNRIsReached() throws {
    for decibels in [8.0, 15] {
      let whole = try report("ganglion encode \(Self.files[1]) --whole --snr \(decibels) --json")
      let reached = try #require(whole.analogueDecibels)
      #expect(reached >= decibels - 0.01 && reached < decibels + 0.3)
      let stream = try report("ganglion encode \(Self.files[1]) --snr \(decibels) --json")
      #expect(abs(try #require(stream.analogueDecibels) - decibels) < 1)
    }
    let both = try Program.shell("ganglion encode x.wav --snr 8 --threshold 0.1")
    #expect(both.code == 64)
  }

  @Test func spikesAreWrittenAsEvents() throws {
    let folder = NSTemporaryDirectory() + "ganglion-encode-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let line = "ganglion encode \(Self.files[2]) --signed --rate 600 --json -o \(folder)/s"
    let spikes = try report(line + ".h5").spikes
    let list = try #require(try SpikeListFile(contentsOf: folder + "/s.h5").recordings.first)
    let coefficients = try #require(list.columns["coefficient"])
    let samples = try #require(list.columns["sample"])
    for ending in ["aedat4", "raw", "csv", "npz"] {
      _ = try report("\(line).\(ending)")
      var reader = try openEventReader(path: "\(folder)/s.\(ending)")
      var events = EventBatch()
      var batch = EventBatch()
      while try reader.read(into: &batch, maximum: 4096) { events.append(contentsOf: batch) }
      #expect(events.count == spikes && spikes > 100)
      #expect((0..<events.count).map { Int(events.x[$0]) * 3 + Int(events.y[$0]) } == list.units.map { Int($0) })
      #expect(events.polarities == coefficients.map { $0 >= 0 ? 1 : 0 })
      #expect(Set(events.polarities) == [0, 1])
      #expect(events.times == samples.map { Int64($0) * 1_000_000 / 8000 })
      if ending == "aedat4" || ending == "raw" { #expect(reader.geometry == SensorGeometry(width: 40, height: 3)) }
    }
  }

  @Test func everyChannelIsAMicrophoneOfItsOwn() throws {
    let folder = NSTemporaryDirectory() + "ganglion-encode-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // A tone that rises in one channel and falls, more quietly, in the other.
    let tones = (0..<6000).flatMap { index -> [Float] in
      let time = Double(index) / 8000
      return [
        Float(0.5 * sin(2 * Double.pi * (400 + 300 * time) * time)),
        Float(0.2 * sin(2 * Double.pi * (1500 - 400 * time) * time)),
      ]
    }
    let stereo = WaveBytes(sampleRate: 8000, channels: 2).file(tones)
    try Data(stereo).write(to: URL(fileURLWithPath: folder + "/stereo.wav"))
    for channel in 0..<2 {
      let mono = WaveBytes(sampleRate: 8000).file(tones.indices.filter { $0 % 2 == channel }.map { tones[$0] })
      try Data(mono).write(to: URL(fileURLWithPath: "\(folder)/\(channel).wav"))
    }
    let encoded = try report("ganglion encode \(folder)/stereo.wav --each-channel --rate 200 -o \(folder)/s.h5 --json")
    #expect(encoded.spikes == 300)
    let decoded = try report(
      "ganglion decode \(folder)/s.h5 -o \(folder)/d.wav --reference \(folder)/stereo.wav --json")
    #expect(abs(try #require(decoded.analogueDecibels) - (try #require(encoded.analogueDecibels))) < 0.01)
    #expect(try #require(encoded.analogueDecibels) > 5)
    // A channel's spikes are those of its sound alone.
    let both = try #require(try SpikeListFile(contentsOf: folder + "/s.h5").recordings.first)
    for channel in 0..<2 {
      _ = try report("ganglion encode \(folder)/\(channel).wav --rate 200 -o \(folder)/\(channel).h5 --json")
      let alone = try #require(try SpikeListFile(contentsOf: "\(folder)/\(channel).h5").recordings.first)
      let own = both.units.indices.filter { Int(both.units[$0]) / 120 == channel }
      #expect(own.map { both.times[$0] } == alone.times)
      #expect(own.map { Int(both.units[$0]) % 120 / 3 } == alone.units.map { Int($0) / 3 })
      #expect(own.map { both.columns["coefficient"]?[$0] } == alone.columns["coefficient"])
    }
    let mixed = try report("ganglion encode \(folder)/stereo.wav --rate 200 --json")
    #expect(mixed.spikes == 150)
    // What was decoded has two channels again: one of them alone is as long.
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/d.wav")).count == stereo.count)
  }

  @Test func kernelsAreDrawn() throws {
    let path = NSTemporaryDirectory() + "ganglion-kernels-\(UUID().uuidString).svg"
    defer { try? FileManager.default.removeItem(atPath: path) }
    _ = try report("ganglion encode \(Self.files[0]) --channels 12 --kernels \(path) --json")
    let picture = try String(contentsOfFile: path, encoding: .utf8)
    // A trace for each kernel, in two colours.
    #expect(picture.components(separatedBy: "stroke:rgb(0%,44.7").count - 1 == 6)
  }

  @Test func otherFilesAreErrors() throws {
    let missing = try Program.shell("ganglion encode nothing.wav")
    #expect(missing.code == 66)
    #expect(missing.errorLines.count == 1)
    let noSpikes = try Program.shell("cd \(Self.digits) && ganglion decode \(Self.files[0]) -o /tmp/none.wav")
    #expect(noSpikes.code == 65)
    #expect(noSpikes.errors.contains("Spiking Heidelberg Digits"))
    let wrong = try Program.shell("cd \(Self.digits) && ganglion encode \(Self.files[0]) --highest 9000")
    #expect(wrong.code != 0)
    #expect(wrong.errors.contains("highestFrequency"))
  }
}
