import Glibc
import MQTTPublishing
import SocketProtocol
import Yams

// The sections about a home.
extension NodeReader {
  private static let brokerSettings = [
    "host", "port", "tls", "username", "password_file", "name", "client_id", "topics", "discovery", "progress",
    "commands", "keep", "interval",
  ]

  /// - Parameter resolved: makes a path of the configuration one that can be opened.
  mutating func broker(_ node: Node, resolved: (String) -> String) -> BrokerConfiguration? {
    var fields: [String: Node] = [:]
    for (key, node) in mapping(node, "mqtt", known: Self.brokerSettings) { fields[key] = node }
    guard let hostNode = fields["host"], let host = text(hostNode, "mqtt.host") else {
      if fields["host"] == nil { note(node, "mqtt needs 'host'") }
      return nil
    }
    let port = fields["port"].flatMap { integer($0, "mqtt.port", in: 1...65_535) }.map { UInt16($0) }
    let tls = fields["tls"].flatMap { certificates($0, resolved) }
    var broker = BrokerConfiguration(
      host: host, port: port, tls: tls, name: fields["name"].flatMap { name($0, "mqtt.name") } ?? Self.hostName)
    if let node = fields["client_id"] { broker.clientID = name(node, "mqtt.client_id") ?? broker.clientID }
    if let node = fields["username"] { broker.username = text(node, "mqtt.username") }
    if let node = fields["password_file"] { broker.passwordFile = text(node, "mqtt.password_file").map(resolved) }
    if broker.passwordFile != nil && broker.username == nil { note(node, "mqtt has a password, but no 'username'") }
    if let node = fields["topics"] { broker.prefix = topic(node, "mqtt.topics") ?? broker.prefix }
    if let node = fields["discovery"] {
      broker.discovery = node.string == "off" ? nil : topic(node, "mqtt.discovery") ?? broker.discovery
    }
    if let node = fields["progress"] { broker.tellsProgress = isTrue(node, "mqtt.progress") ?? false }
    if let node = fields["commands"] { broker.takesCommands = isTrue(node, "mqtt.commands") ?? true }
    if let node = fields["interval"] {
      broker.intervalMilliseconds = Int64((number(node, "mqtt.interval", in: 1...3_600) ?? 10) * 1_000)
    }
    guard let keep = fields["keep"] else { return broker }
    for (key, node) in mapping(keep, "mqtt.keep", known: ["seconds", "messages"]) {
      if key == "seconds" {
        broker.keptMilliseconds = Int64((number(node, "mqtt.keep.seconds", in: 0...604_800) ?? 0) * 1_000)
      } else {
        broker.keptMessages = integer(node, "mqtt.keep.messages", in: 1...65_536) ?? 1
      }
    }
    return broker
  }

  mutating func wyoming(_ node: Node, resolved: (String) -> String) -> WyomingConfiguration? {
    var wyoming = WyomingConfiguration()
    for (key, node) in mapping(node, "wyoming", known: ["listen", "satellites"]) {
      if key == "satellites" {
        wyoming.maximumSatellites = integer(node, "wyoming.satellites", in: 1...256) ?? 1
        continue
      }
      for entry in list(node, "wyoming.listen") {
        guard let text = text(entry, "wyoming.listen") else { continue }
        if text.hasPrefix("unix:") {
          wyoming.addresses.append(.unix(path: resolved(String(text.dropFirst(5)))))
        } else if let address = ListeningAddress(text) {
          wyoming.addresses.append(address)
        } else {
          note(
            entry,
            "wyoming.listen is '\(text)', allowed is a numeric ADDRESS:PORT, for example 127.0.0.1:10400, or unix:PATH")
        }
      }
    }
    if wyoming.addresses.isEmpty && diagnostics.isEmpty { note(node, "wyoming needs 'listen'") }
    return wyoming
  }

  private mutating func certificates(_ node: Node, _ resolved: (String) -> String) -> BrokerConfiguration.TLS? {
    if case .scalar = node { return isTrue(node, "mqtt.tls") == true ? BrokerConfiguration.TLS() : nil }
    var tls = BrokerConfiguration.TLS()
    for (key, node) in mapping(node, "mqtt.tls", known: ["ca", "certificate", "key"]) {
      let path = text(node, "mqtt.tls.\(key)").map(resolved)
      switch key {
      case "ca": tls.authority = path
      case "certificate": tls.certificate = path
      default: tls.key = path
      }
    }
    if (tls.certificate == nil) != (tls.key == nil) {
      note(node, "mqtt.tls needs both 'certificate' and 'key', or neither")
    }
    return tls
  }

  private mutating func isTrue(_ node: Node, _ what: String) -> Bool? {
    choice(node, what, [("true", true), ("false", false), ("yes", true), ("no", false), ("on", true), ("off", false)])
  }

  /// A word that is a level of topics and a part of identifiers.
  private mutating func name(_ node: Node, _ what: String) -> String? {
    guard let text = text(node, what) else { return nil }
    let isGood =
      text.utf8.count <= 64 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/+#$%\"'\\".utf8.contains($0) }
    if !isGood {
      note(node, "\(what) is made of up to 64 letters, digits, '-', '_' and '.', '\(text.prefix(64))' is not")
    }
    return isGood ? text : nil
  }

  private mutating func topic(_ node: Node, _ what: String) -> String? {
    guard let text = text(node, what) else { return nil }
    let levels = text.split(separator: "/", omittingEmptySubsequences: false)
    let isGood =
      text.utf8.count <= 256 && !text.hasPrefix("$") && levels.allSatisfy { !$0.isEmpty }
      && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && !"+#".utf8.contains($0) }
    if !isGood {
      note(node, "\(what) is '\(text.prefix(64))', allowed is a topic such as house/ears, without '+' and '#'")
    }
    return isGood ? text : nil
  }

  /// The first word of the machine's name.
  private static var hostName: String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "host" }
    let letters = bytes.map { UInt8(bitPattern: $0) }.prefix { $0 != 0 && $0 != UInt8(ascii: ".") }
    let name = String(
      decoding: letters.filter { $0 > 0x20 && $0 < 0x7F && !"/+#$%\"'\\".utf8.contains($0) }, as: UTF8.self)
    return name.isEmpty ? "host" : String(name.prefix(64))
  }
}

extension DaemonConfiguration {
  /// Whether what cannot be changed while it runs is the same in both.
  func sharesServices(with other: DaemonConfiguration) -> Bool {
    socket == other.socket && metrics == other.metrics && mqtt == other.mqtt && page == other.page
      && wyoming == other.wyoming
  }

  /// What is no mistake but may well be one.
  var homeNotes: [String] {
    var notes: [String] = []
    if let mqtt {
      if let file = mqtt.passwordFile, let problem = PasswordFile.problem(with: file) {
        notes.append("mqtt: the password file \(file) \(problem)")
      }
      if mqtt.tls == nil, mqtt.username != nil, !["127.0.0.1", "::1", "localhost"].contains(mqtt.host) {
        notes.append("mqtt: without 'tls' the password passes the network for everybody to read")
      }
    }
    for address in wyoming?.addresses ?? [] where !address.isLocal {
      notes.append("wyoming: whoever reaches \(address) may use it: the protocol knows no passwords")
    }
    return notes
  }
}
