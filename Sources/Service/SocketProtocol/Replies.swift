/// The lines that concern one peer only and have no number.
public enum Reply {
  /// A source as peers see it.
  public struct Source: Equatable, Sendable {
    public enum Kind: String, Codable, Equatable, Sendable {
      case audio, events
    }

    public var id: String
    public var kind: Kind

    public init(id: String, kind: Kind) {
      self.id = id
      self.kind = kind
    }
  }

  /// A model as peers see it.
  public struct Model: Equatable, Sendable {
    public var name: String
    public var labels: [String]
    public var sha256: String
    /// Names of the tasks it has learnt, where there is more than one.
    public var tasks: [String]

    public init(name: String, labels: [String], sha256: String, tasks: [String] = []) {
      self.tasks = tasks
      self.name = name
      self.labels = labels
      self.sha256 = sha256
    }
  }

  public static func hello(server: String, sources: [Source], models: [Model], longest: Int) -> [UInt8] {
    func line(withLabels: Bool) -> [UInt8] {
      var line = JSONLine(type: "hello")
      line.add("protocol", ProtocolVersion.current)
      line.add("server", server)
      line.add(
        "sources",
        sources.map { source in
          var object = JSONLine()
          object.add("id", source.id)
          object.add("kind", source.kind.rawValue)
          return object
        })
      line.add(
        "models",
        models.map { model in
          var object = JSONLine()
          object.add("name", model.name)
          if withLabels { object.add("labels", model.labels) }
          if !model.tasks.isEmpty { object.add("tasks", model.tasks) }
          object.add("sha256", model.sha256)
          return object
        })
      return line.line
    }
    let whole = line(withLabels: true)
    return whole.count <= longest ? whole : line(withLabels: false)
  }

  /// What a late joiner has missed: how each source is, and the last detection of each source and model.
  public struct Snapshot: Equatable, Sendable {
    public var health: [Report.Health] = []
    /// Lines of detections as they were published, without their ends.
    public var detections: [[UInt8]] = []

    public init() {}
  }

  public static func subscribed(
    id: Int64?, sequence: Int64, snapshot: Snapshot, longest: Int = ProtocolLimits().messageBytes
  ) -> [UInt8] {
    var line = JSONLine(type: "subscribed")
    line.add("id", ifPresent: id)
    line.add("seq", sequence)
    var object = JSONLine()
    object.add(
      "sources",
      snapshot.health.map { health in
        var source = JSONLine()
        source.add("id", health.source)
        source.add("state", health.state.rawValue)
        return source
      })
    var room = longest - line.bytes.count - object.bytes.count - 64
    let fitting = snapshot.detections.prefix {
      room -= $0.count + 1
      return room > 0
    }
    object.add("detections", lines: Array(fitting))
    line.add("snapshot", object)
    return line.line
  }

  public static func dropped(sequence: Int64, count: Int) -> [UInt8] {
    var line = JSONLine(type: "dropped")
    line.add("seq", sequence)
    line.add("count", Int64(count))
    line.add("reason", "slow-subscriber")
    return line.line
  }

  public static func ping(_ n: Int64) -> [UInt8] { numbered("ping", n) }

  public static func pong(_ n: Int64) -> [UInt8] { numbered("pong", n) }

  /// A request that has been carried out.
  public static func done(id: Int64?) -> [UInt8] {
    var line = JSONLine(type: "done")
    line.add("id", ifPresent: id)
    return line.line
  }

  public static func error(_ error: RequestError) -> [UInt8] {
    var line = JSONLine(type: "error")
    line.add("id", ifPresent: error.id)
    line.add("code", error.code.rawValue)
    line.add("message", error.message)
    return line.line
  }

  /// Why a connection is closed.
  public enum Farewell: String, Codable, Sendable {
    case shutdown, slow, idle
    /// There are as many subscribers as allowed.
    case full
    /// The peer is not on the list of those allowed.
    case forbidden
  }

  public static func bye(_ reason: Farewell) -> [UInt8] {
    var line = JSONLine(type: "bye")
    line.add("reason", reason.rawValue)
    return line.line
  }

  private static func numbered(_ type: String, _ n: Int64) -> [UInt8] {
    var line = JSONLine(type: type)
    line.add("n", n)
    return line.line
  }
}

extension JSONLine {
  /// Adds a list of objects that are already written.
  mutating func add(_ key: String, lines: [[UInt8]]) {
    add(key, lines.map { JSONLine(written: $0) })
  }

  /// An object that is already written, with its braces.
  private init(written object: [UInt8]) {
    self.init()
    replaceBytes(with: object.dropLast(object.last == UInt8(ascii: "}") ? 1 : 0))
  }
}
