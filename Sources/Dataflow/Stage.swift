/// What a stage does with the elements that pass through it: a value without threads or waiting.
public protocol StreamTransform: SendableMetatype {
  associatedtype Input: Sendable
  associatedtype Output: Sendable
  /// Takes the next element, and how many were lost directly before it.
  mutating func process(_ input: Input, droppedBefore: Int, emit: (Output) -> Void) throws
  /// The input has ended, in good order or with an error that is passed on afterwards.
  mutating func finish(emit: (Output) -> Void) throws
}

/// Runs a transform between two channels, on a thread of its own.
///
/// An error of the input is passed on after everything that came before it was finished; an error of the transform likewise, and the
/// input is closed so that whoever sends stops. When the output's receiver has left, or the task is cancelled, the input
/// is closed too.
public actor Stage<Transform: StreamTransform> {
  private let executor: ThreadExecutor
  private var transform: Transform
  private let input: BoundedChannel<Transform.Input>
  private let output: BoundedChannel<Transform.Output>

  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  public init(
    _ transform: sending Transform, from input: BoundedChannel<Transform.Input>,
    to output: BoundedChannel<Transform.Output>, on executor: ThreadExecutor
  ) {
    self.transform = transform
    self.input = input
    self.output = output
    self.executor = executor
  }

  /// Returns when the stream has ended, in whatever way; how is told through the channels.
  public func run() async {
    do {
      try await work()
      output.finish()
    } catch {
      output.fail(error)
    }
    input.close()
  }

  private func work() async throws {
    while let delivery = try await next() {
      var made: [Transform.Output] = []
      do {
        try transform.process(delivery.element, droppedBefore: delivery.droppedBefore) { made.append($0) }
      } catch {
        _ = try await pass(made)
        throw error
      }
      guard try await pass(made) else { return }
    }
    _ = try await pass(ending())
  }

  /// The next element; where the input fails instead, everything before the failure is finished first.
  private func next() async throws -> Delivery<Transform.Input>? {
    do {
      return try await input.receive()
    } catch let error as CancellationError {
      throw error
    } catch {
      _ = try await pass(ending())
      throw error
    }
  }

  /// What the transform still held.
  private func ending() throws -> [Transform.Output] {
    var made: [Transform.Output] = []
    try transform.finish { made.append($0) }
    return made
  }

  /// Whether anybody still takes them.
  private func pass(_ elements: [Transform.Output]) async throws -> Bool {
    for element in elements {
      guard try await output.send(element) else { return false }
    }
    return true
  }
}
