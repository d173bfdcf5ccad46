import SocketProtocol

/// What Home Assistant is told of a device and its entities.
package struct DeviceAnnouncement: Equatable, Sendable {
  package var topic: String
  package var payload: [UInt8]
}

/// Writes the announcements of a daemon, its sources and its models in the form of Home Assistant's device discovery.
package struct Discovery: Sendable {
  /// An entity: what it is called within its device, its platform and the rest of its description.
  private struct Entity {
    var key: String
    var platform: String
    var name: String
    var fields: [(String, String)]
    var options: (key: String, values: [String])?

    init(_ key: String, _ platform: String, _ name: String, _ fields: [(String, String)]) {
      (self.key, self.platform, self.name, self.fields) = (key, platform, name, fields)
    }
  }

  private let layout: HomeLayout
  private let topics: HomeTopics
  private let takesCommands: Bool
  /// Entities that were announced before, by topic: those that have gone are taken back by name.
  private let before: [String: [String: String]]

  /// - Parameter before: platforms of the entities that were announced last, by topic and key.
  package init(
    _ layout: HomeLayout, topics: HomeTopics, takesCommands: Bool, before: [String: [String: String]] = [:]
  ) {
    (self.layout, self.topics, self.takesCommands, self.before) = (layout, topics, takesCommands, before)
  }

  /// Everything that has to be announced; empty where there is no discovery.
  package var announcements: [DeviceAnnouncement] {
    [daemon].compactMap { $0 } + layout.sources.compactMap(source) + layout.models.compactMap(model)
  }

  /// What there is after these announcements, by topic: to be known the next time.
  package var entities: [String: [String: String]] {
    var entities: [String: [String: String]] = [:]
    for announcement in announcements {
      entities[announcement.topic] = AnnouncedDevice(announcement.payload)?.entities
    }
    return entities
  }

  private func id(source: String) -> String { "\(topics.device)_source_\(HomeTopics.identifier(source))" }
  private func id(model: String) -> String { "\(topics.device)_model_\(HomeTopics.identifier(model))" }

  private static let diagnostic = ("ent_cat", "diagnostic")

  private var daemon: DeviceAnnouncement? {
    let name = String(topics.base.split(separator: "/").last ?? "")
    return announcement(
      topics.device, name: "Ganglion \(name)", what: "Daemon", state: topics.daemonState,
      entities: [
        Entity(
          "problem", "binary_sensor", "Problem", [("dev_cla", "problem"), Self.value("problem"), Self.diagnostic]),
        Entity("running", "sensor", "Sources running", [Self.value("running"), Self.diagnostic]),
        Entity("subscribers", "sensor", "Subscribers", [Self.value("subscribers"), Self.diagnostic]),
        Entity(
          "lost", "sensor", "Messages lost", [("stat_cla", "total_increasing"), Self.value("lost"), Self.diagnostic]),
      ])
  }

  private func source(_ source: HomeLayout.Source) -> DeviceAnnouncement? {
    var entities = [
      Entity("hearing", "binary_sensor", "Hearing", [("dev_cla", "running"), Self.value("hearing")]),
      Entity("problem", "binary_sensor", "Problem", [("dev_cla", "problem"), Self.value("problem"), Self.diagnostic]),
      Entity("state", "sensor", "State", [Self.value("state"), Self.diagnostic]),
      Entity(
        "lost", "sensor", "Lost",
        [
          ("dev_cla", "duration"), ("unit_of_meas", "s"), ("stat_cla", "total_increasing"), Self.value("lost"),
          Self.diagnostic,
        ]),
    ]
    if source.carriesEvents {
      entities.append(
        Entity(
          "rate", "sensor", "Rate",
          [("unit_of_meas", "events/s"), ("stat_cla", "measurement"), Self.value("rate", or: "None")]))
    } else {
      entities.append(
        Entity(
          "level", "sensor", "Level",
          [("unit_of_meas", "dB"), ("stat_cla", "measurement"), Self.value("level", or: "None")]))
    }
    if takesCommands {
      entities.append(
        Entity(
          "mute", "switch", "Mute",
          [("cmd_t", topics.mute(source.id)), ("ic", "mdi:ear-hearing-off"), Self.value("muted")]
        ))
    }
    for listener in source.listeners {
      let key = HomeTopics.identifier(listener.model)
      var event = Entity(
        "detection_\(key)", "event", listener.model,
        [("stat_t", topics.listener(source.id, listener.model, "detection")), ("ic", "mdi:ear-hearing")])
      event.options = ("evt_typ", listener.labels)
      entities.append(event)
      guard takesCommands, !listener.tasks.isEmpty else { continue }
      var task = Entity(
        "task_\(key)", "select", "Task of \(listener.model)",
        [
          ("cmd_t", topics.task(source.id, listener.model)),
          ("val_tpl", "{{ value_json.tasks['\(key)'] | default('None') }}"),
        ])
      task.options = ("ops", listener.tasks)
      entities.append(task)
    }
    return announcement(
      id(source: source.id), name: source.id, what: source.carriesEvents ? "Event source" : "Sound source",
      state: topics.source(source.id, "state"), entities: entities)
  }

  private func model(_ model: String) -> DeviceAnnouncement? {
    announcement(
      id(model: model), name: "Model \(model)", what: "Model", state: topics.model(model),
      entities: [
        Entity("detections", "sensor", "Detections", [("stat_cla", "total_increasing"), Self.value("detections")]),
        Entity(
          "spikes", "sensor", "Spikes",
          [("unit_of_meas", "spikes/s"), ("stat_cla", "measurement"), Self.value("spikes"), Self.diagnostic]),
        Entity("digest", "sensor", "Digest", [Self.value("sha256"), Self.diagnostic]),
      ])
  }

  private static func value(_ key: String, or other: String? = nil) -> (String, String) {
    ("val_tpl", "{{ value_json.\(key)\(other.map { " | default('\($0)')" } ?? "") }}")
  }

  private func announcement(
    _ device: String, name: String, what: String, state: String, entities: [Entity]
  ) -> DeviceAnnouncement? {
    guard let topic = topics.announcement(of: device) else { return nil }
    var about = JSONLine()
    about.add("ids", [device])
    about.add("name", name)
    about.add("mf", "Ganglion")
    about.add("mdl", what)
    about.add("sw", layout.program)
    if device != topics.device { about.add("via_device", topics.device) }
    var origin = JSONLine()
    origin.add("name", "Ganglion")
    origin.add("sw", layout.program)
    var availability = JSONLine()
    availability.add("t", topics.availability)
    var components = JSONLine()
    for entity in entities {
      var object = JSONLine()
      object.add("p", entity.platform)
      object.add("uniq_id", "\(device)_\(entity.key)")
      object.add("name", entity.name)
      if !entity.fields.contains(where: { $0.0 == "stat_t" }) { object.add("stat_t", state) }
      for (key, value) in entity.fields { object.add(key, value) }
      if let options = entity.options { object.add(options.key, options.values) }
      components.add(entity.key, object)
    }
    for (key, platform) in (before[topic] ?? [:]).sorted(by: { $0.key < $1.key })
    where !entities.contains(where: { $0.key == key }) {
      var gone = JSONLine()
      gone.add("p", platform)
      components.add(key, gone)
    }
    var document = JSONLine()
    document.add("dev", about)
    document.add("o", origin)
    document.add("avty", [availability])
    document.add("cmps", components)
    return DeviceAnnouncement(topic: topic, payload: document.closed)
  }
}
