import ArgumentParser
import Audio
import CommandSupport
import FoundationEssentials
import Glibc
import OutputFiles
import Plotting
import Spiketrum

/// `ganglion-lab benchmark sound`: what Spiketrum keeps of a sound, and what it costs.
struct BenchmarkSound: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sound",
    abstract: "Quality, robustness and speed of the Spiketrum encoder.",
    discussion: """
      Quality and robustness: mean SNR over the clips, each scaled to a peak of 1, at their own rate. Speed: CPU time of \
      one thread for the same clips in a row at --sample-rate, streamed in blocks of 10 ms. With --results, writes each \
      table as CSV and its plot as PNG into a folder.
      """)

  enum Part: String, CaseIterable, ExpressibleByArgument { case quality, robustness, speed, all }

  @Argument(help: "Sounds to measure with, or folders of WAV files.", completion: .file())
  var inputs: [String]
  @Option(help: "What to measure: \(Part.allCases.map(\.rawValue).joined(separator: ", ")).") var part = Part.all
  @Option(help: "At most so many clips, spread evenly over the sorted names.") var clips = 60
  @Option(help: "Centre frequency of the lowest kernel of quality and robustness, Hz.") var lowest = 60.0
  @Option(help: "Centre frequency of the highest kernel of quality and robustness, Hz; 0.4875 of the rate otherwise.")
  var highest: Double?
  @Option(help: "Kernels of quality and robustness.") var kernels = 40
  @Option(help: "Rate of the speed measurement, Hz.") var sampleRate = 16_000
  @Option(help: "Kernels of the speed measurement.") var channels = 64
  @Option(help: "Repeats of each speed measurement.") var repeats = 5
  @Option(help: "Write tables and plots into this folder.") var results: String?

  func validate() throws {
    guard clips > 0 else { throw ValidationError("--clips must be at least 1") }
    guard repeats > 0 else { throw ValidationError("--repeats must be at least 1") }
  }

  func run() throws {
    let paths = try soundPaths()
    if part == .quality || part == .robustness || part == .all { try measureQuality(paths) }
    if part == .speed || part == .all { try measureSpeed(paths) }
  }

  private func soundPaths() throws -> [String] {
    var paths: [String] = []
    for input in inputs {
      var isFolder: Bool = false
      guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) else {
        throw AudioError(source: input, reason: .cannotOpen("there is no such file"))
      }
      if isFolder {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: input) else {
          throw AudioError(source: input, reason: .cannotOpen("the folder cannot be read"))
        }
        paths += names.filter { $0.hasSuffix(".wav") }.sorted().map { input + "/" + $0 }
      } else {
        paths.append(input)
      }
    }
    guard !paths.isEmpty else { throw ValidationError("there are no WAV files in \(inputs.joined(separator: ", "))") }
    let count = min(clips, paths.count)
    return (0..<count).map { paths[$0 * paths.count / count] }
  }

  private func measureQuality(_ paths: [String]) throws {
    let quality = try SpiketrumQuality(paths: paths, kernels: kernels, lowest: lowest, highest: highest)
    let parameters = quality.dictionary.parameters
    try StandardOutput.shared.write(
      line:
        "\(paths.count) clips of \(parameters.sampleRate) Hz, \(fixed(quality.seconds, 1)) s; \(kernels) kernels, "
        + "\(fixed(lowest, 0)) to \(fixed(parameters.highestFrequency, 0)) Hz")
    if part != .robustness { try reportQuality(quality) }
    if part != .quality { try reportRobustness(quality) }
  }

  private func reportQuality(_ quality: SpiketrumQuality) throws {
    var table = ResultTable(
      name: "spiketrum-quality",
      columns: ["spikes/s", "signed", "positive", "stream", "at the same count", "exact rate", "exact, price known"])
    let longest = quality.dictionary.longest
    for rate in [125.0, 250, 500, 1000, 2000] {
      let signed = try quality.whole(spikesPerSecond: rate, positiveOnly: false)
      let positive = try quality.whole(spikesPerSecond: rate, positiveOnly: true)
      let loss = try quality.lookAheadLoss(spikesPerSecond: rate, lookAhead: longest)
      let exact = try quality.stream(spikesPerSecond: rate, lookAhead: longest, startingPrice: nil)
      let known = try quality.stream(
        spikesPerSecond: rate, lookAhead: longest, startingPrice: try quality.price(spikesPerSecond: rate))
      table.rows.append([
        rate, signed.decibels, positive.decibels, loss.stream.decibels, loss.whole.decibels, exact.decibels,
        known.decibels,
      ])
    }
    try StandardOutput.shared.write(
      line:
        "\nSNR in dB. Whole clips, signed and positive only; a stream with one kernel of look-ahead down to the same")
    try StandardOutput.shared.write(
      line:
        "coefficients, and whole clips with as many spikes; a stream whose rate is exact, its price unknown or known")
    try StandardOutput.shared.write(line: table.text)
    try table.write(to: results, x: "spikes a second", y: "SNR (dB)", isLogarithmic: true)

    var curve = ResultTable(
      name: "spiketrum-look-ahead", columns: ["look-ahead, kernels", "250/s", "500/s", "1000/s"])
    for share in [0.25, 0.5, 0.75, 1, 1.5, 2, 3] {
      var row = [share]
      for rate in [250.0, 500, 1000] {
        let loss = try quality.lookAheadLoss(spikesPerSecond: rate, lookAhead: Int(share * Double(longest)))
        row.append(loss.whole.decibels - loss.stream.decibels)
      }
      curve.rows.append(row)
    }
    try StandardOutput.shared.write(
      line: "\nSNR in dB that a bounded look-ahead loses against whole clips with as many spikes")
    try StandardOutput.shared.write(line: curve.text)
    try curve.write(to: results, x: "look-ahead (longest kernels)", y: "loss (dB)")
  }

  private func reportRobustness(_ quality: SpiketrumQuality) throws {
    try StandardOutput.shared.write(
      line: "\nSNR in dB of 1000 spikes a second, positive, and of 250 in the last column")
    var thousand = SpiketrumRobustness(quality: quality, spikesPerSecond: 1000, seed: 1)
    var few = SpiketrumRobustness(quality: quality, spikesPerSecond: 250, seed: 1)
    let rows = zip(try thousand.rows(), try few.rows())
    var names: [String] = []
    for (row, _) in rows where !names.contains(row.disturbance) { names.append(row.disturbance) }
    for (number, name) in names.enumerated() {
      var table = ResultTable(name: "spiketrum-robustness-\(number + 1)", columns: [name, "1000/s", "250/s"])
      table.rows = rows.filter { $0.0.disturbance == name }.map { [$0.0.strength, $0.0.decibels, $0.1.decibels] }
      try StandardOutput.shared.write(line: table.text)
      try table.write(to: results, x: name, y: "SNR (dB)")
    }
  }

  private func measureSpeed(_ paths: [String]) throws {
    let speed = SpiketrumSpeed(
      sampleRate: sampleRate, lowest: 50, highest: 0.49375 * Double(sampleRate),
      sound: try paths.flatMap { try SpiketrumQuality.clip($0, sampleRate: sampleRate) })
    let seconds = Double(speed.sound.count) / Double(sampleRate)
    try StandardOutput.shared.write(
      line: "\n\(fixed(seconds, 1)) s at \(sampleRate) Hz, blocks of 10 ms, one kernel of look-ahead")
    let main = try speed.measure(channels: channels, spikesPerSecond: 1000, repeats: repeats)
    try StandardOutput.shared.write(
      line:
        "\(channels) channels, 1000 spikes/s: \(fixed(main.median, 2)) ms of CPU a second "
        + "[\(fixed(main.least, 2))-\(fixed(main.most, 2))], \(fixed(main.timesRealTime, 0)) x real time, "
        + "\(peakMebibytes()) MB at most")
    let silence = SpiketrumSpeed(
      sampleRate: sampleRate, lowest: 50, highest: 0.49375 * Double(sampleRate),
      sound: [Float](repeating: 0, count: 20 * sampleRate))
    let quiet = try silence.measure(channels: channels, spikesPerSecond: 1000, threshold: 0.002, repeats: repeats)
    try StandardOutput.shared.write(line: "silence: \(fixed(quiet.median / 10, 3)) % of a core")
    var random = SeededRandom(seed: 1)
    let hiss = SpiketrumSpeed(
      sampleRate: sampleRate, lowest: 50, highest: 0.49375 * Double(sampleRate),
      sound: (0..<20 * sampleRate).map { _ in Float(2e-5 * random.gaussian()) })
    let noise = try hiss.measure(channels: channels, spikesPerSecond: 1000, threshold: 0.002, repeats: repeats)
    try StandardOutput.shared.write(
      line: "white noise at -94 dB, threshold 0.002: \(fixed(noise.median / 10, 3)) % of a core")

    var rates = ResultTable(name: "spiketrum-cost-spikes", columns: ["spikes/s", "CPU ms/s"])
    for rate in [1.0, 250, 500, 1000, 2000, 4000] {
      let result = try speed.measure(channels: channels, spikesPerSecond: rate, repeats: repeats)
      rates.rows.append([result.spikesPerSecond, result.median])
    }
    try StandardOutput.shared.write(line: "\ncost over spikes, \(channels) channels\n" + rates.text)
    try rates.write(to: results, x: "spikes a second", y: "CPU (ms per s of sound)")
    var bank = ResultTable(name: "spiketrum-cost-channels", columns: ["channels", "CPU ms/s"])
    for count in [16, 32, 48, 64, 96, 128] {
      let result = try speed.measure(channels: count, spikesPerSecond: 1000, repeats: repeats)
      bank.rows.append([Double(count), result.median])
    }
    try StandardOutput.shared.write(line: "\ncost over channels, 1000 spikes a second\n" + bank.text)
    try bank.write(to: results, x: "channels", y: "CPU (ms per s of sound)")
  }

  /// Most memory the process has held.
  private func peakMebibytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }
}

