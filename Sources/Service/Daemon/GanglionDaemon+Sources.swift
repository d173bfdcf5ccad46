import ClassifierStreams
import PageService
import StreamSources
import WyomingService

// Sources and their models.
extension GanglionDaemon {
  /// Begins sources when somebody looks, and again when somebody comes after their end.
  func beginWhenWatched() async {
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
  func begin(_ source: SourceConfiguration, in parts: Parts) async {
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
