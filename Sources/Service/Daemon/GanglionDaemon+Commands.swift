import MQTTPublishing
import SocketProtocol
import StreamSources

// What subscribers and the home ask for.
extension GanglionDaemon {
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

  func tellHome() async {
    guard let parts = life.parts, parts.home.isAsked else { return }
    await parts.home.tell(
      parts.units.values.map { $0 }, models: parts.plan.models, subscribers: parts.server.counters.subscribers,
      reloadFailure: parts.reloadFailure, now: monotonicMicroseconds())
  }
}
