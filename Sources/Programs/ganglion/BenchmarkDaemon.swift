import ArgumentParser
import Audio
import CommandSupport
import Daemon
import Foundation
import GanglionClient
import ModelFiles
import OutputFiles
import SocketProtocol
import SoundEncoders
import Spiketrum
import Synchronization

/// `ganglion benchmark daemon`: latency, CPU and memory of live streams, measured on the daemon as users start it.
struct BenchmarkDaemon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daemon",
    abstract: "Latency, CPU and memory of live streams.",
    discussion: """
      Starts ganglion serve as a process of its own, plays a recording over and over into named pipes at real speed, 10 \
      ms at a time, and subscribes to all scores. Latency is from the moment at which the piece was written that lets \
      the encoder complete a step, to the arrival of that step's score on the socket; the encoder's own delay, which is \
      a matter of sound and not of speed, comes on top and is printed. CPU and memory are the daemon's, as the system \
      counts them.
      """)

  @Option(name: [.short, .long], help: "A model that listens.") var model: String
  @Option(help: "How many sources, each with the model.") var sources = 1
  @Option(help: "Seconds to play.") var seconds = 20
  @Flag(help: "Print memory once a second on standard error.") var watch = false
  @Argument(help: "The recording.") var input: String

  private static let pieceMicroseconds: Int64 = 10_000

  func validate() throws {
    guard (1...64).contains(sources), (1...86_400).contains(seconds) else {
      throw ValidationError("--sources is 1 to 64, --seconds 1 to 86400")
    }
  }

  func run() throws {
    let manifest = try Model(reading: model).manifest
    guard case .sound(let encoding) = manifest.encoder else {
      throw ValidationError("\(manifest.name) watches events; this plays sound")
    }
    let sound = try SoundStream.samples(ofFile: input, sampleRate: encoding.sampleRate)
    let piece = encoding.sampleRate * Int(Self.pieceMicroseconds) / 1_000_000
    let count = seconds * Int(1_000_000 / Self.pieceMicroseconds)
    let samples = (0..<count * piece).map { sound[$0 % sound.count] }
    let completed = try pieceThatCompletes(samples, piece: piece, encoding)

    let folder = NSTemporaryDirectory() + "ganglion-benchmark-\(UUID().uuidString)"
    try makeFolder(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = model.hasPrefix("/") ? model : FileManager.default.currentDirectoryPath + "/" + model
    var yaml = "models: {m: \"\(path)\"}\nlog: error\nsources:\n"
    for source in 0..<sources {
      mkfifo("\(folder)/p\(source)", 0o600)
      yaml += "  s\(source): {type: pipe, path: p\(source), raw: \"f32le:\(encoding.sampleRate):1\"}\n"
    }
    try OutputFile.write(yaml, to: folder + "/g.yaml")
    let daemon = try DaemonProcess(configuration: folder + "/g.yaml", socket: folder + "/s")
    let client = try daemon.connect(folder + "/s")
    try client.subscribe(topics: [.score], id: 1)
    _ = try client.next(timeoutMilliseconds: 5_000)
    let player = Player(
      paths: (0..<sources).map { "\(folder)/p\($0)" }, samples: samples, piece: piece,
      pieceMicroseconds: Self.pieceMicroseconds)
    let before = daemon.cpuSeconds
    let begin = monotonicMicroseconds()
    player.start()
    var latencies: [Int64] = []
    // A recording may be silent for long: only the end of it all, and time for what is under way, ends the run.
    let end = begin + Int64(seconds) * 1_000_000 + 1_500_000
    receiving: while monotonicMicroseconds() < end {
      let arrival = try client.nextLine(timeoutMilliseconds: 200)
      let now = monotonicMicroseconds()
      if watch { daemon.report(every: 1_000_000, now: now) }
      switch arrival {
      case .timeout: continue
      case .end: break receiving
      case .line(let line):
        switch try client.message(in: line) {
        case .ping(let n): try client.pong(n)
        case .score(let score):
          let step = Int(score.endMicroseconds / manifest.encoder.stepMicroseconds) - 1
          guard completed.indices.contains(step), let source = Int(score.source.dropFirst()) else { continue }
          if let written = player.time(ofPiece: completed[step], source: source) { latencies.append(now - written) }
        default: continue
        }
      }
    }
    let elapsed = Double(seconds)
    let cpu = daemon.cpuSeconds - before
    let resident = daemon.memory("VmRSS")
    let peak = try daemon.stop()
    let sorted = latencies.sorted()
    func percentile(_ part: Double) -> String {
      sorted.isEmpty ? "-" : fixed(Double(sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))]) / 1_000, 2)
    }
    try StandardOutput.shared.write(
      line: "\(sources) sources, model \(manifest.name), \(seconds) s: \(sorted.count) scores; latency p50 "
        + "\(percentile(0.5)) ms, p99 \(percentile(0.99)) ms, most \(percentile(1)) ms "
        + "(encoder: \(try encoding.makeEncoder().latencyMicroseconds / 1_000) ms at most); CPU "
        + "\(fixed(100 * cpu / elapsed, 2)) % of a core; resident \(fixed(Double(resident) / 1_048_576, 1)) MiB, at most "
        + "\(fixed(Double(peak) / 1_048_576, 1)) MiB")
  }

  /// For each step, the number of the piece whose samples complete it.
  private func pieceThatCompletes(
    _ samples: [Float], piece: Int, _ encoding: any SoundEncoding
  ) throws -> [Int] {
    var encoder = try encoding.makeEncoder()
    var pieces: [Int] = []
    for number in 0..<samples.count / piece {
      encoder.push(Array(samples[number * piece..<(number + 1) * piece])) { _ in pieces.append(number) }
    }
    return pieces
  }
}

