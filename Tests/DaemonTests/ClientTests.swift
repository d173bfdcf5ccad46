import Daemon
import Foundation
import GanglionClient
import SocketProtocol
import Testing

/// A client and what a daemon has left for it to read.
struct ClientTests {
  /// A daemon that says these lines and closes the connection at once.
  private func client(hearing lines: [[UInt8]]) throws -> Client {
    let folder = try TemporaryFolder()
    let listener = try UnixListener(path: folder.file("s"))
    let descriptor = listener.descriptor
    let bytes = Reply.hello(server: "old/1", sources: [], models: [], longest: 4_096) + lines.flatMap { $0 }
    let hasClosed = DispatchSemaphore(value: 0)
    Thread {
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = Glibc.poll(&poll, 1, 10_000)
      let accepted = accept(descriptor, nil, nil)
      _ = bytes.withUnsafeBytes { send(accepted, $0.baseAddress, $0.count, 0) }
      close(accepted)
      hasClosed.signal()
    }.start()
    let client = try Client(path: folder.file("s"))
    hasClosed.wait()
    return client
  }

  /// Whoever slept has pings to answer that nobody waits for any more; the goodbye stands behind them.
  @Test func aPingOfADaemonThatIsGoneDoesNotHideItsGoodbye() throws {
    let client = try client(hearing: [
      Reply.ping(1), Reply.dropped(sequence: 7, count: 3), Reply.ping(2), Reply.bye(.slow),
    ])
    var messages: [Message] = []
    while case .message(let message) = try client.next(timeoutMilliseconds: 10_000) { messages.append(message) }
    #expect(messages.count == 2)
    #expect(messages.last == .bye(reason: "slow"))
    // What only concerns this client is an error as before.
    #expect(throws: ClientError.self) { try client.reload() }
  }
}
