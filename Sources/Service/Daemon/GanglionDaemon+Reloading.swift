import ClassifierStreams
import Dataflow
import ModelFiles
import SocketProtocol
import Synchronization

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
