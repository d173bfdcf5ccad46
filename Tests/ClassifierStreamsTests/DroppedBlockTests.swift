import Events
import StreamSources
import TestSupport
import Testing

@testable import ClassifierStreams

/// Blocks that were dropped because the model did not keep up.
struct DroppedBlockTests {
  private func block(_ times: [Int64], loss: LossReason? = nil) -> EventBlock {
    var events = EventBatch()
    for time in times { events.append(Event(timeMicroseconds: time, x: 3, y: 4, polarity: 1)) }
    return EventBlock(events: events, loss: loss)
  }

  private func gaps(dropped: Int, loss: LossReason? = nil) throws -> [StreamResult] {
    var stream = try ClassifierStream<EventSegments>(PreparedModel(TestModels.events()), source: "camera")
    var told: [StreamResult] = []
    func take(_ result: StreamResult) { if case .gap = result { told.append(result) } }
    try stream.process(.block(block([0, 5_000]), arrivedMicroseconds: 0), droppedBefore: 0, emit: take)
    try stream.process(
      .block(block([25_000, 30_000], loss: loss), arrivedMicroseconds: 0), droppedBefore: dropped, emit: take)
    try stream.finish(emit: take)
    return told
  }

  @Test func droppedEventsAreAGapAndAPauseIsNone() throws {
    let gap = StreamResult.gap(lostMicroseconds: 20_000, endMicroseconds: 25_000)
    #expect(try gaps(dropped: 0) == [])
    #expect(try gaps(dropped: 1) == [gap])
    // What the source itself lost it has told everybody.
    #expect(try gaps(dropped: 0, loss: .violation) == [])
    #expect(try gaps(dropped: 1, loss: .violation) == [gap])
  }
}
