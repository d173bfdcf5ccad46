import ClassifierStreams
import SocketProtocol

/// Judges whether the daemon does its work: alive but deaf counts as dead. A value on times it is given.
///
/// A source is deaf when it claims to run and nothing has come from it for `patience`; one that waits for somebody, has
/// ended or is known to be away is not. A model is stuck when blocks wait for it and it has worked off none.
struct Liveness: Sendable {
  struct Source: Sendable {
    var id: String
    var state: Report.Health.State
    /// Monotonic time of the last arrival, microseconds.
    var lastArrival: Int64
  }

  struct Pipeline: Sendable {
    var name: String
    var waiting: Int
    var blocks: Int64
  }

  let patienceMicroseconds: Int64
  private var progress: [String: (blocks: Int64, since: Int64)] = [:]

  init(patienceMicroseconds: Int64) {
    self.patienceMicroseconds = patienceMicroseconds
  }

  /// What is stuck, by name; empty when all is well.
  mutating func stuck(sources: [Source], pipelines: [Pipeline], now: Int64) -> [String] {
    var names: [String] = []
    for source in sources where [.running, .silent, .starting].contains(source.state) {
      if now - source.lastArrival >= patienceMicroseconds { names.append("source \(source.id)") }
    }
    var seen: [String: (blocks: Int64, since: Int64)] = [:]
    for pipeline in pipelines {
      let before = progress[pipeline.name]
      let hasMoved = pipeline.waiting == 0 || before?.blocks != pipeline.blocks
      let since = hasMoved ? now : before?.since ?? now
      seen[pipeline.name] = (pipeline.blocks, since)
      if now - since >= patienceMicroseconds { names.append("model \(pipeline.name)") }
    }
    progress = seen
    return names
  }
}
