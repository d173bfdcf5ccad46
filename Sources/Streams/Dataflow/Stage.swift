/// What a stage does with the elements that pass through it: a value without threads or waiting.
public protocol StreamTransform: SendableMetatype {
  associatedtype Input: Sendable
  associatedtype Output: Sendable
  /// Takes the next element, and how many were lost directly before it.
  mutating func process(_ input: Input, droppedBefore: Int, emit: (Output) -> Void) throws
  /// The input has ended, in good order or with an error that is passed on afterwards.
  mutating func finish(emit: (Output) -> Void) throws
}

/// A stage: passes everything that comes through a channel through a transform, and what comes of it to a sink.
///
/// An error of the input is thrown after everything that came before it was finished, an error of the transform after what
/// it has made. Whatever the end is, the input is closed, so that whoever sends stops. To keep a stage to a thread, run it
/// in a task that prefers a `ThreadExecutor`.
public func flow<Transform: StreamTransform>(
  from input: BoundedChannel<Transform.Input>, through transform: inout Transform,
  isolation: isolated (any Actor)? = #isolation, to sink: (Transform.Output) async throws -> Void
) async throws {
  defer { input.close() }
  var made: [Transform.Output] = []
  var failure: (any Error)?
  while failure == nil {
    var delivery: Delivery<Transform.Input>?
    do { delivery = try await input.receive() } catch { failure = error }
    if failure is CancellationError { break }
    do {
      if let delivery {
        try transform.process(delivery.element, droppedBefore: delivery.droppedBefore) { made.append($0) }
      } else {
        try transform.finish { made.append($0) }
      }
    } catch {
      failure = failure ?? error
    }
    for output in made { try await sink(output) }
    made.removeAll(keepingCapacity: true)
    if delivery == nil { break }
  }
  if let failure { throw failure }
}
