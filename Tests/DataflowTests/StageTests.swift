import Glibc
import Synchronization
import Testing

@testable import Dataflow

private struct Fault: Error, Equatable {
  var text: String
}

/// Says everything twice; fails on `bad`; adds `end` when the stream ends.
private struct Echo: StreamTransform {
  mutating func process(_ input: String, droppedBefore: Int, emit: (String) -> Void) throws {
    emit(input)
    if input == "bad" { throw Fault(text: "met bad") }
    emit(input)
  }

  mutating func finish(emit: (String) -> Void) throws { emit("end") }
}

/// Notes which thread it ran on.
private struct ThreadNote: StreamTransform {
  mutating func process(_ input: Int, droppedBefore: Int, emit: (UInt) -> Void) throws { emit(pthread_self()) }
  mutating func finish(emit: (UInt) -> Void) throws { emit(pthread_self()) }
}

struct StageTests {
  /// Runs an echo over some input on a thread of its own and gives what came out.
  private func echo(
    _ words: [String], failure: Fault? = nil, limit: Int = .max
  ) async throws -> (elements: [String], error: (any Error)?, accepted: Int) {
    let executor = ThreadExecutor(name: "echo")
    defer { executor.shutDown() }
    let input = BoundedChannel<String>(capacity: 1)
    let task = Task(executorPreference: executor) { () -> (elements: [String], error: (any Error)?) in
      var echo = Echo()
      var elements: [String] = []
      do {
        try await flow(from: input, through: &echo) { element in
          if elements.count == limit { throw Fault(text: "enough") }
          elements.append(element)
        }
        return (elements, nil)
      } catch {
        return (elements, error)
      }
    }
    var accepted = 0
    for word in words {
      guard try await input.send(word) else { break }
      accepted += 1
    }
    if let failure { input.fail(failure) } else { input.finish() }
    let (elements, error) = await task.value
    return (elements, error, accepted)
  }

  @Test func everythingPassesInOrderAndTheEndIsMarked() async throws {
    let words = (0..<50).map(String.init)
    let (elements, error, _) = try await echo(words)
    #expect(elements == words.flatMap { [$0, $0] } + ["end"])
    #expect(error == nil)
  }

  @Test func inputsFailureArrivesAfterEverythingBeforeIt() async throws {
    let (elements, error, _) = try await echo(["a", "b"], failure: Fault(text: "cut off"))
    #expect(elements == ["a", "a", "b", "b", "end"])
    #expect(error as? Fault == Fault(text: "cut off"))
  }

  @Test func transformsFailureStopsTheSender() async throws {
    let (elements, error, accepted) = try await echo(["a", "bad"] + [String](repeating: "c", count: 100))
    #expect(elements == ["a", "a", "bad"])
    #expect(error as? Fault == Fault(text: "met bad"))
    #expect(accepted < 10)
  }

  @Test func aSinkThatFailsStopsTheSender() async throws {
    let (elements, error, accepted) = try await echo([String](repeating: "a", count: 100), limit: 3)
    #expect(elements == ["a", "a", "a"])
    #expect(error as? Fault == Fault(text: "enough"))
    #expect(accepted < 10)
  }

  @Test func cancellingAStageEndsItAndItsSender() async throws {
    let input = BoundedChannel<String>(capacity: 1)
    let elements = Mutex<[String]>([])
    let task = Task {
      var echo = Echo()
      try await flow(from: input, through: &echo) { element in elements.withLock { $0.append(element) } }
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    // Nothing that was held is told any more.
    #expect(elements.withLock { $0 } == [])
    #expect(try await input.send("a") == false)
  }

  @Test func aStageKeepsToItsOwnThread() async throws {
    let executors = [ThreadExecutor(name: "first"), ThreadExecutor(name: "second")]
    var threads: [Set<UInt>] = []
    for executor in executors {
      let input = BoundedChannel<Int>(capacity: 2)
      let task = Task(executorPreference: executor) {
        var note = ThreadNote()
        var made: Set<UInt> = []
        try await flow(from: input, through: &note) { thread in
          made.insert(thread)
          made.insert(pthread_self())
        }
        return made
      }
      for number in 0..<20 { try await input.send(number) }
      input.finish()
      threads.append(try await task.value)
    }
    #expect(threads.map(\.count) == [1, 1])
    #expect(threads[0] != threads[1])
    for executor in executors { executor.shutDown() }
  }

  @Test func executorThatWasShutDownStillRunsWhatComesLater() async {
    let executor = ThreadExecutor(name: "late")
    executor.shutDown()
    let value = await Task(executorPreference: executor) { 41 + 1 }.value
    #expect(value == 42)
  }
}

struct BoundedChannelTests {
  @Test func cancelledReceiverAndSenderThrow() async throws {
    let channel = BoundedChannel<Int>(capacity: 1)
    let receiver = Task { try await channel.receive()?.element }
    receiver.cancel()
    await #expect(throws: CancellationError.self) { try await receiver.value }
    try await channel.send(1)
    let sender = Task { try await channel.send(2) }
    sender.cancel()
    await #expect(throws: CancellationError.self) { try await sender.value }
    #expect(try await channel.receive()?.element == 1)
    #expect(channel.count == 0)
  }

  /// Cancels itself where the handler of the cancellation runs before there is anything for it to find.
  private func lateCanceller() -> BoundedChannel<Int> {
    BoundedChannel(capacity: 1, policy: .suspend, aboutToWait: { withUnsafeCurrentTask { $0?.cancel() } })
  }

  /// The error that a task throws; nil where it waits on until the channel is ended from outside.
  private func failure(of task: Task<Void, any Error>, on channel: BoundedChannel<Int>) async -> (any Error)? {
    let rescue = Task {
      try await Task.sleep(for: .seconds(10))
      channel.close()
    }
    defer { rescue.cancel() }
    do { try await task.value } catch { return error }
    return nil
  }

  @Test func aReceiverThatIsCancelledJustBeforeItWaitsDoesNotWaitForEver() async {
    let channel = lateCanceller()
    let receiver = Task { _ = try await channel.receive() }
    #expect(await failure(of: receiver, on: channel) is CancellationError)
  }

  @Test func aSenderThatIsCancelledJustBeforeItWaitsDoesNotWaitForEver() async throws {
    let channel = lateCanceller()
    try await channel.send(1)
    let sender = Task { _ = try await channel.send(2) }
    #expect(await failure(of: sender, on: channel) is CancellationError)
    // Nor does what it brought arrive.
    channel.finish()
    #expect(channel.count == 1)
  }

  @Test func manySendersLoseNothing() async throws {
    let channel = BoundedChannel<Int>(capacity: 3)
    async let sum = {
      var sum = 0
      while let delivery = try await channel.receive() { sum += delivery.element }
      return sum
    }()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for sender in 0..<8 {
        group.addTask { for number in 0..<200 { try await channel.send(sender * 200 + number) } }
      }
      try await group.waitForAll()
    }
    channel.finish()
    #expect(try await sum == 1_599 * 800)
  }

  @Test func liveSenderNeverWaits() async throws {
    let channel = BoundedChannel<Int>(capacity: 4, policy: .dropOldest)
    for number in 0..<100 { try await channel.send(number) }
    channel.finish()
    var received: [Delivery<Int>] = []
    while let delivery = try await channel.receive() { received.append(delivery) }
    #expect(received.map(\.element) == [96, 97, 98, 99])
    #expect(received.map(\.droppedBefore) == [96, 0, 0, 0])
    #expect(channel.dropped == 96)
  }
}
