import Testing

@testable import StreamSources

struct SilenceTests {
  /// Stream time after which the finding changed, in blocks of 10 ms, and what it was then.
  private func changes(_ blocks: [SoundBlock]) throws -> [(at: Int, finding: SilenceWatch.Finding?)] {
    var watch = SilenceWatch()
    var changes: [(at: Int, finding: SilenceWatch.Finding?)] = []
    for (index, block) in blocks.enumerated() {
      let loudness = try #require(block.loudness)
      if watch.hear(loudness, microseconds: 10_000) { changes.append((index + 1, watch.finding)) }
    }
    return changes
  }

  private func blocks(_ count: Int, of samples: [Float], unmixed: Float? = nil) -> [SoundBlock] {
    (0..<count).map { _ in SoundBlock(samples: samples, sampleRate: 8_000, startSample: 0, unmixedPower: unmixed) }
  }

  private let noise: [Float] = (0..<80).map { Float($0 % 7) / 1_000 }

  @Test func zerosForFiveSecondsAreToldAndTheFirstSampleEndsIt() throws {
    let found = try changes(
      blocks(100, of: noise) + blocks(499, of: [Float](repeating: 0, count: 80)) + blocks(1, of: noise)
        + blocks(700, of: [Float](repeating: 0, count: 80)) + blocks(10, of: noise))
    #expect(found.map(\.at) == [1_100, 1_301])
    #expect(found.map(\.finding) == [.constant(0), nil])
  }

  @Test func anyOtherValueThatNeverChangesIsSilenceToo() throws {
    let found = try changes(blocks(600, of: [Float](repeating: -1 / 32_768, count: 80)))
    #expect(found.map(\.at) == [500])
    #expect(found.first?.finding == .constant(-1 / 32_768))
    // A block of one value each is no stretch of one value.
    let steps = (0..<600).flatMap { blocks(1, of: [Float](repeating: Float($0) / 1_000, count: 80)) }
    #expect(try changes(steps).isEmpty)
  }

  @Test func theSoftestSoundIsNoSilence() throws {
    #expect(try changes(blocks(2_000, of: [0, 0, 0, 1 / 32_768])).isEmpty)
  }

  @Test func channelsThatCancelAreToldHoweverLoudTheyAre() throws {
    let zeros = [Float](repeating: 0, count: 80)
    // Turned over to the bit: words, and pauses with nothing in them.
    let words = blocks(100, of: zeros, unmixed: 0.01) + blocks(150, of: zeros, unmixed: 0)
    let found = try changes(words + words + words + blocks(500, of: noise, unmixed: 0.0001))
    #expect(found.map(\.at) == [500, 1_000])
    guard case .cancelled(let power) = found.first?.finding else {
      Issue.record("\(found)")
      return
    }
    #expect(abs(power - 0.004) < 1e-5)
    // 31 dB less is cancelled, 29 dB less is not.
    let low: [Float] = [0.001, -0.001]
    #expect(try changes(blocks(600, of: low, unmixed: 1e-6 * 1_260)).count == 1)
    #expect(try changes(blocks(600, of: low, unmixed: 1e-6 * 794)).isEmpty)
  }

  @Test func mutedChannelsAreMutedAndDoNotCancel() throws {
    let found = try changes(blocks(600, of: [0, 0], unmixed: 0))
    #expect(found.map(\.finding) == [.constant(0)])
  }

  @Test func loudnessIsOfTheWholeBlock() {
    let loudness = SoundBlock(samples: [0.5, -0.5, 0.5, -0.5], sampleRate: 8_000, startSample: 0).loudness
    #expect(loudness == Loudness(constant: nil, power: 0.25))
  }
}
