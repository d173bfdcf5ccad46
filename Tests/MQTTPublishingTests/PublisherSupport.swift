import Foundation
import SocketProtocol
import Synchronization

@testable import MQTTPublishing

/// What a publisher was asked for and has logged.
final class Notes: Sendable {
  let commands = Mutex<[HomeCommand]>([])
  let lines = Mutex<[String]>([])

  /// Waits until a line of the log holds a text.
  func waits(for text: String) -> Bool {
    for _ in 0..<2_000 {
      if lines.withLock({ $0.contains { $0.contains(text) } }) { return true }
      usleep(10_000)
    }
    return false
  }
}

func publisher(
  _ port: UInt16, _ layout: HomeLayout = layout, notes: Notes = Notes(),
  change: (inout BrokerConfiguration) -> Void = { _ in }
) -> MQTTPublisher {
  var configuration = BrokerConfiguration(host: "127.0.0.1", port: port, name: "den")
  change(&configuration)
  return MQTTPublisher(
    configuration, layout,
    handlers: .init(
      command: { command in notes.commands.withLock { $0.append(command) } },
      log: { _, message, fields in
        notes.lines.withLock { $0.append(message + fields.map { " \($0)=\($1)" }.joined()) }
      },
      now: {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
      }))
}

extension MQTTPublisher {
  /// Waits until it has counted something.
  func waits(until isSo: (Counters) -> Bool) -> Bool {
    for _ in 0..<2_000 {
      if isSo(counters) { return true }
      usleep(10_000)
    }
    return false
  }
}
