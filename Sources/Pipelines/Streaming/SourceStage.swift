import Dataflow

/// Reads a source on a thread of its own and sends its blocks on, as fast as they are taken or at the pace of a clock.
actor SourceStage<Source: BlockSource> {
  private let executor: ThreadExecutor
  private let open: @Sendable () throws -> Source
  private let output: BoundedChannel<Source.Block>
  private let speed: Pipeline.Speed
  /// What the source had to say at its end.
  private(set) var notices: [InputNotice] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameter open: called on the stage's thread, because opening may block.
  init(
    to output: BoundedChannel<Source.Block>, on executor: ThreadExecutor, speed: Pipeline.Speed,
    open: @escaping @Sendable () throws -> Source
  ) {
    self.output = output
    self.executor = executor
    self.open = open
    self.speed = speed
  }

  /// Returns when the source has ended or nobody takes its blocks any more; failures go through the channel.
  func run() async {
    do {
      var source = try open()
      defer { notices = source.notices }
      var pacer = speed == .real ? Pacer(clock: ContinuousClock()) : nil
      // The clock starts with the stream, so the first block is held back by its own length, as it would be live.
      try await pacer?.wait(untilMicroseconds: 0)
      while let (block, end) = try source.next() {
        try await pacer?.wait(untilMicroseconds: end)
        guard try await output.send(block) else { break }
      }
      output.finish()
    } catch {
      output.fail(error)
    }
  }
}
