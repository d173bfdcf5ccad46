import ArgumentParser
import CommandSupport
import Foundation
import Learning
import Numerics
import SpikingNetworks

/// `ganglion-lab benchmark networks`: training and single steps of four networks that other frameworks are measured with.
struct BenchmarkNetworks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "networks",
    abstract: "Training and inference of five spiking networks.",
    discussion: """
      r700: 700-128(recurrent)-10 and r64: 64-256(recurrent)-35, 100 steps, batch 16. small32: 2x32x32, convolutions of \
      16 and 32 channels, 128, 11; 16 steps, batch 16. dvsg128: 2x128x128, five convolutions of 128 channels, 512, 110, \
      vote of 11; 16 steps, batch 2. hearing: 104 steps of 40 numbers, convolutions over time and frequency with neurons \
      that send counts, 97,692 parameters, batch 64. Inputs of the others are random spikes; for single steps normalisation is folded into the \
      weights. Training is forward, loss and backward; memory is the process's peak. A step is one of a running stream, \
      batch 1; in the convolutional networks the hidden neurons are set to fire about as densely as the input. Each \
      figure is the median [least-most] of seven measurements by the clock, and the median by CPU time, which other \
      work on the machine disturbs less. For r700 and r64, reading the weights that a step's spikes touch is timed \
      alone beside it.
      """)

  enum Mode: String, CaseIterable, ExpressibleByArgument { case training, steps, all }

  @Argument(help: "Which networks: \(BenchmarkNetwork.allCases.map(\.rawValue).joined(separator: ", ")); all of them.")
  var networks: [BenchmarkNetwork] = BenchmarkNetwork.allCases
  @Option(help: "What to measure: \(Mode.allCases.map(\.rawValue).joined(separator: ", ")).") var mode = Mode.all
  @Option(help: "Threads of training; a step runs on one.") var threads = 1
  @Option(help: "Share of inputs that spike.") var density = 0.05
  @Flag(help: "Print one JSON object a line.") var json = false
  @Option(
    help: ArgumentHelp(
      "Figures of other frameworks, taken in the same run: prints how many times faster each row is.",
      discussion: """
        One JSON object a line: peer, net, what (train_batch or infer_step), threads, wall_med in seconds and, of \
        training, samples_per_s. Services/compare-networks runs both sides and gives this.
        """, valueName: "peers.jsonl"))
  var beside: String?

  func validate() throws {
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
    guard (0...1).contains(density) else { throw ValidationError("--density is within 0...1") }
  }

  func run() throws {
    let peers = try beside.map { try PeerFigures(path: $0) }
    for network in networks {
      if mode != .training { try report(steps(network), peers) }
      if mode != .steps { try report(training(network), peers) }
    }
  }

  private struct Row: Encodable {
    var network: String
    var what: String
    var unit: String
    var threads: Int
    var density: Double
    var median: Double
    var least: Double
    var most: Double
    /// The median by CPU time.
    var byCPU: Double
    var peakMebibytes: Int
    /// Weights that the spikes of a step touch, in KiB, and how long reading them alone takes, in the row's unit.
    var touchedKibibytes: Double?
    var readingAlone: Double?
  }

  private func report(_ row: Row, _ peers: PeerFigures?) throws {
    if json {
      try StandardOutput.shared.write(line: jsonText(row))
      return
    }
    func number(_ value: Double) -> String { fixed(value, value < 1 ? 4 : 2) }
    let figures = "\(number(row.median)) [\(number(row.least))-\(number(row.most))] \(row.unit)"
    try StandardOutput.shared.write(
      line:
        "\(row.network.padding(toLength: 8, withPad: " ", startingAt: 0)) "
        + "\(row.what.padding(toLength: 10, withPad: " ", startingAt: 0)) "
        + "\(figures.padding(toLength: 44, withPad: " ", startingAt: 0)) "
        + "by CPU \(number(row.byCPU))  threads \(row.threads)  density \(row.density)  "
        + "peak \(row.peakMebibytes) MiB")
    if let touched = row.touchedKibibytes, let reading = row.readingAlone {
      try StandardOutput.shared.write(
        line:
          "  \(number(row.median / reading)) x reading the \(number(touched)) KiB of weights that its spikes touch "
          + "(\(fixed(reading, 5)) ms)")
    }
    let ratios = peers?.ratios(
      network: row.network, isTraining: row.what == "training", threads: row.threads, median: row.median,
      peakMebibytes: row.peakMebibytes)
    for ratio in ratios ?? [] {
      let memory = ratio.memory.map { ", which takes \(fixed($0, 1)) x the memory" } ?? ""
      try StandardOutput.shared.write(line: "  \(number(ratio.speed)) x \(ratio.peer)\(memory)")
    }
  }

  /// Seconds of a repeated piece of work, by the clock and by CPU, each in ascending order.
  private func time(_ times: Int, warm: Int, _ work: () -> Void) -> (wall: [Double], cpu: [Double]) {
    for _ in 0..<warm { work() }
    var wall: [Double] = []
    var cpu: [Double] = []
    for _ in 0..<times {
      let (start, spent) = (Self.seconds(CLOCK_MONOTONIC), Self.seconds(CLOCK_PROCESS_CPUTIME_ID))
      work()
      wall.append(Self.seconds(CLOCK_MONOTONIC) - start)
      cpu.append(Self.seconds(CLOCK_PROCESS_CPUTIME_ID) - spent)
    }
    return (wall.sorted(), cpu.sorted())
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static var peakMebibytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  private func training(_ which: BenchmarkNetwork) throws -> Row {
    let network = try which.network(density: nil)
    let runner = BatchRunner(network, lanes: Lanes(count: 4, threads: threads))
    let sequences = (0..<which.batch).map { which.recording(steps: which.steps, density: density, seed: UInt64($0)) }
    let targets = (0..<which.batch).map { $0 % network.outputCount }
    let loss = LossDescription()
    let timing = time(7, warm: which == .dvsg128 ? 1 : 2) {
      runner.forward(sequences, training: true)
      _ = loss.apply(runner, targets: targets)
      runner.backward()
    }
    let rates = timing.wall.map { Double(which.batch) / $0 }
    return Row(
      network: which.rawValue, what: "training", unit: "samples/s", threads: threads,
      density: which.isGraded ? 1 : density,
      median: rates[rates.count / 2], least: rates[rates.count - 1], most: rates[0],
      byCPU: Double(which.batch) / timing.cpu[timing.cpu.count / 2],
      peakMebibytes: Self.peakMebibytes)
  }

  private func steps(_ which: BenchmarkNetwork) throws -> Row {
    let network = try which.network(density: density).folded()
    let recording = which.recording(steps: 16, density: density, seed: 1)
    let frames = recording.frames
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: network.outputCount)
    let rounds = which.stepRounds
    let timing = time(7, warm: 1) {
      for _ in 0..<rounds {
        for frame in frames { network.step(frame, &state, logits: &logits) }
      }
    }
    let count = Double(rounds * frames.count)
    let each = timing.wall.map { $0 * 1000 / count }
    var row = Row(
      network: which.rawValue, what: "step", unit: "ms", threads: 1, density: which.isGraded ? 1 : density,
      median: each[each.count / 2],
      least: each[0], most: each[each.count - 1], byCPU: timing.cpu[timing.cpu.count / 2] * 1000 / count,
      peakMebibytes: Self.peakMebibytes)
    if !which.isMap, !which.isGraded {
      let reads = WeightReads(network, recording: recording, rounds: rounds)
      var sum: Float = 0
      let reading = time(7, warm: 1) { sum += reads.read() }.wall
      precondition(!sum.isNaN, "weights of a fresh network are numbers")
      row.touchedKibibytes = reads.bytes / 1024
      row.readingAlone = reading[reading.count / 2] * 1000 / Double(reads.count)
    }
    return row
  }
}
