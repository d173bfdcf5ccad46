import Dispatch
import Synchronization

/// Encodes many recordings, or what stands for them, on all cores, in order, with progress.
public func encodeAll<Input: Sendable, Result: Sendable>(
  _ recordings: [Input], threads: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in },
  _ encode: @escaping @Sendable (_ index: Int, _ recording: Input) throws -> Result
) throws -> [Result] {
  let shared = Mutex(EncodingProgress<Result>())
  DispatchQueue.concurrentPerform(iterations: threads) { _ in
    while true {
      let index = shared.withLock { shared -> Int? in
        guard shared.failure == nil, shared.next < recordings.count else { return nil }
        shared.next += 1
        return shared.next - 1
      }
      guard let index else { return }
      let result = Swift.Result { try encode(index, recordings[index]) }
      let done = shared.withLock { shared -> Int in
        switch result {
        case .success(let value): shared.results[index] = value
        case .failure(let error):
          // The first in order is reported, whichever thread met one first.
          if shared.failure.map({ index < $0.index }) ?? true { shared.failure = (index, error) }
        }
        return shared.results.count
      }
      progress(done, recordings.count)
    }
  }
  return try shared.withLock { shared in
    if let failure = shared.failure { throw failure.error }
    return recordings.indices.compactMap { shared.results[$0] }
  }
}

private struct EncodingProgress<Result: Sendable> {
  var results: [Int: Result] = [:]
  var failure: (index: Int, error: any Error)?
  var next = 0
}
