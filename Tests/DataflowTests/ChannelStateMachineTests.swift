import Testing

@testable import Dataflow

/// Writes a machine's answers as words, so that a test reads as a story.
private struct Story {
  var machine: ChannelStateMachine<String>

  init(capacity: Int, policy: OverflowPolicy) {
    machine = ChannelStateMachine(capacity: capacity, policy: policy)
  }

  mutating func send(_ element: String, token: Int = 0) -> String {
    switch machine.send(element, token: token) {
    case .accepted: "accepted"
    case .deliver(let delivery, let receiver): "\(Self.text(delivery)) to \(receiver)"
    case .wait: "wait"
    case .closed: "closed"
    }
  }

  mutating func receive(token: Int = 100) -> String {
    switch machine.receive(token: token) {
    case .take(let delivery, let sender): Self.text(delivery) + (sender.map { " releasing \($0)" } ?? "")
    case .wait: "wait"
    case .end(.finished): "finished"
    case .end(.failed(let error)): "failed \(error)"
    }
  }

  mutating func finish(
    _ end: ChannelStateMachine<String>.End = .finished
  ) -> ChannelStateMachine<String>.Wake { machine.finish(end) }
  mutating func close() -> ChannelStateMachine<String>.Wake { machine.close() }
  mutating func cancelSend(token: Int) -> Bool { machine.cancelSend(token: token) }
  mutating func cancelReceive(token: Int) -> Bool { machine.cancelReceive(token: token) }

  private static func text(_ delivery: Delivery<String>) -> String {
    delivery.element + (delivery.droppedBefore > 0 ? " after \(delivery.droppedBefore) dropped" : "")
  }
}

private struct Fault: Error, CustomStringConvertible {
  var description: String { "fault" }
}

struct ChannelStateMachineTests {
  @Test func elementsLeaveInTheOrderTheyCame() {
    var story = Story(capacity: 2, policy: .suspend)
    #expect(story.send("a") == "accepted")
    #expect(story.send("b") == "accepted")
    #expect(story.receive() == "a")
    #expect(story.receive() == "b")
    #expect(story.receive() == "wait")
  }

  @Test func waitingReceiverGetsTheNextElementDirectly() {
    var story = Story(capacity: 1, policy: .suspend)
    #expect(story.receive(token: 7) == "wait")
    #expect(story.send("a") == "a to 7")
    #expect(story.machine.count == 0)
  }

  @Test func fullChannelMakesSendersWaitInTheirOrder() {
    var story = Story(capacity: 1, policy: .suspend)
    #expect(story.send("a", token: 1) == "accepted")
    #expect(story.send("b", token: 2) == "wait")
    #expect(story.send("c", token: 3) == "wait")
    #expect(story.machine.count == 1)
    #expect(story.receive() == "a releasing 2")
    #expect(story.receive() == "b releasing 3")
    #expect(story.receive() == "c")
  }

  @Test func dropOldestCountsWhatIsMissingBeforeTheNextDelivery() {
    var story = Story(capacity: 2, policy: .dropOldest)
    for element in ["a", "b", "c", "d", "e"] { #expect(story.send(element) == "accepted") }
    #expect(story.receive() == "d after 3 dropped")
    #expect(story.receive() == "e")
    #expect(story.machine.dropped == 3)
    #expect(story.send("f") == "accepted")
    #expect(story.receive() == "f")
  }

  @Test func finishingStillDeliversWhatIsInsideAndWhatWaits() {
    var story = Story(capacity: 1, policy: .suspend)
    _ = story.send("a", token: 1)
    _ = story.send("b", token: 2)
    let finish = story.finish()
    #expect(finish.senders == [2])
    #expect(story.send("c") == "closed")
    #expect(story.receive() == "a")
    #expect(story.receive() == "b")
    #expect(story.receive() == "finished")
    #expect(story.receive() == "finished")
  }

  @Test func failureComesAfterWhatCameBeforeIt() {
    var story = Story(capacity: 3, policy: .suspend)
    _ = story.send("a")
    _ = story.finish(.failed(Fault()))
    let finish = story.finish()
    #expect(finish.senders.isEmpty)
    #expect(story.receive() == "a")
    #expect(story.receive() == "failed fault")
  }

  @Test func finishingWakesTheWaitingReceiver() {
    var story = Story(capacity: 1, policy: .suspend)
    _ = story.receive(token: 9)
    let finish = story.finish()
    #expect(finish.receiver == 9)
  }

  @Test func closingThrowsAwayAndTellsSenders() {
    var story = Story(capacity: 1, policy: .suspend)
    _ = story.send("a", token: 1)
    _ = story.send("b", token: 2)
    let close = story.close()
    #expect(close.senders == [2])
    #expect(story.send("c") == "closed")
    #expect(story.receive() == "finished")
  }

  @Test func cancelledWaitersLeaveNoTrace() {
    var story = Story(capacity: 1, policy: .suspend)
    _ = story.send("a", token: 1)
    _ = story.send("b", token: 2)
    #expect(story.cancelSend(token: 2) == true)
    #expect(story.cancelSend(token: 2) == false)
    #expect(story.receive() == "a")
    #expect(story.receive(token: 5) == "wait")
    #expect(story.cancelReceive(token: 4) == false)
    #expect(story.cancelReceive(token: 5) == true)
    #expect(story.send("c") == "accepted")
  }
}
