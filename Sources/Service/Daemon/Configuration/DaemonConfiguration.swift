import Glibc
import SocketProtocol
import StreamSources

/// Everything a daemon is told: read from YAML, see `DaemonConfiguration.init(yaml:path:)`.
public struct DaemonConfiguration: Equatable, Sendable {
  public var socket = SocketConfiguration()
  public var models: [ModelConfiguration] = []
  public var sources: [SourceConfiguration] = []
  public var metrics: MetricsConfiguration?
  public var logLevel = LogLevel.info

  public init() {}
}

/// Where and for whom the daemon listens.
public struct SocketConfiguration: Equatable, Sendable {
  /// Nil for the usual place.
  public var path: String?
  public var mode: mode_t = 0o660
  /// Users and primary groups that may connect; both nil for everybody whom the mode lets in.
  public var users: Set<UInt32>?
  public var groups: Set<UInt32>?
  public var maximumSubscribers = 256
  public var limits = ProtocolLimits()

  public init() {}

  /// `$XDG_RUNTIME_DIR/ganglion/ganglion.sock`, or `/run/ganglion/ganglion.sock` where there is no such variable.
  public static func usualPath(runtimeFolder: String?) -> String {
    // A relative value is invalid and counts as none.
    let folder = runtimeFolder.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/run"
    return folder + "/ganglion/ganglion.sock"
  }
}

/// A model by the name the configuration gives it.
public struct ModelConfiguration: Equatable, Sendable {
  public var name: String
  public var file: String
  /// The name of the thresholds it uses, of those that were measured with it; nil for its own.
  public var sensitivity: String?
  /// Line in the configuration, for messages.
  public var line: Int
}

/// A source and the models that get what comes from it.
public struct SourceConfiguration: Equatable, Sendable {
  public enum Input: Equatable, Sendable {
    case feed(ByteFeed.Kind, path: String)
    case alsa(device: String, rate: Int?, channels: Int?, channel: Int?, encoding: String?)
    case udp(host: String, port: UInt16, format: DatagramSource.Format)
  }

  public var id: String
  public var input: Input
  /// How it is read where its content does not say.
  public var reading = RecordingOptions()
  /// Whether a file passes as on the clock.
  public var isPaced = false
  /// Whether what a followed file holds already is left out.
  public var beginsAtEnd = false
  /// Sound devices: stream time after which to end; nil for never.
  public var seconds: Double?
  /// Names the configuration gives models.
  public var models: [String]
  /// The task its models are told; nil for the first of each.
  public var task: String?
  public var line: Int

  /// Equal but for the task and for where it is written.
  public func isSame(as other: SourceConfiguration) -> Bool {
    var moved = other
    (moved.line, moved.models, moved.task) = (line, models, task)
    return self == moved
  }

  /// Whether it never waits for the daemon: what the daemon cannot take in time is lost.
  public var isLive: Bool {
    switch input {
    case .alsa, .udp: true
    case .feed: false
    }
  }

  /// Whether silence is nothing to worry about: somebody else decides when there is something.
  public var mayBeSilent: Bool {
    switch input {
    case .udp: true
    case .feed(let kind, _): kind != .file
    case .alsa: false
    }
  }
}

/// Where metrics can be fetched by HTTP.
public enum MetricsConfiguration: Equatable, Sendable, CustomStringConvertible {
  /// A port of this machine, not reachable from others.
  case loopback(port: UInt16)
  case unix(path: String)

  /// As a configuration names it.
  public var description: String {
    switch self {
    case .loopback(let port): "127.0.0.1:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}
