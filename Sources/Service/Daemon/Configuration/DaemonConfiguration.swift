import Glibc
import MQTTPublishing
import SocketProtocol
import StreamSources

/// Everything a daemon is told: read from YAML, see `DaemonConfiguration.init(yaml:path:)`.
package struct DaemonConfiguration: Equatable, Sendable {
  package var socket = SocketConfiguration()
  package var models: [ModelConfiguration] = []
  package var sources: [SourceConfiguration] = []
  package var metrics: MetricsConfiguration?
  /// Where people look at what happens; nil for nowhere.
  package var page: PageConfiguration?
  /// The broker that is told what happens; nil for none.
  package var mqtt: BrokerConfiguration?
  /// Where satellites come that wait for wake words; nil for nowhere.
  package var wyoming: WyomingConfiguration?
  package var logLevel = LogLevel.info

  package init() {}
}

/// Where and for whom the daemon listens.
package struct SocketConfiguration: Equatable, Sendable {
  /// Nil for the usual place.
  package var path: String?
  package var mode: mode_t = 0o660
  /// Users and primary groups that may connect; both nil for everybody whom the mode lets in.
  package var users: Set<UInt32>?
  package var groups: Set<UInt32>?
  package var maximumSubscribers = 256
  package var limits = ProtocolLimits()

  package init() {}

  /// `$XDG_RUNTIME_DIR/ganglion/ganglion.sock`, or `/run/ganglion/ganglion.sock` where there is no such variable.
  package static func usualPath(runtimeFolder: String?) -> String {
    // A relative value is invalid and counts as none.
    let folder = runtimeFolder.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/run"
    return folder + "/ganglion/ganglion.sock"
  }
}

/// Where and how many satellites may come.
package struct WyomingConfiguration: Equatable, Sendable {
  package var addresses: [ListeningAddress] = []
  package var maximumSatellites = 16

  package init() {}
}

/// A model by the name the configuration gives it.
package struct ModelConfiguration: Equatable, Sendable {
  package var name: String
  package var file: String
  /// The name of the thresholds it uses, of those that were measured with it; nil for its own.
  package var sensitivity: String?
  /// Line in the configuration, for messages.
  package var line: Int
}

/// A source and the models that get what comes from it.
package struct SourceConfiguration: Equatable, Sendable {
  package enum Input: Equatable, Sendable {
    case feed(ByteFeed.Kind, path: String)
    case alsa(device: String, rate: Int?, channels: Int?, channel: Int?, encoding: String?)
    case udp(host: String, port: UInt16, format: DatagramSource.Format)
    /// Sound of a satellite that comes to the wake service; nil for whichever comes.
    case satellite(address: String?)
  }

  package var id: String
  package var input: Input
  /// How it is read where its content does not say.
  package var reading = RecordingOptions()
  /// Whether a file passes as on the clock.
  package var isPaced = false
  /// Whether what a followed file holds already is left out.
  package var beginsAtEnd = false
  /// Sound devices: stream time after which to end; nil for never.
  package var seconds: Double?
  /// Names the configuration gives models.
  package var models: [String]
  /// The task its models are told; nil for the first of each.
  package var task: String?
  package var line: Int

  /// Equal but for the task and for where it is written.
  package func isSame(as other: SourceConfiguration) -> Bool {
    var moved = other
    (moved.line, moved.models, moved.task) = (line, models, task)
    return self == moved
  }

  /// Whether it never waits for the daemon: what the daemon cannot take in time is lost.
  package var isLive: Bool {
    switch input {
    case .alsa, .udp, .satellite: true
    // Who sends to several does not wait for one.
    case .feed(let kind, _): kind.isConnection
    }
  }

  /// Whether silence is nothing to worry about: somebody else decides when there is something.
  package var mayBeSilent: Bool {
    switch input {
    case .udp, .satellite: true
    case .feed(let kind, _): kind != .file
    case .alsa: false
    }
  }
}

/// Where metrics can be fetched by HTTP.
package enum MetricsConfiguration: Equatable, Sendable, CustomStringConvertible {
  /// A port of this machine, not reachable from others.
  case loopback(port: UInt16)
  case unix(path: String)

  /// As a configuration names it.
  package var description: String {
    switch self {
    case .loopback(let port): "127.0.0.1:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}
