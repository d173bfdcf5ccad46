import Foundation
import PageService
import SocketProtocol
import SpikingNetworks
import Synchronization

/// The figures that the page shows beside the pictures, from one look to the next.
final class PageFigures: Sendable {
  private struct Before: Sendable {
    var time: Int64?
    var sources: [String: SourceStatus.Snapshot] = [:]
    var pipelines: [String: PipelineProgress.Figures] = [:]
    var work: [String: WatchedStream.Work] = [:]
  }

  /// After a longer time than this a rate would be of something else, microseconds.
  private static let longest: Int64 = 2_000_000

  private let before = Mutex(Before())

  /// The message of now.
  ///
  /// - Parameter now: microseconds of the monotonic clock.
  func message(
    _ units: [any RunningSource], _ pipelines: [PipelineFigures], _ streams: [String: WatchedStream], now: Int64
  ) -> [UInt8] {
    before.withLock { before in
      let elapsed = before.time.map { now - $0 }
      let seconds = elapsed.flatMap { $0 <= Self.longest && $0 > 0 ? Double($0) / 1e6 : nil }
      var new = Before(time: now)
      var line = JSONLine(type: "figures")
      line.add(
        "sources",
        units.map { unit in
          let (id, snapshot) = (unit.configuration.id, unit.status.snapshot)
          new.sources[id] = snapshot
          return Self.source(
            id, snapshot, since: seconds == nil ? nil : before.sources[id], seconds, unit.status.carriesEvents)
        })
      line.add(
        "streams",
        pipelines.compactMap { figures in
          let key = "\(figures.source)/\(figures.model)"
          guard let stream = streams[key] else { return nil }
          let work = stream.work
          (new.pipelines[key], new.work[key]) = (figures.progress, work)
          return Self.stream(
            stream.name, figures, since: seconds == nil ? nil : before.pipelines[key], seconds, work,
            since: before.work[key])
        })
      before = new
      return line.closed
    }
  }

  private static func source(
    _ id: String, _ new: SourceStatus.Snapshot, since old: SourceStatus.Snapshot?, _ seconds: Double?,
    _ carriesEvents: Bool
  ) -> JSONLine {
    var line = JSONLine()
    line.add("id", id)
    line.add("state", new.state.rawValue)
    line.add("t_us", new.endMicroseconds)
    line.add("lost_us", new.gaps.values.reduce(0) { $0 + $1.microseconds })
    line.add("losses", Int64(new.gaps.values.reduce(0) { $0 + $1.count }))
    // A source that a reload has begun anew counts from zero.
    guard let seconds, let old, old.count <= new.count else { return line }
    let count = Double(new.count - old.count)
    if carriesEvents {
      line.add("rate", decimal: count / seconds, places: 0)
    } else if count > 0 {
      // Less than the last of 20 bits is nothing.
      let power = max((new.energy - old.energy) / count, 1e-12)
      line.add("level", decimal: 10 * log10(power), places: 1)
    }
    return line
  }

  private static func stream(
    _ name: String, _ figures: PipelineFigures, since old: PipelineProgress.Figures?, _ seconds: Double?,
    _ work: WatchedStream.Work, since oldWork: WatchedStream.Work?
  ) -> JSONLine {
    let new = figures.progress
    var line = JSONLine()
    line.add("source", figures.source)
    line.add("model", name)
    line.add("lost_us", new.lostMicroseconds)
    line.add("dropped", Int64(figures.dropped))
    line.add("waiting", Int64(figures.waiting))
    guard let old, let seconds, old.blocks <= new.blocks else { return line }
    let latency = new.latency.since(old.latency)
    if let latency {
      line.add("latency_us", latency.mean)
      line.add("latency_99_us", ifPresent: latency.most)
    }
    let busy = Double(new.inference.sumMicroseconds - old.inference.sumMicroseconds)
    line.add("load", decimal: busy / seconds / 1e6, places: 4)
    line.add("spikes", decimal: Double(new.spikes - old.spikes) / seconds, places: 0)
    // By stream time: a recording may pass quicker than the clock.
    guard let oldWork, work.microseconds > oldWork.microseconds else { return line }
    let streamSeconds = Double(work.microseconds - oldWork.microseconds) / 1e6
    let synapses = work.synapses + oldWork.synapses * -1
    line.add("operations", decimal: (synapses.additions + synapses.multiplications) / streamSeconds, places: 0)
    // Picojoules a second are picowatts.
    line.add("microwatts", decimal: synapses.picojoules / streamSeconds / 1e6, places: 3)
    return line
  }
}

extension DurationHistogram {
  /// Mean of what has come since another, and the bound under which 99 in 100 of it lie, where there is one; nil where
  /// nothing has come.
  fileprivate func since(_ other: Self) -> (mean: Int64, most: Int64?)? {
    let count = total - other.total
    guard count > 0 else { return nil }
    let reached = zip(cumulative, other.cumulative).first { ($0.count - $1.count) * 100 >= count * 99 }?.0.bound
    return ((sumMicroseconds - other.sumMicroseconds) / count, reached)
  }
}