/// Writes samples into pipes, one thread for all, and notes when.
private final class Player: Sendable {
  private let paths: [String]
  private let samples: [Float]
  private let piece: Int
  private let pieceMicroseconds: Int64
  /// When each piece was written, for each source.
  private let times: Mutex<[[Int64]]>

  init(paths: [String], samples: [Float], piece: Int, pieceMicroseconds: Int64) {
    self.paths = paths
    self.samples = samples
    self.piece = piece
    self.pieceMicroseconds = pieceMicroseconds
    times = Mutex([[Int64]](repeating: [], count: paths.count))
  }

  func time(ofPiece piece: Int, source: Int) -> Int64? {
    times.withLock { $0[source].indices.contains(piece) ? $0[source][piece] : nil }
  }

  func start() { Thread { self.play() }.start() }

  private func play() {
    let descriptors = paths.map { open($0, O_WRONLY | O_CLOEXEC) }
    let begin = monotonicMicroseconds()
    for number in 0..<samples.count / piece {
      let due = begin + Int64(number + 1) * pieceMicroseconds
      let now = monotonicMicroseconds()
      if due > now { usleep(UInt32(due - now)) }
      for (source, descriptor) in descriptors.enumerated() {
        times.withLock { $0[source].append(monotonicMicroseconds()) }
        _ = samples[number * piece..<(number + 1) * piece].withUnsafeBytes {
          write(descriptor, $0.baseAddress, $0.count)
        }
      }
    }
    for descriptor in descriptors { close(descriptor) }
  }
}

/// `ganglion serve` as a child.
private final class DaemonProcess {
  private let process = Process()
  private var lastReport: Int64 = 0

  init(configuration: String, socket: String) throws {
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["serve", "--config", configuration, "--socket", socket]
    try process.run()
  }

  /// Connects as soon as it listens.
  func connect(_ socket: String) throws -> Client {
    for _ in 0..<500 {
      if let client = try? Client(path: socket) { return client }
      usleep(10_000)
    }
    return try Client(path: socket)
  }

  /// User and system time so far.
  var cpuSeconds: Double {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
    // The name in parentheses may hold anything; fields are counted behind it.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// A field of the system's account of its memory, bytes: `VmRSS` what it holds, `VmHWM` the most it ever held.
  func memory(_ field: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") } ?? ""
    return (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) * 1_024
  }

  func report(every microseconds: Int64, now: Int64) {
    guard now - lastReport >= microseconds else { return }
    lastReport = now
    StandardError.report("resident \(fixed(Double(memory("VmRSS")) / 1_048_576, 2)) MiB")
  }

  /// Ends it in good order; the most memory it held, bytes.
  func stop() throws -> Int {
    let peak = memory("VmHWM")
    process.terminate()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ClientError(code: .system, path: "serve", reason: "ended with exit code \(process.terminationStatus)")
    }
    return peak
  }
}
