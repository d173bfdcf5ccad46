import Testing

@testable import SoundCapture

struct SurveyTests {
  private func advice(_ channels: [[Float]]) -> String? {
    var levels = ChannelLevels(count: channels.count)
    var survey = CaptureSurvey()
    for frame in channels[0].indices {
      for (channel, samples) in channels.enumerated() { levels.add(samples[frame], channel: channel) }
    }
    levels.advance(frames: channels[0].count)
    survey.hear(channels[0].indices.map { frame in channels.reduce(0) { $0 + $1[frame] } / Float(channels.count) })
    return survey.advice(levels)
  }

  private func tone(_ amplitude: Float) -> [Float] { (0..<800).map { $0 % 2 == 0 ? amplitude : -amplitude } }

  @Test func everyTroubleHasItsRemedy() throws {
    #expect(advice([tone(0.2)]) == nil)
    #expect(advice([tone(0.2), tone(0.1)]) == nil)
    #expect(try #require(advice([tone(0)])).hasPrefix("nothing but zeros: it is muted"))
    #expect(try #require(advice([tone(0.2), tone(-0.2)])).hasSuffix("choose one, 'channel: 0'"))
    #expect(
      advice([tone(0), tone(0.2), tone(0)])
        == "nothing but zeros in channel 0, 2: choose another, 'channel: 1', which is louder than the mean")
    #expect(try #require(advice([tone(1)])).hasPrefix("too loud"))
    #expect(advice([tone(0.001)])?.hasSuffix("say 'gain: 40' at the source") == true)
    #expect(advice([tone(0.017)]) == nil)
  }

  @Test func aDeviceThatEndsInSilenceIsNotMuted() {
    var levels = ChannelLevels(count: 1)
    var survey = CaptureSurvey()
    for block in [tone(0.2), tone(0)] {
      for sample in block { levels.add(sample, channel: 0) }
      levels.advance(frames: block.count)
      survey.hear(block)
    }
    #expect(survey.advice(levels) == nil)
  }

  @Test func levelsAreInDecibelsBelowFullScale() {
    var survey = CaptureSurvey()
    survey.hear(tone(0.1))
    #expect(survey.level.rmsDecibels == -20 && survey.level.peakDecibels == -20)
    var levels = ChannelLevels(count: 2)
    for sample in tone(0.5) {
      levels.add(sample, channel: 0)
      levels.add(0, channel: 1)
    }
    levels.advance(frames: 800)
    let found = CaptureSurvey.levels(of: levels)
    #expect(found.map(\.rmsDecibels) == [-6, -120])
    #expect(found.map(\.peakDecibels) == [-6, -120])
  }
}
