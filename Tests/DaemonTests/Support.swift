import Daemon
import Foundation
import GanglionClient
import SocketProtocol

/// A folder of its own that is gone when the test is.
final class TemporaryFolder {
  let path: String

  init() throws {
    // Short, because a socket path has at most 107 bytes.
    path = NSTemporaryDirectory() + "ganglion-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    return file(name)
  }
}

func recognition(_ label: String = "seven", source: String = "mic0", score: Double = 0.9) -> Report.Recognition {
  Report.Recognition(
    source: source, model: "digits", label: label, score: score, startMicroseconds: 1, endMicroseconds: 2,
    id: "mic0.digits.1")
}

/// A server on a socket of its own.
final class TestServer {
  let folder: TemporaryFolder
  let hub: Hub
  let server: SocketServer
  var path: String { folder.file("s") }

  init(
    limits: ProtocolLimits = ProtocolLimits(), policy: PeerPolicy = PeerPolicy(), maximumSubscribers: Int = 256,
    handlers: SocketServer.Handlers = SocketServer.Handlers()
  ) throws {
    folder = try TemporaryFolder()
    hub = Hub(limits: limits)
    hub.directory = Directory(
      sources: [.init(id: "mic0", kind: .audio)], models: [.init(name: "digits", labels: ["seven"], sha256: "ab")])
    server = SocketServer(
      try UnixListener(path: folder.file("s")), hub: hub, name: "ganglion/test", policy: policy,
      maximumSubscribers: maximumSubscribers, handlers: handlers)
  }

  deinit { server.stop() }

  /// Waits until the server has counted something.
  func wait(until condition: (SocketServer.Counters) -> Bool) -> Bool {
    for _ in 0..<1_000 {
      if condition(server.counters) { return true }
      usleep(5_000)
    }
    return false
  }
}

extension Client {
  /// Messages until one that ends it, at most ten seconds each.
  func messages(until isLast: (Message) -> Bool) throws -> [Message] {
    var messages: [Message] = []
    while case .message(let message) = try next(timeoutMilliseconds: 10_000) {
      messages.append(message)
      if isLast(message) { return messages }
    }
    return messages
  }
}
