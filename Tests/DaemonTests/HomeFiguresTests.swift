import MQTTPublishing
import Testing

@testable import Daemon

struct HomeFiguresTests {
  private func status(_ blocks: [(count: Int, power: Float)]) -> SourceStatus.Snapshot {
    let status = SourceStatus(now: 0)
    for block in blocks {
      _ = status.arrived(endMicroseconds: 0, count: block.count, power: block.power, now: 0)
    }
    return status.snapshot
  }

  @Test func aLevelIsOfWhatCameSinceTheLastTime() {
    var figure = HomeFigures.Source()
    let before = status([(8_000, 1)])
    figure.measure(before, since: nil, seconds: 0, false)
    #expect(figure.level == 0)
    // Three parts of a hundredth and one of nothing.
    figure.measure(status([(8_000, 1), (3_000, 0.01), (1_000, 0)]), since: before, seconds: 1, false)
    #expect(abs((figure.level ?? 0) - -21.249) < 0.01)
    figure.measure(before, since: before, seconds: 1, false)
    #expect(figure.level == nil)
    figure.measure(status([(8_000, 0)]), since: nil, seconds: 1, false)
    #expect(figure.level == -120)
  }

  @Test func aRateIsOfEventsAndNeverNegative() {
    var figure = HomeFigures.Source()
    let before = status([(500, 0)])
    figure.measure(before, since: nil, seconds: 0, true)
    #expect(figure.rate == nil)
    figure.measure(status([(500, 0), (1_500, 0)]), since: before, seconds: 2, true)
    #expect(figure.rate == 750)
    // A source that was begun anew.
    figure.measure(status([(100, 0)]), since: before, seconds: 2, true)
    #expect(figure.rate == 50)
  }
}
