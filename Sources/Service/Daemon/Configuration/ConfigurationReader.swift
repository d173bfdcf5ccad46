import Events
import Foundation
import Glibc
import OutputFiles
import Recognition
import SocketProtocol
import SoundCapture
import StreamSources
import Yams

extension DaemonConfiguration {
  /// The largest configuration that is read, bytes.
  static let largestFile = 1 << 20

  /// Reads a configuration and everything in it that can be judged without opening what it names.
  ///
  /// Relative paths in it count from its own folder.
  ///
  /// - Throws: `ConfigurationError` with all that is wrong.
  package init(yaml: String, path: String) throws(ConfigurationError) {
    var reader = ConfigurationReader(path: path)
    self = reader.read(yaml)
    if !reader.nodes.diagnostics.isEmpty {
      throw ConfigurationError(diagnostics: reader.nodes.diagnostics.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
    }
  }

  /// Reads a configuration file.
  package init(path: String) throws(ConfigurationError) {
    guard FileNames.renew(path) else {
      throw ConfigurationError(diagnostics: [
        Diagnostic(path: path, problem: "cannot be read: there is no such file")
      ])
    }
    let text: String
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      guard data.count <= Self.largestFile, let decoded = String(validating: data, as: UTF8.self) else {
        let problem = data.count > Self.largestFile ? "is larger than 1 MiB" : "is no UTF-8 text"
        throw ConfigurationError(diagnostics: [Diagnostic(path: path, problem: problem)])
      }
      text = decoded
    } catch let error as ConfigurationError {
      throw error
    } catch {
      let isThere = FileManager.default.fileExists(atPath: path)
      let problem = "cannot be read: \(isThere ? "no permission, or no file" : "there is no such file")"
      throw ConfigurationError(diagnostics: [Diagnostic(path: path, problem: problem)])
    }
    try self.init(yaml: text, path: path)
  }
}

private struct ConfigurationReader {
  var nodes: NodeReader
  private let folder: String

  init(path: String) {
    nodes = NodeReader(path: path)
    folder = FileNames.folder(of: path) ?? URL(fileURLWithPath: path).deletingLastPathComponent().path
  }

  mutating func read(_ yaml: String) -> DaemonConfiguration {
    var configuration = DaemonConfiguration()
    guard let root = nodes.compose(yaml) else {
      if nodes.diagnostics.isEmpty { nodes.note(nil, nil, "is empty; it needs at least models and sources") }
      return configuration
    }
    var sources: Node?
    let before = nodes.diagnostics.count
    for (key, node) in nodes.mapping(
      root, "the configuration", known: ["socket", "models", "sources", "metrics", "mqtt", "page", "wyoming", "log"])
    {
      switch key {
      case "socket": configuration.socket = socket(node)
      case "models": configuration.models = models(node)
      case "sources": sources = node
      case "metrics": configuration.metrics = metrics(node)
      case "page": configuration.page = nodes.page(node, resolved: resolved)
      case "mqtt": configuration.mqtt = nodes.broker(node, resolved: resolved)
      case "wyoming": configuration.wyoming = nodes.wyoming(node, resolved: resolved)
      default:
        configuration.logLevel =
          nodes.choice(node, "log", LogLevel.allCases.map { ($0.rawValue, $0) }) ?? configuration.logLevel
      }
    }
    if configuration.models.isEmpty && nodes.diagnostics.count == before {
      nodes.note(nil, nil, "names no models")
    }
    guard let sources else {
      nodes.note(nil, nil, "names no sources")
      return configuration
    }
    configuration.sources = self.sources(sources, models: configuration.models.map(\.name))
    if configuration.wyoming == nil {
      for source in configuration.sources {
        guard case .satellite = source.input else { continue }
        nodes.note(
          source.line, nil, "source '\(source.id)' hears satellites, but there is no 'wyoming' for them to come to")
      }
    }
    return configuration
  }

  /// A path as seen from the configuration's folder.
  private func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

  private mutating func socket(_ node: Node) -> SocketConfiguration {
    var socket = SocketConfiguration()
    let known = ["path", "mode", "users", "groups", "subscribers", "queue_messages", "queue_bytes", "slow_seconds"]
    for (key, node) in nodes.mapping(node, "socket", known: known) {
      switch key {
      case "path":
        socket.path = nodes.text(node, "socket.path").map(resolved)
        if let path = socket.path, path.utf8.count > UnixListener.longestPath {
          nodes.note(node, "socket.path has \(path.utf8.count) bytes, at most \(UnixListener.longestPath) are possible")
        }
      case "mode":
        if let text = nodes.text(node, "socket.mode"), let mode = mode_t(text, radix: 8), mode <= 0o777 {
          socket.mode = mode
        } else {
          nodes.note(node, "socket.mode is no file mode such as \"0660\"")
        }
      case "users":
        socket.users = ids(node, "user") { name in getpwnam(name).map { $0.pointee.pw_uid } }
      case "groups":
        socket.groups = ids(node, "group") { name in getgrnam(name).map { $0.pointee.gr_gid } }
      case "subscribers":
        socket.maximumSubscribers = nodes.integer(node, "socket.subscribers", in: 1...16_384) ?? 1
      case "queue_messages":
        socket.limits.queueMessages = nodes.integer(node, "socket.queue_messages", in: 4...65_536) ?? 4
      case "queue_bytes":
        socket.limits.queueBytes = nodes.integer(node, "socket.queue_bytes", in: 65_536...(1 << 26)) ?? 65_536
      default:
        let seconds = nodes.number(node, "socket.slow_seconds", in: 0.1...3_600) ?? 1
        socket.limits.slowMilliseconds = Int64(seconds * 1_000)
      }
    }
    return socket
  }

