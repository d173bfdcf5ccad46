import ClassifierStreams
import Events
import Glibc
import MQTTPublishing
import ModelFiles
import StreamSources
import WyomingService

/// A configuration with everything it names opened and made ready: what a daemon can run without further questions.
package struct Plan: Sendable {
  package private(set) var configuration: DaemonConfiguration
  private let configurationPath: String
  /// By the names of the configuration.
  private(set) var models: [String: PreparedModel]

  /// Reads the configuration and its models and holds them against each other.
  ///
  /// - Throws: `ConfigurationError` with all that is wrong.
  package init(path: String) throws(ConfigurationError) {
    try self.init(try DaemonConfiguration(path: path), path: path)
  }

  /// Opens what a configuration names, which stands in a file or nowhere.
  private init(_ configuration: DaemonConfiguration, path: String) throws(ConfigurationError) {
    StartupCode.letGo()
    var diagnostics: [Diagnostic] = []
    var models: [String: PreparedModel] = [:]
    var owners: [String: String] = [:]
    for entry in configuration.models {
      func note(_ problem: String) { diagnostics.append(Diagnostic(path: path, line: entry.line, problem: problem)) }
      do {
        let model = try PreparedModel(
          try Model(reading: entry.file).with(sensitivity: entry.sensitivity), tellsProgress: true)
        let name = model.model.manifest.name
        if let other = owners[name] { note("models '\(other)' and '\(entry.name)' both call themselves '\(name)'") }
        owners[name] = entry.name
        models[entry.name] = model
      } catch {
        note("model '\(entry.name)': \(error)")
      }
    }
    if diagnostics.isEmpty {
      for source in configuration.sources {
        for problem in Self.problems(of: source, models: models) {
          diagnostics.append(Diagnostic(path: path, line: source.line, problem: problem))
        }
      }
    }
    if diagnostics.isEmpty, configuration.wyoming != nil,
      WakeWords(configuration.models.compactMap { models[$0.name] }).words.isEmpty
    {
      diagnostics.append(
        Diagnostic(path: path, problem: "'wyoming' needs a wake word, and no model finds words in streams"))
    }
    if !diagnostics.isEmpty { throw ConfigurationError(diagnostics: diagnostics) }
    self.configuration = configuration
    self.models = models
    configurationPath = path
  }

  /// What shows a recording on a page of this machine, and does nothing else.
  ///
  /// - Parameters:
  ///   - recording: a file.
  ///   - model: its file.
  ///   - reading: how the recording is read where its content does not say.
  ///   - isPaced: whether it passes as on the clock.
  ///   - port: of the page.
  /// - Throws: `ConfigurationError` with all that is wrong.
  package init(
    showing recording: String, by model: String, sensitivity: String?, task: String?, reading: RecordingOptions,
    isPaced: Bool, port: UInt16
  ) throws(ConfigurationError) {
    var configuration = DaemonConfiguration()
    configuration.models = [ModelConfiguration(name: "model", file: model, sensitivity: sensitivity, line: 0)]
    var source = SourceConfiguration(
      id: String(recording.split(separator: "/").last ?? "recording"), input: .feed(.file, path: recording),
      models: ["model"], line: 0)
    (source.reading, source.isPaced, source.task) = (reading, isPaced, task)
    configuration.sources = [source]
    var page = PageConfiguration(address: .network(host: "127.0.0.1", port: port))
    page.replaySeconds = 300
    configuration.page = page
    configuration.logLevel = .warning
    try self.init(configuration, path: recording)
  }

  /// What is no mistake but may well be one.
  package var notes: [String] {
    sourceNotes + (configuration.homeNotes + configuration.pageNotes).map { "\(configurationPath): \($0)" }
  }

  /// What sources want to read is not there.
  private var sourceNotes: [String] {
    configuration.sources.compactMap { source in
      guard case .feed(let kind, let path) = source.input else { return nil }
      let place = "\(configurationPath):\(source.line): source '\(source.id)': \(path) "
      var status = stat()
      let isThere = stat(path, &status) == 0
      let isPipe = isThere && status.st_mode & S_IFMT == S_IFIFO
      switch kind {
      case .file: return isThere ? nil : place + "is not there"
      case .pipe: return isPipe ? nil : place + (isThere ? "is no named pipe" : "is not there") + "; one is waited for"
      case .followed: return isThere ? nil : place + "is not there; it is waited for"
      case .unix: return isThere ? nil : place + "is not there; it is waited for"
      case .standardInput, .tcp: return nil
      }
    }
  }

  /// Takes over the models that are the same in another plan, so that no second copy of them is kept.
  mutating func reuseModels(of other: Plan) {
    for (key, model) in models {
      if let old = other.models[key], old.model.manifest == model.model.manifest { models[key] = old }
    }
  }

  /// Listens there, whatever the configuration says.
  package mutating func useSocket(_ path: String) {
    configuration.socket.path = path
    chosenSocket = path
  }

  /// The path that was chosen in place of the configuration's.
  private(set) var chosenSocket: String?

  /// What a source has to deliver; nil for one without models.
  func demand(of source: SourceConfiguration) -> SourceDemand? {
    Self.demand(of: source.models.compactMap { models[$0] })
  }

  private static func demand(of models: [PreparedModel]) -> SourceDemand? {
    var demand: SourceDemand?
    for model in models {
      switch (model.model.manifest.encoder, demand) {
      case (.sound(let encoder), .sound(let rate)?): demand = .sound(sampleRate: max(rate, encoder.sampleRate))
      case (.sound(let encoder), nil): demand = .sound(sampleRate: encoder.sampleRate)
      case (.events(let encoder), nil): demand = .events([encoder.sensor])
      case (.events(let encoder), .events(let sensors)?) where !sensors.contains(encoder.sensor):
        demand = .events(sensors + [encoder.sensor])
      default: break
      }
    }
    return demand
  }

  private static func problems(of source: SourceConfiguration, models: [String: PreparedModel]) -> [String] {
    let chosen = source.models.compactMap { models[$0] }
    guard let demand = demand(of: chosen) else { return ["source '\(source.id)' has no models"] }
    var problems: [String] = []
    for model in chosen {
      switch (model.model.manifest.encoder, demand) {
      case (.sound, .sound): break
      case (.events, .events): break
      default: problems.append("the models of source '\(source.id)' do not all listen, nor all watch")
      }
    }
    if case .events(let sensors) = demand, sensors.count > 1, source.reading.fit.mode == .none {
      let names = sensors.map(\.description).joined(separator: " and ")
      problems.append("the models of source '\(source.id)' expect sensors of \(names), and its fit is none")
    }
    if case .events(let sensors) = demand, let camera = source.reading.events.geometry {
      var intake = EventIntake(models: sensors, options: source.reading)
      do throws(InputError) {
        try intake.begin(camera: camera, source: "source '\(source.id)'")
      } catch {
        problems.append(error.description)
      }
    }
    switch (source.input, demand) {
    case (.alsa, .events), (.satellite, .events):
      problems.append("source '\(source.id)' carries sound, but its models watch events")
    case (.udp, .sound): problems.append("source '\(source.id)' carries events, but its models listen to sound")
    default: break
    }
    if let task = source.task, !chosen.contains(where: { (try? $0.model.selection(task)) != nil }) {
      let known = Set(chosen.flatMap { $0.model.manifest.knownTasks.map(\.name) }).sorted()
      problems.append(
        "no model of source '\(source.id)' has learnt the task '\(task)'; there is \(known.joined(separator: ", "))")
    }
    if source.reading.sound.raw != nil, case .events = demand {
      problems.append("raw of source '\(source.id)' describes sound, but its models watch events")
    }
    if case .sound = demand {
      for setting in [RecordingOptions.Setting.filters, .fit, .turn, .mirror]
      where source.reading.text(of: setting) != nil {
        problems.append("\(setting.key) of source '\(source.id)' is for events, but its models listen to sound")
      }
    }
    return problems
  }
}
