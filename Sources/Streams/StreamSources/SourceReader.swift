import Dataflow

/// Takes what a source brings, one after another.
public protocol ArrivalHandler: Sendable {
  associatedtype Block: StreamBlock
  /// - Parameter source: what it comes from, to be asked for its notices and violations.
  /// - Returns: whether to go on.
  mutating func take(
    _ arrival: Arrival<Block>, from source: any StreamSource<Block>, isolation: isolated (any Actor)?
  ) async throws -> Bool
}

/// Reads a source on a thread of its own, as fast as what comes is taken or at the pace of stream time.
public actor SourceReader<Handler: ArrivalHandler> {
  private let executor: ThreadExecutor
  private let isPaced: Bool
  private let open: @Sendable () throws -> any StreamSource<Handler.Block>

  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameters:
  ///   - isPaced: whether stream time passes as on the clock.
  ///   - open: called on the reader's thread, because opening may block.
  public init(
    on executor: ThreadExecutor, isPaced: Bool, open: @escaping @Sendable () throws -> any StreamSource<Handler.Block>
  ) {
    self.executor = executor
    self.isPaced = isPaced
    self.open = open
  }

  /// Reads until the source has ended or the handler has had enough; throws what either fails with.
  ///
  /// - Returns: the handler, as it is at the end.
  public func run(_ handler: Handler) async throws -> Handler {
    var handler = handler
    let source = try open()
    var pacer = isPaced ? Pacer(clock: ContinuousClock()) : nil
    // The clock starts with the stream, so the first block is held back by its own length, as it would be live.
    try await pacer?.wait(untilMicroseconds: 0)
    while true {
      let arrival = try source.next()
      if case .block(let block) = arrival { try await pacer?.wait(untilMicroseconds: block.endMicroseconds) }
      guard try await handler.take(arrival, from: source, isolation: self) else { return handler }
      if case .end = arrival { return handler }
    }
  }
}