  /// Numbers of users or groups given by name or number.
  private mutating func ids(_ node: Node, _ what: String, find: (String) -> UInt32?) -> Set<UInt32> {
    var found: Set<UInt32> = []
    for entry in nodes.list(node, "socket.\(what)s") {
      guard let name = nodes.text(entry, "a \(what)") else { continue }
      if let id = UInt32(name) ?? find(name) {
        found.insert(id)
      } else {
        nodes.note(entry, "there is no \(what) '\(name)'")
      }
    }
    return found
  }

  private mutating func models(_ node: Node) -> [ModelConfiguration] {
    var models: [ModelConfiguration] = []
    for (name, node) in nodes.mapping(node, "models") {
      let what = "the file of model '\(name)'"
      let line = node.mark?.line ?? 0
      guard case .mapping = node else {
        guard let file = nodes.text(node, what) else { continue }
        models.append(ModelConfiguration(name: name, file: resolved(file), line: line))
        continue
      }
      var (file, sensitivity): (String?, String?) = (nil, nil)
      for (key, node) in nodes.mapping(node, "model '\(name)'", known: ["file", "sensitivity"]) {
        if key == "file" { file = nodes.text(node, what) }
        if key == "sensitivity" {
          let known = Sensitivity.names.map { ($0, $0) }
          sensitivity = nodes.choice(node, "the sensitivity of model '\(name)'", known)
        }
      }
      guard let file else {
        nodes.note(node, "model '\(name)' names no file")
        continue
      }
      models.append(ModelConfiguration(name: name, file: resolved(file), sensitivity: sensitivity, line: line))
    }
    return models
  }

  private mutating func metrics(_ node: Node) -> MetricsConfiguration? {
    guard let text = nodes.text(node, "metrics") else { return nil }
    if text.hasPrefix("unix:") { return .unix(path: resolved(String(text.dropFirst(5)))) }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "127.0.0.1" || parts[0] == "localhost", let port = UInt16(parts[1]), port > 0
    else {
      nodes.note(node, "metrics is '\(text)', allowed is 127.0.0.1:PORT or unix:PATH")
      return nil
    }
    return .loopback(port: port)
  }
}

// Sources.
extension ConfigurationReader {
  private static let types = ["alsa", "file", "follow", "pipe", "stdin", "tcp", "udp", "unix", "wyoming"]
  /// Settings of a type beside `type` and `models`.
  private static let settings: [String: [String]] = [
    "alsa": ["device", "rate", "channels", "channel", "encoding", "seconds", "gain"],
    "file": ["path", "pace"] + reading, "follow": ["path", "from"] + reading, "pipe": ["path"] + reading,
    "stdin": reading, "tcp": ["host", "port"] + reading, "unix": ["path"] + reading,
    "udp": ["host", "port", "format", "sensor", "filters", "fit", "turn", "mirror"],
    "wyoming": ["satellite"],
  ]
  private static let reading = RecordingOptions.Setting.allCases.map(\.key)

  fileprivate mutating func sources(_ node: Node, models: [String]) -> [SourceConfiguration] {
    var sources: [SourceConfiguration] = []
    let entries = nodes.mapping(node, "sources")
    if entries.isEmpty && nodes.diagnostics.isEmpty { nodes.note(node, "sources names no source") }
    for (id, node) in entries {
      if !id.utf8.allSatisfy({ Self.isIdentifier($0) }) || id.utf8.count > 64 {
        nodes.note(node, "a source's name is made of up to 64 letters, digits, '-', '_' and '.', '\(id)' is not")
      }
      if let source = source(id, node, models: models) { sources.append(source) }
    }
    let readers = sources.filter { $0.input == .feed(.standardInput, path: "standard input") }
    for extra in readers.dropFirst() { nodes.note(extra.line, nil, "standard input can be read by one source only") }
    return sources
  }

