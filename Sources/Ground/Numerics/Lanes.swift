import Dispatch

/// A fixed number of lanes that share the samples of a batch, run on any number of threads.
///
/// Sums are kept lane by lane and added in lane order, so a result does not depend on how many threads there are.
public struct Lanes: Sendable {
  /// Number of partial sums; a property of the result, not of the machine.
  public let count: Int
  /// Number of threads that work on them.
  public let threads: Int

  public init(count: Int = 4, threads: Int) {
    precondition(count > 0 && threads > 0, "lanes and threads are at least one")
    self.count = count
    self.threads = min(threads, count)
  }

  /// Calls `body` once for each lane and returns when all have finished.
  ///
  /// `body` may write only what belongs to its lane.
  public func run(_ body: (_ lane: Int) -> Void) {
    if threads == 1 {
      for lane in 0..<count { body(lane) }
      return
    }
    let count = count
    let threads = threads
    withoutActuallyEscaping(body) { body in
      let job = Job(body: body)
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for lane in stride(from: thread, to: count, by: threads) { job.body(lane) }
      }
    }
  }

  /// Calls `body` once for each sample, lane after lane.
  public func forEachSample(of samples: Int, _ body: (_ lane: Int, _ sample: Int) -> Void) {
    run { lane in
      for sample in stride(from: lane, to: samples, by: count) { body(lane, sample) }
    }
  }

  private struct Job: @unchecked Sendable {
    // Sendable: `concurrentPerform` returns only after every call has, and by contract each call writes its lane alone.
    let body: (Int) -> Void
  }
}
