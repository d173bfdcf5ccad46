import ModelFiles
import SocketProtocol
import StreamSources
import Synchronization

/// Where streams tell what they do and viewers hear it. While nobody looks, streams make nothing for it: they see that in
/// one load of a number.
package final class PageFeed: Sendable {
  private struct State: Sendable {
    var viewers: [Viewer] = []
    var lastID = 0
    /// What a viewer is told first: sources and models.
    var layout: [UInt8] = []
    /// The last detections, as they were told.
    var detections: [[UInt8]] = []
    var accepted = 0
    var refused = 0
    var dropped = 0
    var streams: [String: WatchedStream] = [:]
    var replays: [String: ReplayMemory] = [:]
  }

  /// What it has done so far.
  package struct Counters: Equatable, Sendable {
    package var viewers = 0
    package var accepted = 0
    package var refused = 0
    /// Messages that viewers were too slow for.
    package var dropped = 0
  }

  /// Detections that somebody who comes later is told.
  static let keptDetections = 100

  private let state = Mutex(State())
  /// Viewers that read what they are sent.
  private let watching = Atomic<Int>(0)
  private let most: Int
  private let makeQueue: @Sendable () -> ViewerQueue
  /// Seconds of sound or events that are kept for a replay; 0 for none.
  package let replaySeconds: Int

  /// - Parameter most: viewers that may look at once.
  package init(
    most: Int = 8, replaySeconds: Int = 0, queue: @autoclosure @escaping @Sendable () -> ViewerQueue = ViewerQueue()
  ) {
    self.most = most
    self.replaySeconds = replaySeconds
    makeQueue = queue
  }

  /// Whether there is anybody for whom something need be made.
  package var isWatched: Bool { watching.load(ordering: .relaxed) > 0 }

  package var counters: Counters {
    state.withLock { state in
      Counters(
        viewers: state.viewers.count, accepted: state.accepted, refused: state.refused,
        dropped: state.dropped + state.viewers.reduce(0) { $0 + $1.dropped })
    }
  }

  /// What viewers are told first, a JSON object; those who look are told anew.
  package func setLayout(_ layout: [UInt8]) {
    state.withLock { state in
      state.layout = layout
      for viewer in state.viewers { viewer.append(layout, .news) }
    }
  }

  /// Lets somebody look; nil where there are too many.
  package func open() -> Viewer? {
    state.withLock { state in
      guard state.viewers.count < most else {
        state.refused += 1
        return nil
      }
      state.lastID += 1
      state.accepted += 1
      let viewer = Viewer(id: state.lastID, queue: makeQueue())
      viewer.append(state.layout, .news)
      for detection in state.detections { viewer.append(detection, .news) }
      state.viewers.append(viewer)
      count(&state)
      return viewer
    }
  }

  package func close(_ viewer: Viewer) {
    state.withLock { state in
      state.dropped += viewer.dropped
      state.viewers.removeAll { $0.id == viewer.id }
      count(&state)
    }
  }

  /// Looks who reads what they are sent: for those who do not nothing need be made.
  package func look() {
    state.withLock { count(&$0) }
  }

  private func count(_ state: inout State) {
    watching.store(state.viewers.count { !$0.isFull }, ordering: .relaxed)
  }

  /// Sends a message, a JSON object without the end of the line, to all who look.
  package func publish(_ message: [UInt8], _ kind: ViewerQueue.Kind) {
    state.withLock { state in
      for viewer in state.viewers { viewer.append(message, kind) }
      if kind == .steps { count(&state) }
    }
  }

  /// Takes what is published on the socket, too, in the same words; it never waits.
  package func take(_ report: Report, sequence: Int64) {
    let isDetection = report.topic == .detection
    if report.topic == .score || (!isDetection && !isWatched) { return }
    let line = Array(Publication(report, sequence: sequence).bytes.dropLast())
    state.withLock { state in
      if isDetection {
        if state.detections.count >= Self.keptDetections { state.detections.removeFirst() }
        state.detections.append(line)
      }
      for viewer in state.viewers { viewer.append(line, .news) }
    }
  }
}

// What streams and sources are given.
extension PageFeed {
  /// The place where a model on a source tells what it does; one that was there is replaced.
  package func stream(source: String, _ manifest: ModelManifest, layers: [Int], key: String) -> WatchedStream {
    let stream = WatchedStream(self, source: source, manifest, layers: layers)
    state.withLock { $0.streams["\(source)/\(key)"] = stream }
    return stream
  }

  package func remove(source: String, key: String) {
    state.withLock { $0.streams["\(source)/\(key)"] = nil }
  }

  /// The stream of a model, by the name the model calls itself; nil where there is none.
  func stream(source: String, model: String) -> WatchedStream? {
    state.withLock { state in state.streams.values.first { $0.source == source && $0.name == model } }
  }

  /// All of them, by source and name of the configuration.
  package var streams: [String: WatchedStream] { state.withLock { $0.streams } }

  /// Where a source keeps its last seconds; nil where nobody wants that.
  package func replay(of source: String) -> ReplayMemory? {
    guard replaySeconds > 0 else { return nil }
    let memory = ReplayMemory(seconds: replaySeconds)
    state.withLock { $0.replays[source] = memory }
    return memory
  }

  package func forgetReplay(of source: String) { state.withLock { $0.replays[source] = nil } }

  func replayMemory(of source: String) -> ReplayMemory? { state.withLock { $0.replays[source] } }
}
