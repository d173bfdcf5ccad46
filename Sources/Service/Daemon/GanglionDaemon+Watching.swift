import PageService
import SocketProtocol
import StreamSources

// Looking after what runs, and telling how it is.
extension GanglionDaemon {
  func watch() async {
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
  func health() async -> (line: [UInt8], isWell: Bool) {
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

  func metricsText() async -> String {
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
