import SocketProtocol

/// How the daemon, a source and a model are, as figures.
package struct HomeFigures: Equatable, Sendable {
  package struct Source: Equatable, Sendable {
    package var isMuted = false
    /// Level of the sound that came since the last time, dB below full scale; nil for what is no sound.
    package var level: Double?
    /// Events a second since the last time; nil for sound.
    package var rate: Double?
    /// Seconds that are missing in all.
    package var lostSeconds = 0.0
    /// The task of each model that has a choice.
    package var tasks: [String: String] = [:]

    package init() {}
  }

  package struct Model: Equatable, Sendable {
    package var sha256 = ""
    /// Complete detections since the daemon began.
    package var detections = 0
    /// Spikes a second that its networks were given since the last time.
    package var spikes = 0.0

    package init() {}
  }

  package var sources: [String: Source] = [:]
  package var models: [String: Model] = [:]
  package var subscribers = 0
  /// Why the configuration on the disk is not the one that runs; nil where it is.
  package var reloadFailure: String?

  package init() {}
}

/// What a broker is told about how things are: the latest of everything, and which of it is news.
///
/// A broker keeps none of it, so that nothing can be "on" there that has crashed. Who comes later waits for the next time
/// that all is told.
package struct StateBoard: Sendable {
  private let topics: HomeTopics
  private var layout: HomeLayout
  private var health: [String: Report.Health] = [:]
  private var figures = HomeFigures()
  /// What was told last.
  private var told: [String: [UInt8]] = [:]

  package init(_ layout: HomeLayout, topics: HomeTopics) {
    self.layout = layout
    self.topics = topics
  }

  package mutating func take(_ layout: HomeLayout) {
    self.layout = layout
    health = health.filter { entry in layout.sources.contains { $0.id == entry.key } }
  }

  package mutating func take(_ health: Report.Health) { self.health[health.source] = health }

  package mutating func take(_ figures: HomeFigures) { self.figures = figures }

  /// All is told again the next time: there may be somebody who has not heard it.
  package mutating func tellAll() { told = [:] }

  /// What is another than it was told, by topic.
  ///
  /// - Parameter lost: messages that were given up.
  package mutating func news(lost: Int) -> [(topic: String, payload: [UInt8])] {
    var all = [(topics.daemonState, daemon(lost: lost))]
    all += layout.sources.map { (topics.source($0.id, "state"), source($0)) }
    all += layout.models.map { (topics.model($0), model($0)) }
    let news = all.filter { told[$0.0] != $0.1 }
    told = Dictionary(all.map { ($0.0, $0.1) }) { $1 }
    return news.map { (topic: $0.0, payload: $0.1) }
  }

  private static func word(_ isOn: Bool) -> String { isOn ? "ON" : "OFF" }

  /// Whether something is wrong with it that somebody should look at.
  private static func isProblem(_ health: Report.Health?) -> Bool {
    switch health?.state {
    case .lost, .failed, .silent: true
    case .waiting: health?.detail != nil
    case .starting, .running, .muted, .ended, nil: false
    }
  }

  private func daemon(lost: Int) -> [UInt8] {
    var object = JSONLine()
    let isProblem = figures.reloadFailure != nil || layout.sources.contains { Self.isProblem(health[$0.id]) }
    object.add("problem", Self.word(isProblem))
    object.add("running", Int64(layout.sources.count { health[$0.id]?.state == .running }))
    object.add("sources", Int64(layout.sources.count))
    object.add("models", Int64(layout.models.count))
    object.add("subscribers", Int64(figures.subscribers))
    object.add("lost", Int64(lost))
    object.add("reload_failure", ifPresent: figures.reloadFailure.map { String($0.prefix(255)) })
    return object.closed
  }

  private func source(_ source: HomeLayout.Source) -> [UInt8] {
    let own = figures.sources[source.id] ?? HomeFigures.Source()
    let health = health[source.id]
    let state = health?.state ?? .starting
    var object = JSONLine()
    object.add("state", state.rawValue)
    object.add("hearing", Self.word(state == .running && !own.isMuted))
    object.add("problem", Self.word(Self.isProblem(health)))
    object.add("muted", Self.word(own.isMuted))
    if let level = own.level { object.add("level", decimal: level, places: 1) }
    if let rate = own.rate { object.add("rate", decimal: rate, places: 0) }
    object.add("lost", decimal: own.lostSeconds, places: 3)
    object.add("detail", ifPresent: health?.detail.map { String($0.prefix(255)) })
    if !own.tasks.isEmpty {
      var tasks = JSONLine()
      for (model, task) in own.tasks.sorted(by: { $0.key < $1.key }) {
        tasks.add(HomeTopics.identifier(model), task)
      }
      object.add("tasks", tasks)
    }
    return object.closed
  }

  private func model(_ model: String) -> [UInt8] {
    let own = figures.models[model] ?? HomeFigures.Model()
    var object = JSONLine()
    object.add("sha256", String(own.sha256.prefix(12)))
    object.add("detections", Int64(own.detections))
    object.add("spikes", decimal: own.spikes, places: 0)
    return object.closed
  }
}
