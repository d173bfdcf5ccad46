import ClassifierStreams
import ModelFiles
import Recognition
import SocketProtocol
import SpikingNetworks
import Synchronization

/// A model on a source as it is watched: it is handed steps, and hands messages to the feed.
package final class WatchedStream: Sendable {
  private struct State: Sendable {
    var manifest: ModelManifest
    var writer: StepWriter
    var kept = KeptSteps()
    var synapses = Arithmetic()
    var microseconds: Int64 = 0
  }

  /// What the network has done while it was watched.
  package struct Work: Equatable, Sendable {
    package var synapses = Arithmetic()
    /// Stream time of it.
    package var microseconds: Int64 = 0
  }

  let source: String
  private let feed: PageFeed
  private let state: Mutex<State>

  init(_ feed: PageFeed, source: String, _ manifest: ModelManifest, layers: [Int]) {
    self.feed = feed
    self.source = source
    state = Mutex(State(manifest: manifest, writer: Self.writer(source, manifest, layers)))
  }

  private static func writer(_ source: String, _ manifest: ModelManifest, _ layers: [Int]) -> StepWriter {
    StepWriter(source: source, model: manifest.name, shape: manifest.encoder.shape, layers: layers)
  }

  /// Whether steps are to be told.
  package var isWanted: Bool { feed.isWatched }
  /// What the model calls itself.
  package var name: String { state.withLock { $0.manifest.name } }
  package var work: Work { state.withLock { Work(synapses: $0.synapses, microseconds: $0.microseconds) } }
  /// How frames and layers come onto pictures.
  package var folds: (input: ChannelFold, layers: [ChannelFold]) {
    state.withLock { ($0.writer.input, $0.writer.layers) }
  }

  package func take(_ step: StreamStep) {
    let message = state.withLock { state in
      state.kept.append(DecisionTrial.Step(step))
      state.microseconds += step.frame.endMicroseconds - step.frame.startMicroseconds
      if let seen = step.seen { state.synapses += seen.activity.synapses }
      return state.writer.add(step)
    }
    if let message { feed.publish(message, .steps) }
  }

  /// The stream is interrupted here, or nobody looks any more.
  package func cut() {
    let message = state.withLock { state in
      state.kept.cut()
      return state.writer.take()
    }
    if let message { feed.publish(message, .steps) }
  }

  /// Another model has come in the place of this one.
  package func change(to manifest: ModelManifest, layers: [Int]) {
    state.withLock { state in
      state.manifest = manifest
      state.writer = Self.writer(source, manifest, layers)
      state.kept.removeAll()
    }
  }

  /// What the thresholds that are tried would have given on the steps that are kept, beside the model's own.
  ///
  /// - Throws: for thresholds of labels that the model does not have, or outside of 0 to 1.
  package func attempt(_ thresholds: [String: Double]) throws(RecognitionError) -> JSONLine {
    let state = state.withLock { $0 }
    let (manifest, kept) = (state.manifest, state.kept)
    var decision = manifest.decision
    decision.thresholds.merge(thresholds) { $1 }
    let before = try kept.decisions(manifest, manifest.decision)
    let after = try kept.decisions(manifest, decision)
    var line = JSONLine(type: "trial")
    line.add("source", source)
    line.add("model", manifest.name)
    line.add("from_us", ifPresent: kept.span?.lowerBound)
    line.add("to_us", ifPresent: kept.span?.upperBound)
    line.add("now", before.filter { $0.kind == .detection }.map(JSONLine.init))
    line.add("then", after.filter { $0.kind == .detection }.map(JSONLine.init))
    return line
  }
}

extension JSONLine {
  fileprivate init(_ decision: Decision) {
    self.init()
    add("label", decision.label)
    add("score", score: decision.score)
    add("t_start_us", decision.startMicroseconds)
    add("t_us", decision.endMicroseconds)
  }
}