  private static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func source(_ id: String, _ node: Node, models: [String]) -> SourceConfiguration? {
    let what = "source '\(id)'"
    let all = nodes.mapping(node, what)
    guard let typeNode = all.first(where: { $0.key == "type" })?.node else {
      nodes.note(node, "\(what) has no type; it is one of \(Self.types.joined(separator: ", "))")
      return nil
    }
    guard let type = nodes.choice(typeNode, "the type of \(what)", Self.types.map { ($0, $0) }) else { return nil }
    let allowed = ["type", "models", "task"] + (Self.settings[type] ?? [])
    var fields: [String: Node] = [:]
    // A second walk, now that it is known what may be there.
    for (key, node) in nodes.mapping(node, "\(what) of type \(type)", known: allowed) { fields[key] = node }
    var source = SourceConfiguration(
      id: id, input: .feed(.standardInput, path: "standard input"), models: models, line: node.mark?.line ?? 0)
    if let node = fields["models"] {
      source.models = []
      for entry in nodes.list(node, "the models of \(what)") {
        guard let name = nodes.text(entry, "a model of \(what)") else { continue }
        if !models.contains(name) { nodes.note(entry, "\(what) wants model '\(name)', which is not defined") }
        source.models.append(name)
      }
    }
    if let node = fields["task"] { source.task = nodes.text(node, "task of \(what)") }
    for setting in RecordingOptions.Setting.allCases {
      // The channel of a sound device is one of the device's own settings.
      guard let node = fields[setting.key], !(type == "alsa" && setting == .channel) else { continue }
      if setting == .filters {
        source.reading.filters = filters(node, what)
        continue
      }
      guard let text = nodes.text(node, "\(setting.key) of \(what)") else { continue }
      if !source.reading.set(setting, to: text) {
        nodes.note(node, "\(setting.key) of \(what) is '\(text)', allowed is \(setting.allowed)")
      }
    }
    if let node = fields["pace"] {
      source.isPaced = nodes.choice(node, "pace of \(what)", [("real", true), ("max", false)]) ?? false
    }
    if let node = fields["from"] {
      source.beginsAtEnd = nodes.choice(node, "from of \(what)", [("start", false), ("end", true)]) ?? false
    }
    if let node = fields["seconds"] { source.seconds = nodes.number(node, "seconds of \(what)", in: 0.001...1e9) }
    guard let input = input(type, what, node, fields) else { return nil }
    source.input = input
    return source
  }

  private mutating func filters(_ node: Node, _ what: String) -> [String] {
    nodes.list(node, "filters of \(what)").compactMap { entry in
      guard let text = nodes.text(entry, "a filter of \(what)") else { return nil }
      if let problem = EventFilterChain.problem(of: text) { nodes.note(entry, "\(what): \(problem)") }
      return text
    }
  }

  private mutating func input(
    _ type: String, _ what: String, _ node: Node, _ fields: [String: Node]
  ) -> SourceConfiguration.Input? {
    func missing(_ key: String) -> String { "\(what) of type \(type) needs '\(key)'" }
    switch type {
    case "stdin": return .feed(.standardInput, path: "standard input")
    case "alsa":
      let device = fields["device"].flatMap { nodes.text($0, "device of \(what)") } ?? "default"
      return .alsa(
        device: device, rate: fields["rate"].flatMap { nodes.integer($0, "rate of \(what)", in: 1_000...768_000) },
        channels: fields["channels"].flatMap { nodes.integer($0, "channels of \(what)", in: 1...64) },
        channel: fields["channel"].flatMap { nodes.integer($0, "channel of \(what)", in: 0...63) },
        encoding: fields["encoding"].flatMap {
          nodes.choice($0, "encoding of \(what)", PCMEncoding.all.map { ($0.name, $0.name) })
        })
    case "wyoming":
      return .satellite(address: fields["satellite"].flatMap { nodes.text($0, "satellite of \(what)") })
    case "udp", "tcp":
      guard let portNode = fields["port"] else {
        nodes.note(node, missing("port"))
        return nil
      }
      guard let port = nodes.integer(portNode, "port of \(what)", in: 1...65_535) else { return nil }
      var address = in_addr()
      if let host = fields["host"], let text = host.string, inet_pton(AF_INET, text, &address) != 1 {
        nodes.note(host, "host of \(what) is '\(text)', allowed is an IPv4 address in numbers, for example 127.0.0.1")
      }
      let host = fields["host"].flatMap { nodes.text($0, "host of \(what)") } ?? "127.0.0.1"
      if type == "tcp" { return .feed(.tcp, path: "\(host):\(port)") }
      let formats = DatagramSource.Format.allCases.map { ($0.rawValue, $0) }
      return .udp(
        host: host, port: UInt16(port),
        format: fields["format"].flatMap { nodes.choice($0, "format of \(what)", formats) } ?? .words)
    default:
      guard let pathNode = fields["path"] else {
        nodes.note(node, missing("path"))
        return nil
      }
      guard let path = nodes.text(pathNode, "path of \(what)") else { return nil }
      let kinds: [String: ByteFeed.Kind] = [
        "file": .file, "follow": .followed, "pipe": .pipe, "unix": .unix,
      ]
      return kinds[type].map { .feed($0, path: resolved(path)) }
    }
  }
}
