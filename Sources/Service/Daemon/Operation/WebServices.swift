import Failures
import MQTTPublishing
import PageService
import SocketProtocol

/// One server of HTTP for people and programs that look: the page with its events, metrics and health.
final class WebServices: Sendable {
  /// Nil where the configuration asks for no page.
  let feed: PageFeed?
  let figures = PageFigures()
  private let server: HTTPServer

  /// Nil where the configuration asks for nothing.
  init?(
    _ configuration: DaemonConfiguration, hub: Hub, log: Log, handlers: PageSite.Handlers
  ) throws {
    var doors: [any Door] = []
    var entrances: [PageSite.Entrance] = []
    let feed = configuration.page.map { PageFeed(most: $0.maximumViewers, replaySeconds: $0.replaySeconds) }
    if let page = configuration.page {
      let token = try page.tokenFile.map { try PasswordFile.read($0) }
      if let token, token.utf8.count < Self.leastToken {
        throw DaemonError(description: "page: the token has fewer than \(Self.leastToken) characters")
      }
      doors.append(try Self.door("page", page.address))
      entrances.append(
        .init(
          policy: RequestPolicy(names: page.hosts, token: token, isNetwork: page.address.isNetwork), hasPage: true))
      log(.info, "page", [("listening", "\(page.address)")])
    }
    // Where both are at the same place, the page's is enough.
    if let metrics = configuration.metrics, configuration.page?.address != metrics.address {
      doors.append(try Self.door("metrics", metrics.address))
      entrances.append(.init(policy: RequestPolicy(isNetwork: metrics.address.isNetwork), hasPage: false))
      log(.info, "metrics", [("listening", "\(metrics)")])
    }
    if doors.isEmpty { return nil }
    self.feed = feed
    let site = PageSite(entrances, feed: feed, handlers: handlers)
    server = HTTPServer(
      doors,
      handlers: .init(
        answer: { site.answer($0, door: $1) }, gone: { feed?.close($0) },
        log: { log($0 ? .warning : .info, $1, $2) }))
    if let feed { hub.addOutlet(wanting: []) { feed.take($0, sequence: $1) } }
  }

  /// What is shorter is found by trying.
  private static let leastToken = 16

  var counters: (server: HTTPServer.Counters, page: PageFeed.Counters?) { (server.counters, feed?.counters) }

  func stop() { server.stop() }

  private static func door(_ service: String, _ address: ListeningAddress) throws -> any Door {
    switch address {
    case .network(let host, let port): NetworkDoor(listener: try NetworkListener(service, host: host, port: port))
    case .unix(let path): UnixDoor(listener: try UnixListener(path: path))
    }
  }
}

private struct NetworkDoor: Door {
  let listener: NetworkListener
  var descriptor: Int32 { listener.descriptor }
  func renewed() -> any Door { self }
  func withdraw() {}
}

private struct UnixDoor: Door {
  let listener: UnixListener
  var descriptor: Int32 { listener.descriptor }
  func renewed() -> any Door {
    if listener.isReachable { return self }
    // Where that does not work either, it is tried again the next time.
    return (try? listener.renewed()).map { UnixDoor(listener: $0) } ?? self
  }
  func withdraw() { listener.withdraw() }
}

extension ListeningAddress {
  fileprivate var isNetwork: Bool {
    if case .network = self { return true }
    return false
  }
}

extension MetricsConfiguration {
  fileprivate var address: ListeningAddress {
    switch self {
    case .loopback(let port): .network(host: "127.0.0.1", port: port)
    case .unix(let path): .unix(path: path)
    }
  }
}