/// Numbers in named columns, the first of them the x of a plot.
struct ResultTable {
  let name: String
  let columns: [String]
  var rows: [[Double]] = []

  var text: String {
    let widths = columns.map { max($0.count, 8) + 2 }
    func line(_ cells: [String]) -> String { zip(cells, widths).map { right($0, $1) }.joined() }
    return ([line(columns)] + rows.map { line($0.map { number($0) }) }).joined(separator: "\n")
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() && value.magnitude < 1e6 ? fixed(value, 0) : fixed(value, value.magnitude < 1 ? 4 : 2)
  }

  /// Writes the table as CSV and as a plot of all columns over the first; nothing when there is no folder.
  func write(to folder: String?, x: String, y: String, isLogarithmic: Bool = false) throws {
    guard let folder else { return }
    try makeFolder(folder)
    let csv = ([columns] + rows.map { $0.map { number($0) } }).map { cells in
      cells.map { $0.contains(",") ? "\"\($0)\"" : $0 }.joined(separator: ",") + "\n"
    }.joined()
    try OutputFile.write(csv, to: "\(folder)/\(name).csv")
    let canvas = try Canvas(path: "\(folder)/\(name).png", width: 640, height: 420)
    let xs = rows.map { $0[0] }
    var xAxis = Axis(x, fitting: xs)
    if isLogarithmic { xAxis = Axis(x, (xs.min() ?? 1)...(xs.max() ?? 2), isLogarithmic: true) }
    let axes = Axes(
      filling: canvas.bounds, x: xAxis,
      y: Axis(y, fitting: rows.flatMap { $0.dropFirst() }, includingZero: true))
    axes.draw(on: canvas, title: "")
    for column in 1..<columns.count {
      let color = Color.series[(column - 1) % Color.series.count]
      axes.line(rows.map { ($0[0], $0[column]) }, color, on: canvas)
      axes.dots(rows.map { ($0[0], $0[column]) }, color, on: canvas, size: 5)
    }
    axes.legend(
      (1..<columns.count).map { (columns[$0], Color.series[($0 - 1) % Color.series.count]) }, on: canvas)
    try canvas.finish()
  }
}
