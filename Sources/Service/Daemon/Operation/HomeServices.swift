import ClassifierStreams
import Foundation
import MQTTPublishing
import ModelFiles
import SocketProtocol
import Synchronization
import WyomingService

/// What the daemon tells a home and does for it, beside the socket: a broker, and satellites that wait for wake words.
final class HomeServices: Sendable {
  /// How things stood when they were told last.
  private struct Before: Sendable {
    var time: Int64?
    var sources: [String: SourceStatus.Snapshot] = [:]
    var spikes: [String: Int64] = [:]
    /// The last level or rate of each source: what is told in between is told with it.
    var figures = HomeFigures()
  }

  /// Shorter than this is no time for a rate.
  private static let leastMicroseconds: Int64 = 900_000

  /// Nil where the configuration asks for none.
  let publisher: MQTTPublisher?
  let wyoming: WyomingServer?
  let satellites = SatelliteFeeds()
  private let program: String
  private let before = Mutex(Before())
  /// Sockets that satellites come to, kept until the last has gone.
  private let network: [NetworkListener]
  private let local: [UnixListener]

  /// - Parameter obey: does what somebody at the broker asks for; it must not wait.
  init(
    _ plan: Plan, name: String, hub: Hub, log: Log, obey: @escaping @Sendable (HomeCommand) -> Void
  ) throws {
    program = name
    let tell: @Sendable (Bool, String, [(String, String)]) -> Void = { log($0 ? .warning : .info, $1, $2) }
    (network, local) = try Self.listen(plan.configuration.wyoming?.addresses ?? [])
    wyoming = plan.configuration.wyoming.map { [network, local, satellites] wyoming in
      WyomingServer(
        network.map(\.descriptor) + local.map(\.descriptor), words: plan.wakeWords, program: name,
        most: wyoming.maximumSatellites,
        handlers: .init(
          log: tell, heard: { satellites.heard($0, $1, $2) }, now: { monotonicMicroseconds() }))
    }
    publisher = plan.configuration.mqtt.map { broker in
      MQTTPublisher(
        broker, plan.homeLayout(program: name),
        handlers: .init(command: obey, log: tell, now: { monotonicMilliseconds() }))
    }
    guard let publisher else { return }
    let topics: Set<Topic> = publisher.configuration.tellsProgress ? [.progress] : []
    hub.addOutlet(wanting: topics) { publisher.publish($0, sequence: $1) }
  }

  private static func listen(_ addresses: [ListeningAddress]) throws -> ([NetworkListener], [UnixListener]) {
    var (network, local): ([NetworkListener], [UnixListener]) = ([], [])
    for address in addresses {
      switch address {
      case .network(let host, let port): network.append(try NetworkListener("wyoming", host: host, port: port))
      case .unix(let path): local.append(try UnixListener(path: path))
      }
    }
    return (network, local)
  }

  /// Whether anybody wants to know how things are.
  var isAsked: Bool { publisher != nil }

  /// Whether it is time to tell it.
  func isDue(now: Int64) -> Bool {
    guard let interval = publisher?.configuration.intervalMilliseconds else { return false }
    return before.withLock { $0.time.map { now - $0 >= interval * 1_000 } ?? true }
  }

  /// There are other sources or models.
  func reloaded(_ plan: Plan) {
    publisher?.announce(plan.homeLayout(program: program))
    wyoming?.words = plan.wakeWords
  }

  /// Tells how things are.
  func tell(
    _ units: [any RunningSource], models: [String: PreparedModel], subscribers: Int, reloadFailure: String?, now: Int64
  ) async {
    guard let publisher else { return }
    var sources: [(unit: any RunningSource, tasks: [String: String])] = []
    var pipelines: [PipelineFigures] = []
    for unit in units {
      sources.append((unit, await unit.tasks))
      pipelines += await unit.pipelines
    }
    let figures = before.withLock { before in
      before.figures.subscribers = subscribers
      before.figures.reloadFailure = reloadFailure
      let elapsed = before.time.map { now - $0 } ?? 0
      let isLong = before.time == nil || elapsed >= Self.leastMicroseconds
      let seconds = Double(elapsed) / 1e6
      before.figures.sources = Dictionary(
        sources.map { unit, tasks in
          let id = unit.configuration.id
          let snapshot = unit.status.snapshot
          var figure = before.figures.sources[id] ?? HomeFigures.Source()
          (figure.isMuted, figure.tasks) = (unit.isMuted, tasks)
          figure.lostSeconds = Double(snapshot.gaps.values.reduce(0) { $0 + $1.microseconds }) / 1e6
          if isLong {
            figure.measure(snapshot, since: before.sources[id], seconds: seconds, unit.status.carriesEvents)
            before.sources[id] = snapshot
          }
          return (id, figure)
        }
      ) { $1 }
      let spikes = Dictionary(pipelines.map { ($0.model, $0.progress.spikes) }) { $0 + $1 }
      before.figures.models = Dictionary(
        models.map { key, model in
          let manifest = model.model.manifest
          var figure = before.figures.models[manifest.name] ?? HomeFigures.Model()
          figure.sha256 = manifest.sha256
          figure.detections = pipelines.filter { $0.model == key }.reduce(0) {
            $0 + $1.progress.detections.values.reduce(0, +)
          }
          if isLong, seconds > 0 {
            figure.spikes = Double(max(0, (spikes[key] ?? 0) - (before.spikes[key] ?? 0))) / seconds
          }
          return (manifest.name, figure)
        }
      ) { $1 }
      if isLong { (before.time, before.spikes) = (now, spikes) }
      return before.figures
    }
    publisher.update(figures)
  }

  /// Says goodbye to the broker and sends the satellites away.
  func stop() {
    publisher?.stop()
    wyoming?.stop()
  }
}

extension HomeFigures.Source {
  /// Level or rate since the last time.
  mutating func measure(
    _ new: SourceStatus.Snapshot, since old: SourceStatus.Snapshot?, seconds: Double, _ carriesEvents: Bool
  ) {
    // A source that a reload has begun anew counts from zero.
    let old = old.flatMap { $0.count <= new.count ? $0 : nil }
    let count = Double(new.count - (old?.count ?? 0))
    if carriesEvents {
      rate = seconds > 0 ? count / seconds : nil
    } else {
      let power = (new.energy - (old?.energy ?? 0)) / max(1, count)
      // Less than the last of 20 bits is nothing.
      level = count > 0 ? 10 * log10(max(power, 1e-12)) : nil
    }
  }
}

extension Plan {
  /// The words that can wake a satellite.
  var wakeWords: WakeWords { WakeWords(configuration.models.compactMap { models[$0.name] }) }

  /// What a home is told of.
  func homeLayout(program: String) -> HomeLayout {
    HomeLayout(
      program: program,
      sources: configuration.sources.map { source in
        var carriesEvents = false
        if case .events? = demand(of: source) { carriesEvents = true }
        return HomeLayout.Source(
          id: source.id, carriesEvents: carriesEvents,
          listeners: source.models.compactMap { models[$0]?.model.manifest }.map { manifest in
            let tasks = manifest.knownTasks.map(\.name)
            return HomeLayout.Listener(
              model: manifest.name,
              labels: manifest.labels.filter { !manifest.decision.backgroundLabels.contains($0) },
              tasks: tasks.count > 1 ? tasks + [ModelTask.inference] : [])
          })
      }, models: configuration.models.compactMap { models[$0.name]?.model.manifest.name })
  }
}
