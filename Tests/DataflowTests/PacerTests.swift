import Testing

@testable import Dataflow

struct PacerTests {
  @Test func streamTimeIsHeldBackToTheClock() async throws {
    let clock = VirtualClock()
    let stream = BoundedChannel<Int64>(capacity: 10)
    let task = Task {
      var pacer = Pacer(clock: clock)
      for time: Int64 in [5_000, 15_000, 15_000, 45_000] {
        try await pacer.wait(untilMicroseconds: time)
        try await stream.send(time)
      }
      stream.finish()
    }
    // The first sets the pace and passes at once.
    #expect(try await stream.receive()?.element == 5_000)
    #expect(await clock.nextDue().offset == .milliseconds(10))
    #expect(stream.count == 0)
    clock.advance(to: .init(offset: .milliseconds(10)))
    #expect(try await stream.receive()?.element == 15_000)
    #expect(try await stream.receive()?.element == 15_000)
    #expect(await clock.nextDue().offset == .milliseconds(40))
    // Who comes late is not held back further.
    clock.advance(to: .init(offset: .milliseconds(70)))
    #expect(try await stream.receive()?.element == 45_000)
    #expect(try await stream.receive() == nil)
    try await task.value
  }
}
