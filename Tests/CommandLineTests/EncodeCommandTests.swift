import Foundation
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
