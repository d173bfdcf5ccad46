import ArgumentParser
import ClassifierStreams
import CommandSupport
import Failures
import Glibc
import ModelFiles
import OutputFiles
import StreamSources

/// `ganglion benchmark run`: what classifying a recording costs, measured on the program as users start it.
struct BenchmarkRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Speed, memory and time to the first result of classifying a recording.",
    discussion: """
      Starts ganglion run on the recording as a process of its own, several times, and prints for each: stream seconds \
      for one second of CPU time (all threads together, so it is what one core keeps up with) and of wall time, \
      milliseconds from start to first result, and peak memory. The last line holds the medians.
      """)

  @Option(name: [.short, .long], help: "The model to run, a .safetensors file.") var model: String
  @Option(help: "How often to measure.") var repetitions = 5
  @Argument(help: "The recording.") var input: String

  func validate() throws {
    guard repetitions > 0 else { throw ValidationError("--repetitions must be at least 1") }
    guard input != "-" else { throw ValidationError("a recording that is read several times has to be a file") }
  }

  func run() async throws {
    var microseconds: Int64 = 0
    let pipeline = Pipeline(try PreparedModel(try Model(reading: model)))
    _ = try await pipeline.run(RecordingInput(path: input)) { event in
      if case .progress(let now) = event { microseconds = now }
    }
    let seconds = Double(microseconds) / 1e6
    try StandardOutput.shared.write(line: "recording  \(FileNames.shown(input)), \(fixed(seconds, 1)) s of stream time")
    try StandardOutput.shared.write(line: "      x CPU time  x wall time  first result ms  peak MiB")
    var costs: [ProcessCost] = []
    for number in 1...repetitions {
      let cost = try ProcessCost(running: ["run", "--model", model, input])
      costs.append(cost)
      try StandardOutput.shared.write(line: row("\(number)", seconds, [cost]))
    }
    try StandardOutput.shared.write(line: row("median", seconds, costs))
  }

  /// One line of the table: the medians of some costs.
  private func row(_ name: String, _ seconds: Double, _ costs: [ProcessCost]) -> String {
    func median(_ figure: (ProcessCost) -> Double) -> Double { costs.map(figure).sorted()[costs.count / 2] }
    let figures = [
      (fixed(seconds / median(\.cpuSeconds), 1), 10), (fixed(seconds / median(\.wallSeconds), 1), 13),
      (fixed(median(\.firstOutputSeconds) * 1e3, 0), 17), (fixed(median { Double($0.peakBytes) / 1_048_576 }, 1), 10),
    ]
    return padded(name, 6, left: true) + figures.map { padded($0, $1) }.joined()
  }

  private func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
    let spaces = String(repeating: " ", count: max(0, width - text.count))
    return left ? text + spaces : spaces + text
  }
}

/// What one run of this program cost.
private struct ProcessCost {
  var cpuSeconds: Double
  var wallSeconds: Double
  /// From the start of the process to its first byte of output; all of the run if there is none.
  var firstOutputSeconds: Double
  var peakBytes: Int

  /// Starts this program with other arguments and waits for its end.
  init(running arguments: [String]) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw BenchmarkError.cannotStart(errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var words: [UnsafeMutablePointer<CChar>?] = (["ganglion"] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    let clock = ContinuousClock()
    let begin = clock.now
    var child = pid_t()
    let failure = posix_spawn(&child, "/proc/self/exe", &actions, nil, &words, environ)
    close(ends[1])
    defer { close(ends[0]) }
    guard failure == 0 else { throw BenchmarkError.cannotStart(failure) }
    var first: ContinuousClock.Instant?
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(ends[0], &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { break }
      first = first ?? clock.now
    }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child, &status, 0, &usage) < 0 && errno == EINTR {}
    let end = clock.now
    guard status == 0 else { throw BenchmarkError.failed(code: status >> 8 & 0xFF) }
    cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
    wallSeconds = (end - begin) / .seconds(1)
    firstOutputSeconds = ((first ?? end) - begin) / .seconds(1)
    peakBytes = usage.ru_maxrss * 1_024
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
}

private enum BenchmarkError: ReportedError {
  case cannotStart(Int32)
  case failed(code: Int32)

  var kind: FailureKind { .other }
  var description: String {
    switch self {
    case .cannotStart(let number): "this program cannot be started again: \(String(cString: strerror(number)))"
    case .failed(let code): "ganglion run ended with exit code \(code); run it by itself to see why"
    }
  }
}
