import ClassifierStreams
import Dataflow
import Failures
import Glibc
import MQTTPublishing
import ModelFiles
import PageService
import SocketProtocol
import StreamSources
import Synchronization
import WyomingService

/// Why a daemon ended otherwise than it was told to.
package struct DaemonError: ReportedError, Sendable {
  package let description: String
  package var kind: FailureKind { .other }
}

/// The daemon: sources, models and subscribers of one configuration, kept running and changed while they run.
package actor GanglionDaemon {
  /// Between two looks at everything.
  private static let tick = Duration.milliseconds(250)
  /// Nothing for so long from something that claims to run is deafness.
  private static let patienceMicroseconds: Int64 = 10_000_000
  /// For sources and models that fail.
  static let restarts = RestartPolicy()

  /// When sources begin.
  package enum Beginning: Sendable {
    case atOnce
    /// When somebody opens the page, and again for whoever comes after their end: recordings that are shown.
    case whenWatched
  }

  private enum Event: Sendable {
    case stop
    case over(SupervisedPart, SourceOutcome)
  }

  /// What a daemon owns while it runs.
  private final class Parts {
    var plan: Plan
    var units: [String: any RunningSource] = [:]
    let server: SocketServer
    /// Nil where the configuration asks for none.
    let web: WebServices?
    let home: HomeServices
    var liveness = Liveness(patienceMicroseconds: GanglionDaemon.patienceMicroseconds)
    var reloads = (good: 0, bad: 0)
    /// Why the last reload changed nothing; nil after a good one.
    var reloadFailure: String?

    init(_ plan: Plan, server: SocketServer, web: WebServices?, home: HomeServices) {
      (self.plan, self.server, self.web, self.home) = (plan, server, web, home)
    }

    /// For the service manager and people: what runs, and that the configuration on the disk is another, where it is.
    var status: String {
      let serving = "serving \(plan.configuration.sources.count) sources, \(plan.models.count) models"
      return reloadFailure.map { "reload failed, still \(serving): \($0)" } ?? serving
    }
  }

  private typealias Reload = Task<RequestError?, Never>

  private let path: String
  /// What it begins with; a reload brings others.
  private let plan: Plan
  private let name: String
  private let exitsAtEnd: Bool
  private let beginning: Beginning
  private let whenReady: @Sendable () -> Void
  package nonisolated let hub: Hub
  package nonisolated let log: Log
  private let notifier: Notifier
  private var life = DaemonLife<Parts, Reload>.configured
  private nonisolated let events: AsyncStream<Event>
  private nonisolated let tell: AsyncStream<Event>.Continuation

  /// - Parameters:
  ///   - path: of the configuration, read again at every reload.
  ///   - exitsAtEnd: whether to end once every source has come to its end.
  ///   - whenReady: called once everything listens.
  package init(
    path: String, plan: Plan, name: String, exitsAtEnd: Bool = false, beginning: Beginning = .atOnce, log: Log,
    notifier: Notifier, whenReady: @escaping @Sendable () -> Void = {}
  ) {
    self.path = path
    self.plan = plan
    self.name = name
    self.exitsAtEnd = exitsAtEnd
    self.beginning = beginning
    self.whenReady = whenReady
    self.log = log
    self.notifier = notifier
    hub = Hub(limits: plan.configuration.socket.limits)
    (events, tell) = AsyncStream.makeStream(of: Event.self)
  }

  /// Works until it is told to stop, every source has ended, or something is given up.
  ///
  /// - Parameter listener: where subscribers come.
  package func run(_ listener: UnixListener) async throws {
    StartupCode.letGo()
    log.level = plan.configuration.logLevel
    hub.directory = directory(plan)
    // Before anything else can be heard: it may find an address in use.
    let home = try HomeServices(plan, name: name, hub: hub, log: log) { [weak self] command in
      Task { await self?.obey(command) }
    }
    let parts = Parts(plan, server: serve(listener), web: try serveWeb(), home: home)
    show(plan, in: parts)
    life.begin(parts)
    var showing: Task<Void, Never>?
    switch beginning {
    case .atOnce: for source in plan.configuration.sources { await begin(source, in: parts) }
    case .whenWatched: showing = Task { await beginWhenWatched() }
    }
    log(.info, "ready", [("socket", listener.path), ("status", parts.status)])
    notifier.ready(parts.status)
    whenReady()
    StartupCode.letGo()
    let watching = Task { await watch() }
    let failure = await waitForEnd(parts)
    watching.cancel()
    showing?.cancel()
    await showing?.value
    // Sources that a reload begins have to be ended, too.
    _ = await life.drain()?.value
    notifier.stopping()
    log(.info, "stopping")
    for unit in parts.units.values { await unit.shutDown() }
    parts.home.stop()
    parts.web?.stop()
    parts.server.stop()
    life.end()
    if let failure { throw DaemonError(description: failure) }
  }

  private func serve(_ listener: UnixListener) -> SocketServer {
    let socket = plan.configuration.socket
    return SocketServer(
      listener, hub: hub, name: name, policy: PeerPolicy(users: socket.users, groups: socket.groups),
      maximumSubscribers: socket.maximumSubscribers,
      handlers: .init(
        reload: { [weak self] answer in
          Task { answer(await self?.reload() ?? nil) }
        },
        context: { [weak self] request, answer in
          Task { answer(await self?.change(request)) }
        },
        thresholds: { [weak self] request, answer in
          Task { answer(await self?.write(request)) }
        }, log: { [log] in log($0, $1, $2) }))
  }

  private func serveWeb() throws -> WebServices? {
    try WebServices(
      plan.configuration, hub: hub, log: log,
      handlers: .init(
        metrics: { [weak self] answer in
          Task { answer(await self?.metricsText() ?? "") }
        },
        health: { [weak self] answer in
          Task { answer(await self?.health() ?? ([], false)) }
        }))
  }

  /// Viewers of the page are told what there is.
  private func show(_ plan: Plan, in parts: Parts) {
    guard let feed = parts.web?.feed else { return }
    feed.setLayout(plan.pageLayout(program: name, replaySeconds: feed.replaySeconds))
  }

  /// Makes `run` return, after everything that has come in has been classified and sent.
  package nonisolated func stop() { tell.yield(.stop) }

  /// The reason to end with a failure, or nil.
  private func waitForEnd(_ parts: Parts) async -> String? {
    var open = Set(plan.configuration.sources.map(\.id))
    var firstFailure: String?
    for await event in events {
      switch event {
      case .stop: return nil
      case .over(let part, let outcome):
        // A source that a reload has taken away ends in peace.
        if case .source(let id) = part, parts.units[id] == nil { continue }
        switch outcome {
        case .ended: break
        case .failed(let error): firstFailure = firstFailure ?? "\(error)"
        case .givenUp(let error): return "\(error)"
        }
        open = Set(
          parts.units.filter { ![.ended, .failed].contains($0.value.status.snapshot.state) }.keys)
        if exitsAtEnd && open.isEmpty { return firstFailure }
      }
    }
    return nil
  }

  private func directory(_ plan: Plan) -> Directory {
    Directory(
      sources: plan.configuration.sources.map { source in
        var kind = Reply.Source.Kind.audio
        if case .events? = plan.demand(of: source) { kind = .events }
        return Reply.Source(id: source.id, kind: kind)
      },
      models: plan.configuration.models.compactMap { plan.models[$0.name]?.model.manifest }.map {
        Reply.Model(
          name: $0.name, labels: $0.labels, sha256: $0.sha256,
          tasks: ($0.tasks?.count ?? 1) > 1 ? $0.knownTasks.map(\.name) : [])
      })
  }

  /// Has streams go over to another task.
  func change(_ request: ContextRequest) async -> RequestError? {
    guard let unit = life.parts?.units[request.source] else {
      return RequestError(.unknownSource, "there is no source '\(request.source.prefix(64))'")
    }
    guard await unit.select(task: request.task, model: request.model) else {
      let model = request.model.map { "model '\($0.prefix(64))'" } ?? "no model"
      return RequestError(
        .unknownTask,
        request.model == nil
          ? "\(model) of source '\(request.source)' has learnt the task '\(request.task.prefix(64))'"
          : "\(model) of source '\(request.source)' does not exist, or has not learnt the task "
            + "'\(request.task.prefix(64))'")
    }
    log(.info, "task", [("source", request.source), ("task", request.task)])
    await tellHome()
    return nil
  }

  /// Does what somebody at the broker asks for.
  func obey(_ command: HomeCommand) async {
    switch command {
    case .announce: break
    case .task(let source, let model, let task):
      let refusal = await change(ContextRequest(source: source, model: model, task: task))
      if let refusal { log(.warning, "command refused", [("source", source), ("reason", refusal.message)]) }
    case .mute(let source, let isMuted):
      guard let unit = life.parts?.units[source] else { return }
      log(.info, isMuted ? "muted" : "heard again", [("source", source)])
      unit.mute(isMuted)
      await tellHome()
    }
  }

  private func tellHome() async {
    guard let parts = life.parts, parts.home.isAsked else { return }
    await parts.home.tell(
      parts.units.values.map { $0 }, models: parts.plan.models, subscribers: parts.server.counters.subscribers,
      reloadFailure: parts.reloadFailure, now: monotonicMicroseconds())
  }

  /// Begins sources when somebody looks, and again when somebody comes after their end.
  private func beginWhenWatched() async {
    guard let parts = life.parts, let feed = parts.web?.feed else { return }
    var seen = 0
    while !Task.isCancelled {
      let come = feed.counters.accepted
      let isOver = parts.units.values.allSatisfy { [.ended, .failed].contains($0.status.snapshot.state) }
      if come > seen, isOver {
        seen = come
        for unit in parts.units.values { await unit.shutDown() }
        parts.units = [:]
        for source in plan.configuration.sources { await begin(source, in: parts) }
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Starts a source with its models.
  private func begin(_ source: SourceConfiguration, in parts: Parts) async {
    guard let unit = unit(for: source, parts.plan, satellites: parts.home.satellites, feed: parts.web?.feed)
    else { return }
    parts.units[source.id] = unit
    let models = parts.plan.models
    await unit.update(
      models: source.models.compactMap { key in models[key].map { (key, $0, false) } }, whenTaken: { _ in })
    await unit.start()
  }

  private func unit(
    for source: SourceConfiguration, _ plan: Plan, satellites: SatelliteFeeds, feed: PageFeed?
  ) -> (any RunningSource)? {
    let whenOver: @Sendable (SupervisedPart, SourceOutcome) -> Void = { [tell] in tell.yield(.over($0, $1)) }
    switch plan.demand(of: source) {
    case .sound(let rate):
      return SourceUnit<SoundSegments>(
        source, hub: hub, log: log, feed: feed, restarts: Self.restarts,
        open: { try source.openSound(sampleRate: rate, satellites: satellites, stop: $0, resumeAt: $1) },
        whenOver: whenOver)
    case .events(let sensors):
      return SourceUnit<EventSegments>(
        source, hub: hub, log: log, feed: feed, restarts: Self.restarts,
        open: { try source.openEvents(sensors: sensors, stop: $0, resumeAt: $1) }, whenOver: whenOver)
    case nil: return nil
    }
  }
}

// Reloading.
extension GanglionDaemon {
  /// Reads the configuration and the models anew and changes over without losing a subscriber or a window; nothing
  /// changes where something is wrong. Reloads that are asked for meanwhile follow one after another.
  package func reload() async -> RequestError? {
    let before: Reload?
    switch life.turn {
    case .now: before = nil
    case .after(let last): before = last
    case .never: return RequestError(.reloadFailed, "the daemon does not run")
    }
    let reload = Reload {
      _ = await before?.value
      return await changeOver()
    }
    life.reload(reload)
    let answer = await reload.value
    life.finished(reload)
    return answer
  }

  /// Writes thresholds into a model's file and reads it anew.
  func write(_ request: ThresholdsRequest) async -> RequestError? {
    guard let parts = life.parts else { return RequestError(.reloadFailed, "the daemon does not run") }
    let (name, plan) = (request.model.prefix(64), parts.plan)
    guard
      let entry = plan.configuration.models.first(where: { plan.models[$0.name]?.model.manifest.name == request.model })
    else { return RequestError(.badModel, "there is no model '\(name)'") }
    if let sensitivity = entry.sensitivity {
      return RequestError(
        .badModel,
        "the thresholds of '\(name)' are those of its sensitivity, \(sensitivity), which the configuration names")
    }
    do {
      try await Self.onThread("thresholds") { try Model.write(request.thresholds, into: entry.file) }
    } catch {
      return RequestError(.badModel, String("\(error)".prefix(2_048)))
    }
    let labels = request.thresholds.keys.sorted().joined(separator: " ")
    log(.info, "thresholds", [("model", request.model), ("labels", labels)])
    return await reload()
  }

  private func changeOver() async -> RequestError? {
    guard let parts = life.parts else { return RequestError(.reloadFailed, "the daemon does not run") }
    notifier.reloading(monotonicMicroseconds: monotonicMicroseconds())
    defer { notifier.ready(parts.status) }
    var fresh: Plan
    do {
      fresh = try await read()
    } catch {
      parts.reloads.bad += 1
      parts.reloadFailure = String("\(error)".prefix(512))
      await tellHome()
      log(.error, "reload failed", [("error", "\(error)")])
      return RequestError(.reloadFailed, String("\(error)".prefix(2_048)))
    }
    let old = parts.plan
    fresh.reuseModels(of: old)
    if let socket = old.chosenSocket { fresh.useSocket(socket) }
    let new = fresh
    parts.plan = new
    log.level = new.configuration.logLevel
    if !new.configuration.sharesServices(with: old.configuration) {
      log(.warning, "settings of socket, metrics, page, mqtt and wyoming change only when the daemon is started again")
    }
    hub.directory = directory(new)
    let changed = Set(
      new.models.filter { key, model in old.models[key].map { $0.model.manifest != model.model.manifest } ?? false }
        .keys)
    for source in old.configuration.sources
    where !new.configuration.sources.contains(where: {
      $0.isSame(as: source) && new.demand(of: $0) == old.demand(of: source)
    }) {
      let unit = parts.units.removeValue(forKey: source.id)
      await unit?.shutDown()
    }
    let announcer = Announcer(hub: hub, models: new.models, changed: changed, sources: new.configuration.sources)
    for source in new.configuration.sources {
      if let unit = parts.units[source.id] {
        await unit.update(
          models: source.models.compactMap { key in
            new.models[key].map { (key, $0, changed.contains(key)) }
          }, whenTaken: { announcer.taken($0) })
        // What was asked for on the socket holds until the configuration says something else.
        let before = old.configuration.sources.first { $0.id == source.id }?.task
        if source.task != before { _ = await unit.select(task: source.task, model: nil) }
      } else {
        await begin(source, in: parts)
        for key in source.models where changed.contains(key) { announcer.taken(key) }
      }
    }
    show(new, in: parts)
    StartupCode.letGo()
    parts.reloads.good += 1
    parts.reloadFailure = nil
    parts.home.reloaded(new)
    await tellHome()
    log(.info, "reloaded", [("models_changed", "\(changed.count)")])
    return nil
  }

  /// Reads the new plan on a thread of its own: building encoders takes longer than the shared threads can be kept.
  private func read() async throws -> Plan {
    let path = path
    return try await Self.onThread("reload") { try Plan(path: path) }
  }

  /// Does what takes long on a thread of its own.
  private static func onThread<Value: Sendable>(
    _ name: String, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    let executor = ThreadExecutor(name: name)
    defer { executor.shutDown() }
    return try await Task(executorPreference: executor) { () async throws -> Value in try work() }.value
  }
}

/// Says that a model was replaced once all its streams run the new one.
private final class Announcer: Sendable {
  private let hub: Hub
  private let models: [String: PreparedModel]
  private let waiting: Mutex<[String: Int]>

  init(hub: Hub, models: [String: PreparedModel], changed: Set<String>, sources: [SourceConfiguration]) {
    self.hub = hub
    self.models = models
    var counts: [String: Int] = [:]
    for key in changed { counts[key] = sources.filter { $0.models.contains(key) }.count }
    waiting = Mutex(counts)
  }

  func taken(_ key: String) {
    let isLast = waiting.withLock { waiting in
      waiting[key, default: 0] -= 1
      return waiting[key] == 0
    }
    guard isLast, let manifest = models[key]?.model.manifest else { return }
    hub.publish(.reloaded(model: manifest.name, sha256: manifest.sha256))
  }
}

// Watching.
extension GanglionDaemon {
  private func watch() async {
    var lastWatchdog: Int64 = 0
    while !Task.isCancelled, let parts = life.parts {
      let now = monotonicMicroseconds()
      for unit in parts.units.values { await unit.tick(now: now) }
      if parts.home.isDue(now: now) { await tellHome() }
      await tellPage(parts, now: now)
      if let interval = notifier.watchdogMicroseconds, now - lastWatchdog >= interval / 3 {
        let stuck = await stuck(parts, now: now)
        if stuck.isEmpty {
          notifier.watchdog()
          lastWatchdog = now
        } else {
          log(.error, "stuck", [("parts", stuck.joined(separator: ", "))])
        }
      }
      try? await Task.sleep(for: Self.tick)
    }
  }

  /// Figures for whoever looks; nothing is counted up while nobody does.
  private func tellPage(_ parts: Parts, now: Int64) async {
    guard let web = parts.web, let feed = web.feed else { return }
    feed.look()
    guard feed.isWatched else { return }
    let units = parts.units.values.sorted { $0.configuration.id < $1.configuration.id }
    var pipelines: [PipelineFigures] = []
    for unit in units { pipelines += await unit.pipelines }
    feed.publish(web.figures.message(units, pipelines, feed.streams, now: now), .steps)
  }

  /// How everything is, for programs that watch over it.
  private func health() async -> (line: [UInt8], isWell: Bool) {
    var line = JSONLine()
    guard let parts = life.parts else {
      line.add("status", "stopped")
      return (line.line, false)
    }
    let sources = parts.units.values.sorted { $0.configuration.id < $1.configuration.id }
      .map { ($0.configuration.id, $0.status.snapshot) }
    let isWell = sources.allSatisfy { ![.lost, .failed].contains($1.state) && !$1.isAbsent }
    line.add("status", isWell ? "well" : "unwell")
    line.add("detail", parts.status)
    line.add(
      "sources",
      sources.map { id, snapshot in
        var entry = JSONLine()
        entry.add("id", id)
        entry.add("state", snapshot.state.rawValue)
        return entry
      })
    return (line.line, isWell)
  }

  private func stuck(_ parts: Parts, now: Int64) async -> [String] {
    var pipelines: [Liveness.Pipeline] = []
    for unit in parts.units.values {
      for figures in await unit.pipelines {
        pipelines.append(
          .init(name: "\(figures.source)/\(figures.model)", waiting: figures.waiting, blocks: figures.progress.blocks))
      }
    }
    let sources = parts.units.values.map { unit in
      let snapshot = unit.status.snapshot
      return Liveness.Source(id: unit.configuration.id, state: snapshot.state, lastArrival: snapshot.lastArrival)
    }
    return parts.liveness.stuck(sources: sources, pipelines: pipelines, now: now)
  }

  private func metricsText() async -> String {
    guard let parts = life.parts else { return "" }
    var figures = MetricsSnapshot(
      name: name, counters: parts.server.counters, sequence: hub.sequence, reloadsGood: parts.reloads.good,
      reloadsBad: parts.reloads.bad)
    (figures.mqtt, figures.wyoming) = (parts.home.publisher?.counters, parts.home.wyoming?.counters)
    figures.page = parts.web?.feed?.counters
    for unit in parts.units.values.sorted(by: { $0.configuration.id < $1.configuration.id }) {
      figures.sources.append((unit.configuration.id, unit.status.carriesEvents, unit.status.snapshot))
      figures.pipelines += await unit.pipelines
    }
    return figures.text(now: monotonicMicroseconds(), process: .now())
  }
}
