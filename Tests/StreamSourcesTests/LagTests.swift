import Testing

@testable import StreamSources

struct LagTests {
  @Test func whoWaitsForBytesKeepsUp() {
    var watch = LagWatch()
    // A sender that pauses for a minute of the clock, and whose stream does not.
    for (stream, now) in [(0, 0), (10_000, 10_000), (20_000, 60_020_000), (30_000, 60_030_000)] as [(Int64, Int64)] {
      let isShed = watch.read(upTo: stream, now: now, hasWaited: true)
      #expect(!isShed)
    }
    // The rest came with the last: no lag.
    let isShed = watch.read(upTo: 40_000, now: 60_039_000, hasWaited: false)
    #expect(!isShed)
  }

  @Test func whatIsHalfASecondBehindIsThrownAwayUntilItIsATenth() {
    var watch = LagWatch()
    _ = watch.read(upTo: 0, now: 1_000_000, hasWaited: true)
    // The stream is read at half its speed.
    var shed: [Bool] = []
    for step in 1...60 as ClosedRange<Int64> {
      shed.append(watch.read(upTo: 10_000 * step, now: 1_000_000 + 20_000 * step, hasWaited: false))
    }
    #expect(shed == [Bool](repeating: false, count: 50) + [Bool](repeating: true, count: 10))
    // Thrown away it is read at ten times its speed.
    shed = []
    for step in 1...60 as ClosedRange<Int64> {
      shed.append(watch.read(upTo: 600_000 + 10_000 * step, now: 2_200_000 + 1_000 * step, hasWaited: false))
    }
    // 600 ms behind, and 9 ms nearer with each.
    #expect(shed == [Bool](repeating: true, count: 55) + [Bool](repeating: false, count: 5))
    #expect(!watch.isShedding)
  }

  @Test func aRecordingThatIsSentFasterThanTheClockIsNotBehind() {
    var watch = LagWatch()
    _ = watch.read(upTo: 0, now: 0, hasWaited: true)
    for step in 1...100 as ClosedRange<Int64> {
      let isShed = watch.read(upTo: 100_000 * step, now: 1_000 * step, hasWaited: false)
      #expect(!isShed)
    }
    // Only what comes from there on counts.
    let isShed = watch.read(upTo: 10_000_000, now: 700_000, hasWaited: false)
    #expect(isShed)
  }

  /// A watch of a stream that is thrown away, 600 ms behind at 1,200,000 us of the clock.
  private func shedding() -> LagWatch {
    var watch = LagWatch()
    _ = watch.read(upTo: 0, now: 0, hasWaited: true)
    let isShed = watch.read(upTo: 600_000, now: 1_200_000, hasWaited: false)
    #expect(isShed)
    return watch
  }

  @Test func aSenderThatHadToWaitIsStillBehindAlthoughItsBytesAreWaitedFor() {
    var watch = shedding()
    // It sends what it has kept at twice the speed of the clock.
    var shed: [Bool] = []
    for step in 1...60 as ClosedRange<Int64> {
      let isShed = watch.read(upTo: 600_000 + 20_000 * step, now: 1_200_000 + 10_000 * step, hasWaited: true)
      shed.append(isShed)
    }
    #expect(shed == [Bool](repeating: true, count: 49) + [Bool](repeating: false, count: 11))
  }

  @Test func aSenderThatIsLateItselfIsTakenAsItIs() {
    var watch = shedding()
    var shed: [Bool] = []
    for step in 1...20 as ClosedRange<Int64> {
      let isShed = watch.read(upTo: 600_000 + 10_000 * step, now: 1_200_000 + 10_000 * step, hasWaited: true)
      shed.append(isShed)
    }
    #expect(shed == [Bool](repeating: true, count: 9) + [Bool](repeating: false, count: 11))
  }
}
