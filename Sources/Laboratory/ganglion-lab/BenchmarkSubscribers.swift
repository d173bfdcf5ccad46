import ArgumentParser
import CommandSupport
import Daemon
import Foundation
import GanglionClient
import OutputFiles
import SocketProtocol
import Synchronization

/// `ganglion-lab benchmark subscribers`: what fanning messages out costs, and whether a peer that never reads harms others.
struct BenchmarkSubscribers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subscribers",
    abstract: "Messages to many subscribers: latency, losses and CPU a delivery.",
    discussion: """
      Runs the socket server in this process with subscribers that read everything, first without and then with one \
      more that never reads. CPU is that of the server's thread alone. Latency is from publishing to the arrival of the \
      first line of each piece a subscriber reads; the reader is one thread for all of them, so it is part of the figure.
      """)

  @Option(help: "Subscribers.") var subscribers = 1_000
  @Option(help: "Messages a second.") var rate = 1_000
  @Option(help: "Seconds for each run.") var seconds = 10

  func validate() throws {
    guard (1...16_000).contains(subscribers), (1...100_000).contains(rate), (1...3_600).contains(seconds) else {
      throw ValidationError("--subscribers is 1 to 16000, --rate 1 to 100000, --seconds 1 to 3600")
    }
  }

  func run() throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = min(limit.rlim_max, rlim_t(4 * subscribers + 100))
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    try StandardOutput.shared.write(
      line: "\(subscribers) subscribers, \(rate) messages a second, \(seconds) s")
    try StandardOutput.shared.write(
      line: "never reads  deliveries     missing  us CPU/delivery    p50 ms    p99 ms")
    for sleepers in [0, 1] { try measure(sleepers: sleepers) }
  }

  private func measure(sleepers: Int) throws {
    let folder = NSTemporaryDirectory() + "ganglion-benchmark-\(UUID().uuidString)"
    try makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let hub = Hub()
    hub.directory = Directory(sources: [.init(id: "mic0", kind: .audio)])
    let server = SocketServer(
      try UnixListener(path: folder + "/s"), hub: hub, name: "benchmark", maximumSubscribers: 2 * subscribers)
    let readers = try (0..<subscribers).map { _ in try Client(path: folder + "/s") }
    let lazy = try (0..<sleepers).map { _ in try Client(path: folder + "/s") }
    let tally = Tally(messages: rate * seconds)
    let reading = FanReader(readers.map(\.descriptor), tally: tally)
    let cpuBefore = server.counters.cpuMicroseconds
    publish(hub, tally)
    reading.waitForEnd(last: rate * seconds)
    // The server counts its own CPU twice a second.
    usleep(600_000)
    let cpu = server.counters.cpuMicroseconds - cpuBefore
    server.stop()
    withExtendedLifetime((readers, lazy)) {}
    let figures = tally.figures()
    let deliveries = figures.lines
    func column(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let line =
      column("\(sleepers)", 11) + column("\(deliveries)", 12)
      + column("\(rate * seconds * subscribers - deliveries)", 12)
      + column(fixed(Double(cpu) / Double(max(1, deliveries)), 3), 17) + column(fixed(figures.p50 / 1_000, 2), 10)
      + column(fixed(figures.p99 / 1_000, 2), 10)
    try StandardOutput.shared.write(line: line)
  }

  private func publish(_ hub: Hub, _ tally: Tally) {
    let begin = monotonicMicroseconds()
    for number in 0..<rate * seconds {
      let due = begin + Int64(number) * 1_000_000 / Int64(rate)
      let now = monotonicMicroseconds()
      if due > now { usleep(UInt32(due - now)) }
      tally.published(number + 1)
      hub.publish(
        .detection(
          Report.Recognition(
            source: "mic0", model: "digits", label: "seven", score: 0.9, startMicroseconds: due, endMicroseconds: due,
            id: "mic0.digits.\(number)")))
    }
  }
}

/// When each message was published, and how long the lines took that were seen first in a piece.
private final class Tally: Sendable {
  private struct State {
    var published: [Int64]
    var latencies: [Int64] = []
    var lines = 0
  }

  private let state: Mutex<State>

  init(messages: Int) {
    var first = State(published: [Int64](repeating: 0, count: messages + 1))
    first.latencies.reserveCapacity(1 << 20)
    state = Mutex(first)
  }

  func published(_ number: Int) {
    let now = monotonicMicroseconds()
    state.withLock { $0.published[number] = now }
  }

  func arrived(first number: Int, lines: Int, at now: Int64) {
    state.withLock { state in
      state.lines += lines
      // Enough for the percentiles, whatever the run's length.
      if number > 0, state.latencies.count < 1 << 20, state.published.indices.contains(number) {
        state.latencies.append(now - state.published[number])
      }
    }
  }

  func figures() -> (lines: Int, p50: Double, p99: Double) {
    state.withLock { state in
      let sorted = state.latencies.sorted()
      func percentile(_ part: Double) -> Double {
        sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))])
      }
      return (state.lines, percentile(0.5), percentile(0.99))
    }
  }
}

/// One thread that reads many subscribers' sockets.
private final class FanReader: Sendable {
  /// Bytes of `{"type":"ping","n":…}` and its end, with as many digits as there are.
  private static let longestPing = 48
  private let done = DispatchSemaphore(value: 0)
  private let wanted = Atomic<Int>(.max)

  init(_ descriptors: [Int32], tally: Tally) {
    let thread = Thread { [self] in
      read(descriptors, tally)
      done.signal()
    }
    thread.start()
  }

  func waitForEnd(last number: Int) {
    wanted.store(number, ordering: .relaxed)
    done.wait()
  }

  private func read(_ descriptors: [Int32], _ tally: Tally) {
    var polls = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var quiet = 0
    // Bytes of each subscriber's unfinished line: pings, which nobody publishes, are the only short ones.
    var begun = [Int](repeating: 0, count: descriptors.count)
    // Nothing for a second after the last message was published is the end.
    while wanted.load(ordering: .relaxed) == .max || quiet < 10 {
      quiet = poll(&polls, nfds_t(polls.count), 100) > 0 ? 0 : quiet + 1
      for index in polls.indices where polls[index].revents != 0 {
        let count = recv(polls[index].fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count <= 0 { continue }
        let now = monotonicMicroseconds()
        var lines = 0
        for byte in buffer[..<count] {
          begun[index] += 1
          if byte != 10 { continue }
          if begun[index] > Self.longestPing { lines += 1 }
          begun[index] = 0
        }
        tally.arrived(first: Self.number(buffer[..<count]), lines: lines, at: now)
      }
    }
  }

  /// The number of the first line that begins in a piece; 0 where there is none.
  private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    let key = Array("{\"type\":\"detection\",\"seq\":".utf8)
    guard bytes.starts(with: key) else { return 0 }
    return bytes.dropFirst(key.count).prefix { $0 != UInt8(ascii: ",") }.reduce(0) { $0 * 10 + Int($1 - 48) }
  }
}
