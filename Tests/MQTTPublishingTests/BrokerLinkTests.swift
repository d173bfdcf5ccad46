import Testing

@testable import MQTTPublishing

struct BrokerLinkTests {
  @Test func pausesGrowToAMinuteAndBeginAnewAfterAConnectionThatHeld() {
    var link = BrokerLink(now: 0)
    var now: Int64 = 0
    var pauses: [Int64] = []
    for _ in 0..<9 {
      #expect(link.due(now: now) == .connect)
      let pause = link.failed("refused", now: now).pause
      pauses.append(pause)
      #expect(link.due(now: now + pause - 1) == .nothing)
      #expect(link.nextDuty == now + pause)
      now += pause
    }
    #expect(pauses == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    #expect(link.due(now: now) == .connect)
    link.connected(now: now)
    #expect(link.isUp && link.nextDuty == nil)
    // One that breaks at once is the same trouble as before.
    #expect(link.failed("lost", now: now + 100).pause == 60_000)
    now += 60_100
    #expect(link.due(now: now) == .connect)
    link.connected(now: now)
    #expect(link.failed("lost", now: now + 90_000).pause == 1_000)
  }

  @Test func whoDoesNotAnswerIsGivenUpAfterTenSeconds() {
    var link = BrokerLink(now: 5)
    #expect(link.due(now: 5) == .connect)
    #expect(link.due(now: 10_004) == .nothing)
    #expect(link.due(now: 10_005) == .giveUp)
    link.failed("no answer", now: 10_005)
    #expect(link.state == .waiting(until: 11_005))
    // What an old connection says late begins nothing.
    link.connected(now: 10_500)
    #expect(!link.isUp)
  }

  @Test func aReasonIsNewsOnceUntilThereIsAnotherOrAConnection() {
    var link = BrokerLink(now: 0)
    func fail(_ reason: String, _ now: Int64) -> Bool { link.failed(reason, now: now).isNews }
    #expect(fail("refused", 0))
    #expect(!fail("refused", 1_000))
    #expect(fail("no route", 2_000))
    #expect(link.due(now: 200_000) == .connect)
    link.connected(now: 200_000)
    #expect(fail("no route", 201_000))
    link.end()
    #expect(link.due(now: 1_000_000) == .nothing)
    #expect(!fail("other", 1_000_000))
  }
}
