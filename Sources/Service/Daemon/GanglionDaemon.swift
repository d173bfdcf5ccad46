import Dataflow
import Failures
import PageService
import SocketProtocol
import StreamSources

/// Why a daemon ended otherwise than it was told to.
package struct DaemonError: ReportedError, Sendable {
  package let description: String
  package var kind: FailureKind { .other }
}

/// The daemon: sources, models and subscribers of one configuration, kept running and changed while they run.
package actor GanglionDaemon {
  /// Between two looks at everything.
  static let tick = Duration.milliseconds(250)
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

  enum Event: Sendable {
    case stop
    case over(SupervisedPart, SourceOutcome)
  }

  /// What a daemon owns while it runs.
  final class Parts {
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

  typealias Reload = Task<RequestError?, Never>

  let path: String
  /// What it begins with; a reload brings others.
  let plan: Plan
  let name: String
  private let exitsAtEnd: Bool
  private let beginning: Beginning
  private let whenReady: @Sendable () -> Void
  package nonisolated let hub: Hub
  package nonisolated let log: Log
  let notifier: Notifier
  var life = DaemonLife<Parts, Reload>.configured
  private nonisolated let events: AsyncStream<Event>
  nonisolated let tell: AsyncStream<Event>.Continuation

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
  func show(_ plan: Plan, in parts: Parts) {
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

  func directory(_ plan: Plan) -> Directory {
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
}
