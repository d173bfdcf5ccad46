import ArgumentParser
import CommandSupport
import Daemon
import Failures
import Foundation
import GanglionClient
import SocketProtocol

/// `ganglion listen`: a subscriber that prints what it gets.
struct Listen: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Subscribe to a daemon and print its messages, one JSON object a line.",
    discussion: """
      Without options: detections and gaps of every source. A gap of what was asked for, and what this subscriber was \
      too slow for ("dropped"), are always printed. A subscriber that does not read for long is sent away by the daemon: \
      that is exit code \(FailureKind.sentAway.exitStatus), and listening again works.

      \(ExitStatus.help)
      """)

  @Option(help: "The daemon's socket; by default where ganglion serve listens.", completion: .file())
  var socket: String?

  @Option(
    name: [.short, .long],
    help:
      "What to listen to: detection, progress (detections from their start on), rejection, score, health. May be repeated."
  )
  var topic: [Topic] = []

  @Option(name: .long, help: "Only this source. May be repeated.")
  var source: [String] = []

  @Option(help: "Leave out what has a lower score, 0 to 1.")
  var minScore: Double?

  @Option(name: [.customShort("n"), .long], help: "End after so many messages.")
  var count: Int?

  @Flag(help: "Print everything the daemon says, its greeting and pings too.")
  var raw = false

  func validate() throws {
    if let minScore, !(0...1).contains(minScore) {
      throw ValidationError("--min-score is \(minScore), allowed is 0 to 1")
    }
    if let count, count < 1 { throw ValidationError("--count is at least 1") }
  }

  func run() throws {
    let path =
      socket
      ?? SocketConfiguration.usualPath(runtimeFolder: ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"])
    StandardOutput.shared.endWithReader()
    let client = try Client(path: path)
    if raw { try StandardOutput.shared.write(line: String(decoding: client.greeting, as: UTF8.self)) }
    try client.subscribe(
      topics: topic.isEmpty ? nil : topic, sources: source.isEmpty ? nil : source, minScore: minScore, id: 1)
    var printed = 0
    // Before the answer comes what everybody is told who has not asked yet: detections of every source.
    var isSubscribed = false
    while count.map({ printed < $0 }) ?? true {
      guard case .line(let line) = try client.nextLine() else {
        throw ClientError(code: .notRunning, path: path, reason: "the daemon has gone without a goodbye")
      }
      let isPublication = try handle(line, client, path, &isSubscribed)
      if isPublication || raw { try StandardOutput.shared.write(line: String(decoding: line, as: UTF8.self)) }
      if isPublication { printed += 1 }
      if case .bye(let reason) = try client.message(in: line) {
        if reason == Reply.Farewell.shutdown.rawValue { return }
        throw ClientError(code: .sentAway, path: path, reason: Self.explain(reason))
      }
    }
  }

  /// Why the daemon has sent this subscriber away, for people.
  private static func explain(_ reason: String) -> String {
    switch Reply.Farewell(rawValue: reason) {
    case .slow:
      "it sent this subscriber away because what it was sent was not read in time (slow); how much is missing stands in "
        + "the last line of type dropped; read faster, or listen to less"
    case .idle: "it sent this subscriber away because it gave no sign of life (idle)"
    default: "it sent this subscriber away: \(reason)"
    }
  }

  /// Does what a message asks for; whether it is one that was subscribed to.
  private func handle(
    _ line: [UInt8], _ client: Client, _ path: String, _ isSubscribed: inout Bool
  ) throws -> Bool {
    switch try client.message(in: line) {
    case .ping(let n):
      try client.pong(n)
      return false
    case .error(let refusal): throw ClientError(code: .system, path: path, reason: refusal.message)
    case .subscribed:
      isSubscribed = true
      return false
    case let message: return isSubscribed && message.sequence != nil
    }
  }
}

extension Topic: ExpressibleByArgument {}
