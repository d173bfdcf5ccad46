import ClassifierStreams
import Dataflow
import ModelFiles
import PageService
import SocketProtocol
import StreamSources
import Synchronization

/// One model on one source: a stage on a thread of its own that is started again when it fails.
final class StreamPipeline<Segments: SegmentEncoder>: Sendable {
  typealias Item = StreamItem<Segments.Block>

  /// Blocks that wait for the model: a third of a second of sound.
  private static var capacity: Int { 32 }

  let source: String
  /// Name the configuration gives the model.
  let modelKey: String
  let progress = PipelineProgress()
  private let slot: ModelSlot
  private let policy: OverflowPolicy
  private let hub: Hub
  /// Who looks; nil where nobody can.
  private let watched: WatchedStream?
  private let state: Mutex<State>

  private struct State {
    var model: PreparedModel
    /// Of the stage that runs now; nil between two.
    var input: BoundedChannel<Item>?
    var isFinished = false
    var dropped = 0
  }

  init(
    source: String, modelKey: String, model: PreparedModel, task: String?, policy: OverflowPolicy, hub: Hub,
    watched: WatchedStream? = nil
  ) {
    self.source = source
    self.modelKey = modelKey
    self.policy = policy
    self.hub = hub
    self.watched = watched
    slot = ModelSlot(task: task)
    state = Mutex(State(model: model))
  }

  var name: String { "\(source)/\(modelKey)" }
  /// Blocks that wait for the model.
  var waiting: Int { state.withLock { $0.input?.count ?? 0 } }
  /// Blocks dropped because the model did not keep up.
  var dropped: Int { state.withLock { $0.dropped + ($0.input?.dropped ?? 0) } }

  /// Sends what a source has; a live source never waits here.
  func send(_ item: Item) async throws {
    guard let input = state.withLock({ $0.input }) else { return }
    try await input.send(item)
  }

  /// Nothing more will come.
  func finish() {
    state.withLock { state in
      state.isFinished = true
      return state.input
    }?.finish()
  }

  /// Puts another model in, at the next pause between utterances.
  func replaceModel(_ model: PreparedModel, whenTaken: @escaping @Sendable () -> Void) {
    state.withLock { $0.model = model }
    slot.offer(model, whenTaken: whenTaken)
  }

  /// Goes over to another task with the next block; nothing that is open is lost.
  func tell(task: String?) { slot.tell(task: task) }

  var model: Model { state.withLock { $0.model.model } }

  /// What the stream is about: the name of a task of its model, or `infer`.
  var task: String {
    let (model, told) = (model, slot.task.name)
    if let told, (try? model.selection(told)) != nil { return told }
    return model.manifest.knownTasks[0].name
  }

  /// Makes a place for blocks before the first of them is sent.
  func open() {
    state.withLock { state in
      if state.input == nil && !state.isFinished {
        state.input = BoundedChannel(capacity: Self.capacity, policy: policy)
      }
    }
  }

  /// Works until the source has finished; throws what the stage fails with.
  func run() async throws {
    open()
    let (input, model) = state.withLock { ($0.input, $0.model) }
    guard let input else { return }
    defer {
      state.withLock { state in
        state.dropped += input.dropped
        state.input = nil
      }
    }
    progress.resume()
    let executor = ThreadExecutor(name: "model \(modelKey)")
    defer { executor.shutDown() }
    let (hub, source, slot, progress, watched) = (hub, source, slot, progress, watched)
    try await withTaskExecutorPreference(executor) {
      var classification = try LiveClassification<Segments>(
        source: source, model: model, slot: slot, progress: progress, watched: watched,
        wants: { hub.isWanted($0) })
      try await flow(from: input, through: &classification) { hub.publish($0) }
    }
  }
}
