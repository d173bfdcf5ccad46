import ClassifierStreams
import Dataflow
import ModelFiles
import PageService
import SocketProtocol
import StreamSources

/// A source with its models and the tasks that carry them, whatever kind of blocks they exchange.
protocol RunningSource: Sendable {
  var configuration: SourceConfiguration { get }
  var status: SourceStatus { get }
  /// What runs for it, by the configuration's name of the model.
  var pipelines: [PipelineFigures] { get async }
  /// Starts to read.
  func start() async
  /// Brings in models that are new, other or gone.
  func update(
    models: [(key: String, model: PreparedModel, isNew: Bool)], whenTaken: @escaping @Sendable (String) -> Void) async
  /// Has its models go over to a task.
  ///
  /// - Parameters:
  ///   - task: as the user calls it; nil for the first of each model.
  ///   - model: name of the one that is meant; nil for all that know the task.
  /// - Returns: whether there is one.
  func select(task: String?, model: String?) async -> Bool
  /// The task of each model that knows several, by the model's own name.
  var tasks: [String: String] { get async }
  /// Whether what comes is dropped.
  var isMuted: Bool { get }
  /// Has what comes dropped, or heard again. It holds until it is said otherwise or the source goes.
  func mute(_ isMuted: Bool)
  /// Ends it after everything that came has been classified.
  func shutDown() async
  func tick(now: Int64) async
}

/// What can come to its end while a daemon runs.
enum SupervisedPart: Sendable {
  case source(String)
  /// A model on a source.
  case pipeline(String)
}

/// How a source or a model came to its end.
enum SourceOutcome: Sendable {
  case ended
  /// It cannot go on, and that is its own affair.
  case failed(any Error)
  /// It was started again too often: a reason for the daemon to end.
  case givenUp(any Error)
}

/// How a model on a source does.
struct PipelineFigures: Sendable {
  var source: String
  var model: String
  /// Blocks that wait for it, and those that were dropped because it was too slow.
  var waiting: Int
  var dropped: Int
  var progress = PipelineProgress.Figures()
}

/// The implementation for one kind of blocks.
actor SourceUnit<Segments: SegmentEncoder>: RunningSource {
  nonisolated let configuration: SourceConfiguration
  nonisolated let status: SourceStatus
  private let runner: SourceRunner<Segments>
  private let hub: Hub
  private let log: Log
  /// Who looks at what its models do; nil where nobody can.
  private let feed: PageFeed?
  private let restarts: RestartPolicy
  /// Called when a part has failed too often, or the source has come to its end.
  private let whenOver: @Sendable (SupervisedPart, SourceOutcome) -> Void
  private var running: [(pipeline: StreamPipeline<Segments>, task: Task<Void, Never>)] = []
  private var reading: Task<Void, Never>?
  private var task: String?

  init(
    _ configuration: SourceConfiguration, hub: Hub, log: Log, feed: PageFeed? = nil, restarts: RestartPolicy,
    open: @escaping @Sendable (StopSignal, _ resumeAt: Int64) throws -> any StreamSource<Segments.Block>,
    whenOver: @escaping @Sendable (SupervisedPart, SourceOutcome) -> Void
  ) {
    self.configuration = configuration
    task = configuration.task
    self.hub = hub
    self.log = log
    self.feed = feed
    self.restarts = restarts
    self.whenOver = whenOver
    runner = SourceRunner(
      configuration, hub: hub, log: log, replay: feed?.replay(of: configuration.id), open: open)
    status = runner.status
  }

  var pipelines: [PipelineFigures] {
    running.map { entry in
      let pipeline = entry.pipeline
      return PipelineFigures(
        source: pipeline.source, model: pipeline.modelKey, waiting: pipeline.waiting, dropped: pipeline.dropped,
        progress: pipeline.progress.figures)
    }
  }

  func start() {
    let (runner, log, whenOver) = (runner, log, whenOver)
    // Starting a file again would say everything twice.
    let isReplayable =
      switch configuration.input {
      case .feed(.file, _), .feed(.standardInput, _): true
      default: false
      }
    var restarts = restarts
    if isReplayable { restarts.limit = 1 }
    let policy = restarts
    reading = Task {
      do {
        try await supervise(
          "source \(runner.configuration.id)", policy: policy, clock: ContinuousClock(),
          report: { error, verdict in
            log(
              .error, "source failed",
              [("source", runner.configuration.id), ("error", "\(error)"), ("next", "\(verdict)")])
          }, operation: { try await runner.run() })
        runner.finish()
        whenOver(.source(runner.configuration.id), .ended)
      } catch {
        runner.finish()
        runner.fail(error)
        whenOver(.source(runner.configuration.id), isReplayable ? .failed(error) : .givenUp(error))
      }
    }
  }

  func update(
    models: [(key: String, model: PreparedModel, isNew: Bool)], whenTaken: @escaping @Sendable (String) -> Void
  ) async {
    for (key, model, isNew) in models {
      if let entry = running.first(where: { $0.pipeline.modelKey == key }) {
        if isNew { entry.pipeline.replaceModel(model) { whenTaken(key) } }
      } else {
        add(key, model)
      }
    }
    for entry in running where !models.contains(where: { $0.key == entry.pipeline.modelKey }) {
      runner.detach(entry.pipeline)
      entry.pipeline.finish()
      await entry.task.value
      feed?.remove(source: configuration.id, key: entry.pipeline.modelKey)
      running.removeAll { $0.pipeline === entry.pipeline }
    }
  }

  private func add(_ key: String, _ model: PreparedModel) {
    let pipeline = StreamPipeline<Segments>(
      source: configuration.id, modelKey: key, model: model, task: task,
      policy: configuration.isLive ? .dropOldest : .suspend, hub: hub,
      watched: feed?.stream(
        source: configuration.id, model.model.manifest, layers: model.model.watchedLayers, key: key))
    pipeline.open()
    runner.attach(pipeline)
    let (log, restarts, whenOver) = (log, restarts, whenOver)
    let task = Task {
      do {
        try await supervise(
          "model \(pipeline.name)", policy: restarts, clock: ContinuousClock(),
          report: { error, verdict in
            log(.error, "model failed", [("stream", pipeline.name), ("error", "\(error)"), ("next", "\(verdict)")])
          }, operation: { try await pipeline.run() })
      } catch {
        whenOver(.pipeline(pipeline.name), .givenUp(error))
      }
    }
    running.append((pipeline, task))
  }

  func select(task: String?, model: String?) -> Bool {
    var isKnown = false
    // For those that are added later.
    if model == nil { self.task = task }
    for entry in running {
      let candidate = entry.pipeline.model
      guard model == nil || candidate.manifest.name == model, (try? candidate.selection(task)) != nil else { continue }
      entry.pipeline.tell(task: task)
      isKnown = true
    }
    return isKnown
  }

  var tasks: [String: String] {
    var tasks: [String: String] = [:]
    for entry in running where entry.pipeline.model.manifest.knownTasks.count > 1 {
      tasks[entry.pipeline.model.manifest.name] = entry.pipeline.task
    }
    return tasks
  }

  nonisolated var isMuted: Bool { runner.isMuted }

  nonisolated func mute(_ isMuted: Bool) { runner.mute(isMuted) }

  func shutDown() async {
    runner.stop.stop()
    await reading?.value
    for entry in running {
      await entry.task.value
      feed?.remove(source: configuration.id, key: entry.pipeline.modelKey)
    }
    feed?.forgetReplay(of: configuration.id)
    running = []
  }

  nonisolated func tick(now: Int64) async { await runner.tick(now: now) }
}
